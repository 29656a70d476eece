"""A record opened from a list knows its place in the filtered list, and leads on and back within it."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from destinations.states import State
from graduates.models import Graduate
from schools.lists import StaffListPage
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world, put_in_state

pytestmark = pytest.mark.django_db
PATH = "/console/graduates/"


def links_of(client: Client, address: str) -> list[str]:
    """The addresses of the rows' pages."""
    text = client.get(address).content.decode()
    rows = text.split("<tbody>")[1].split("</tbody>")[0]
    return [html.unescape(a) for a in re.findall(r'<a href="([^"]+from=[^"]+)"', rows)]


def walk_of(client: Client, address: str, **extra: str) -> dict[str, str]:
    answer = client.get(address, **extra)
    assert answer.status_code == 200
    return read_walk(answer.content.decode())


def read_walk(text: str) -> dict[str, str]:
    """place, back, previous and next of the bar; nothing if there is none."""
    found = re.search(r'<nav class="walk".*?</nav>', text, re.S)
    if not found:
        return {}
    bar = found[0]
    links = {key: html.unescape(a) for a, key in re.findall(r'<a href="([^"]+)" rel="(\w+)"', bar)}
    back = re.search(r'<a href="([^"]+)">', bar)
    place = re.search(r'<span class="num soft">([^<]+)<', bar)
    assert back and place
    return {"back": html.unescape(back[1]), "place": place[1], **links}


@pytest.fixture
def world() -> World:
    world = make_world()
    for n, name in enumerate(["王五", "陈一", "李四", "王二", "张三"]):
        factories.make_graduate(world, name=name, department=n % 2)
    return world


@pytest.mark.parametrize("order", ["student_no", "-student_no", "name", "-name", "newest"])
def test_one_walks_through_the_filtered_list_and_back(world: World, order: str) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    query = f"department={world.departments[0].pk}&order={order}&cohort={world.cohort.year}"
    links = links_of(client, f"{PATH}?{query}")
    assert len(links) == 3
    walks = [walk_of(client, link) for link in links]
    assert [w["place"] for w in walks] == ["1 / 3", "2 / 3", "3 / 3"]
    assert [w.get("next", "") for w in walks] == [*links[1:], ""]
    assert [w.get("prev", "") for w in walks] == ["", *links[:-1]]
    assert {w["back"] for w in walks} == {f"{PATH}?{query}"}


def test_the_way_back_leads_to_the_page_of_the_record(world: World) -> None:
    for n in range(21):
        factories.make_graduate(world, name=f"赵{chr(0x4E00 + n)}")
    client = world.client(Role.SCHOOL_ADMIN)
    last = links_of(client, f"{PATH}?order=name&size=50")[-1].replace("size%3D50", "size%3D20")
    walk = walk_of(client, last)
    assert walk["place"] == "26 / 26"
    shown = client.get(walk["back"]).content.decode()
    assert len(re.findall("<tr data-key", shown)) == 1
    assert last.split("?")[0] in shown


def test_searched_words_stay_sealed(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    sealed = client.post(PATH, {"search": "1", "q": "王"})["Location"]
    links = links_of(client, sealed)
    assert len(links) == 2
    assert "王" not in "".join(links) and "%E7%8E%8B" not in "".join(links)
    assert walk_of(client, links[0])["place"] == "1 / 2"
    other = factories.client_of(factories.make_staff(Role.SCHOOL_ADMIN, world))
    assert walk_of(other, links[0]) == {}, "the words were sealed for somebody else"


def test_there_is_no_walk_without_a_list_that_one_may_see(world: World) -> None:
    client, pk = world.client(Role.SCHOOL_ADMIN), Graduate.objects.order_by("pk")[0].pk
    for given in (
        "", "https://example.com/", "//example.com/", "/console/", "/console/nothing/", "/",
        "/console/province/schools/", "/console/setup/staff/", "javascript:alert(1)",
    ):  # fmt: skip
        assert walk_of(client, f"{PATH}{pk}/", data={"from": given}) == {}, given  # type: ignore[arg-type]
    counsellor = world.client(Role.COUNSELLOR)
    assert walk_of(counsellor, f"{PATH}{pk}/", data={"from": "/console/letters/"}) == {}  # type: ignore[arg-type]
    other = make_world()
    stranger = factories.make_graduate(other)
    refused = client.get(f"{PATH}{stranger.pk}/", {"from": PATH})
    assert refused.status_code == 404
    assert read_walk(refused.content.decode()) == {}


def test_a_record_that_the_filter_no_longer_shows_leads_on(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    first, second, _ = links_of(client, f"{PATH}?department={world.departments[0].pk}")
    pk = int(re.findall(r"/(\d+)/", second)[0])
    Graduate.objects.filter(pk=pk).update(
        department=world.departments[1], school_class=world.classes[1][0]
    )
    walk = walk_of(client, second)
    assert walk["place"] == "— / 2"
    assert walk["prev"] == first


def test_review_goes_on_within_the_filter(world: World) -> None:
    graduates = []
    for n in range(4):
        graduate = factories.make_graduate(world, department=n % 2)
        put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
        graduates.append(graduate)
    client = world.client(Role.SCHOOL_ADMIN)
    queue = f"{reverse('console:review-queue')}?department={world.departments[0].pk}"
    first, second = links_of(client, queue)
    page = client.get(first).content.decode()
    assert page.count('data-key="next"') == 1, "the bar leads on, not a button beside it"
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    act = reverse("console:destination-act", args=[graduates[0].pk, "approve"])
    done = client.post(act, {"version": version[1]}, HTTP_REFERER=f"http://testserver{first}")
    assert done["Location"] == second
    act = reverse("console:destination-act", args=[graduates[2].pk, "approve"])
    page = client.get(second).content.decode()
    *_, version = re.findall(r'name="version" value="(\d+)"', page)  # after the button that undoes
    last = client.post(act, {"version": version}, HTTP_REFERER=f"http://testserver{second}")
    assert last["Location"].startswith(queue), "nobody of this department waits any more"


def test_a_form_that_is_not_accepted_keeps_the_walk(world: World) -> None:
    graduate = factories.make_graduate(world)
    put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
    client = world.client(Role.SCHOOL_ADMIN)
    (link,) = links_of(client, reverse("console:review-queue"))
    act = reverse("console:destination-act", args=[graduate.pk, "reject"])
    answer = client.post(act, {"version": "1"}, HTTP_REFERER=f"http://testserver{link}")
    assert answer.status_code == 409
    assert read_walk(answer.content.decode())["place"] == "1 / 1"


def test_an_answer_leads_back_to_the_filtered_list_or_the_record(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    staff = factories.make_staff(Role.COUNSELLOR, world)
    query = f"{reverse('console:staff')}?role=counsellor"
    link = next(a for a in links_of(client, query) if f"/{staff.pk}/" in a)
    turn = reverse("console:staff-turn", args=[staff.pk])
    answer = client.post(turn, {}, HTTP_REFERER=f"http://testserver{link}")
    assert answer["Location"] == link


def test_the_result_of_a_bulk_action_leads_back_to_the_filtered_list(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"{PATH}?order=name&cohort={world.cohort.year}"
    text = client.get(address).content.decode()
    given = re.search(r'<input type="hidden" name="from" value="([^"]+)">', text)
    assert given
    posted = {"pick": re.findall(r'<tr data-key="(\d+)"', text)[:1], "action": "lock", "sure": "1"}
    result = client.post(
        reverse("console:origins-lock"), posted | {"from": html.unescape(given[1])}
    )
    assert f'href="{html.escape(address)}">返回列表' in result.content.decode()


def test_every_list_says_where_its_rows_lead() -> None:
    kinds = [StaffListPage]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if not hasattr(kind, "title") or kind.__module__.startswith("tests"):
            continue
        if kind.__name__ in _LEADS_NOWHERE:
            assert not kind.leads_to
        else:
            assert reverse(kind.leads_to, args=[1]), kind


# Bookings show a name and a school, no record; the rows of a bulk job say what became of each.
_LEADS_NOWHERE = {"BookingList", "BulkRows"}


def test_rows_of_one_person_are_told_apart(world: World) -> None:
    """The list of changes leads to records; its rows are walked through one by one."""
    client = world.client(Role.SCHOOL_ADMIN)
    for graduate in Graduate.objects.order_by("pk")[:2]:
        for action in ("lock", "unlock"):
            client.post(
                reverse("console:origins-lock"),
                {"pick": [graduate.pk], "action": action, "sure": "1"},
            )
    links = links_of(client, reverse("console:changes"))
    assert len(links) >= 4
    assert len(set(links)) == len(links)
    walks = [walk_of(client, link) for link in links]
    assert [w["place"] for w in walks] == [f"{n} / {len(links)}" for n in range(1, len(links) + 1)]
    assert [w.get("next", "") for w in walks] == [*links[1:], ""]


def test_the_link_at_the_foot_leads_to_the_filtered_list_too(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    link = links_of(client, f"{PATH}?order=name")[0]
    page = client.get(link).content.decode()
    back = walk_of(client, link)["back"].replace("&", "&amp;")
    assert set(re.findall(r'href="([^"]+)"[^>]*>返回列表', page)) == {back}
    assert "order=name" in back
