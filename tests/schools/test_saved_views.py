"""What a list shows is kept under a name: for one person, for a school, for the province."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from core.lists import saved
from core.models import Event, SavedView
from schools.actions import saved_views
from schools.models import SchoolClass
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
PATH = "/console/graduates/"


@pytest.fixture
def world() -> World:
    world = make_world()
    for name in ("王五", "陈一", "李四"):
        factories.make_graduate(world, name=name)
    return world


def send(client: Client, step: str, query: str = "", **values: str) -> tuple[int, str]:
    answer = client.post(f"{PATH}?{query}", {"keep_view": step, **values})
    return answer.status_code, answer.headers.get("Location", "")


def keep(client: Client, name: str, query: str = "", **values: str) -> SavedView:
    status, _ = send(client, "new", query, name=name, **values)
    assert status == 302
    return SavedView.objects.latest("pk")


def open_view(client: Client, view: SavedView, query: str = "") -> tuple[str, str]:
    """The address that a view leads to, and the page there."""
    answer = client.get(f"{PATH}?view={view.pk}{query}")
    assert answer.status_code == 302
    return answer["Location"], client.get(answer["Location"]).content.decode()


def tabs(text: str) -> list[str]:
    found = re.search(r'<nav class="views".*?</nav>', text, re.DOTALL)
    return re.findall(r"<a [^>]*>([^<]+)</a>", found[0]) if found else []


def heads(text: str) -> list[str]:
    return re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', text)


def test_a_view_keeps_filter_order_columns_and_size(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert tabs(client.get(PATH).content.decode()) == []
    query = "confirmation=unsubmitted&order=-name&columns=gender&columns=level&size=20"
    view = keep(client, "未提交", query + "&after=x&cohort=2027&nonsense=1")
    assert view.owner_id == world.school_admin.pk
    pairs = saved.read(view.query)
    assert ("confirmation", "unsubmitted") in pairs
    assert {k for k, _ in pairs} == {"confirmation", "order", "columns", "size"}, "not the year"
    address, text = open_view(client, view)
    assert heads(text) == ["姓名", "性别", "学历"]
    assert tabs(text) == ["默认", "未提交"]
    assert f"view={view.pk}" in address
    assert "条件已改动" not in text
    assert "条件已改动" in client.get(address + "&level=本科").content.decode()


def test_another_filter_stays_with_the_view_that_is_open(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    view = keep(client, "未提交", "confirmation=unsubmitted")
    _, text = open_view(client, view)
    assert f'<input type="hidden" name="view" value="{view.pk}">' in text.split("data-filter")[1]


def test_a_view_is_replaced_renamed_and_removed(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    view = keep(client, "一", "confirmation=unsubmitted")
    other = keep(client, "二")
    assert (
        send(client, "replace", f"confirmation=locked&view={view.pk}", view=str(view.pk))[0] == 302
    )
    view.refresh_from_db()
    assert ("confirmation", "locked") in saved.read(view.query)
    answer = client.post(f"{PATH}?view={view.pk}&size=20",
                         {"keep_view": "rename", "view": view.pk, "name": other.name})  # fmt: skip
    assert answer.status_code == 409
    assert "已有名为“二”的视图" in answer.content.decode()
    assert send(client, "rename", view=str(view.pk), name="三")[0] == 302
    view.refresh_from_db()
    assert view.name == "三"
    status, address = send(client, "remove", f"size=20&view={view.pk}", view=str(view.pk))
    assert (status, address) == (302, f"{PATH}?size=20")
    assert not SavedView.objects.filter(pk=view.pk).exists()
    assert tabs(client.get(PATH).content.decode()) == ["默认", "二"]


def test_a_refused_name_comes_back_with_its_sentence(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    keep(client, "一")
    for typed, sentence, status in (
        ("一", "已有名为“一”的视图", 409),
        ("", "请填写名称。", 422),
        ("长" * 21, "名称不能超过20个字。", 422),
    ):
        answer = client.post(f"{PATH}?size=20", {"keep_view": "new", "name": typed})
        text = answer.content.decode()
        assert answer.status_code == status
        assert sentence in text
        assert re.search(r'view-menu" data-menu open', text)
    assert SavedView.objects.count() == 1


def test_there_are_at_most_twenty_for_a_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    client = world.client(Role.SCHOOL_ADMIN)
    keep(client, "一")
    keep(client, "二")
    assert send(client, "new", name="三")[0] == 409
    keep(client, "三", shared="on")  # the school's views are counted for themselves
    assert send(world.client(Role.COUNSELLOR), "new", name="三")[0] == 302


def test_a_view_of_another_person_is_not_there(world: World) -> None:
    view = keep(world.client(Role.SCHOOL_ADMIN), "自己的")
    client = world.client(Role.COUNSELLOR)
    assert tabs(client.get(PATH).content.decode()) == []
    assert client.get(f"{PATH}?view={view.pk}").status_code == 404
    for step in ("replace", "rename", "remove"):
        assert send(client, step, view=str(view.pk), name="改")[0] == 404
    view.refresh_from_db()
    assert view.name == "自己的"


def test_a_schools_view_is_seen_there_and_nowhere_else(world: World) -> None:
    admin, counsellor = world.client(Role.SCHOOL_ADMIN), world.client(Role.COUNSELLOR)
    view = keep(admin, "未提交", "confirmation=unsubmitted", shared="on")
    assert (view.owner_id, view.school_id) == (None, world.school.pk)
    assert tabs(counsellor.get(PATH).content.decode()) == ["默认", "未提交"]
    _, text = open_view(counsellor, view)
    assert "条件已改动" not in text
    assert 'value="remove"' not in text
    assert 'name="shared"' not in text
    assert 'value="remove"' in open_view(admin, view)[1]
    other = make_world()
    for client in (other.client(Role.SCHOOL_ADMIN), world.client(Role.PROVINCE)):
        assert tabs(client.get(PATH).content.decode()) == []
        assert client.get(f"{PATH}?view={view.pk}").status_code == 404
        assert send(client, "remove", view=str(view.pk))[0] == 404
    assert Event.objects.filter(action="schools.view_saved", school_id=world.school.pk).exists()


def test_without_the_right_no_shared_view_is_kept_or_changed(world: World) -> None:
    view = keep(world.client(Role.SCHOOL_ADMIN), "共用", shared="on")
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN):
        client = world.client(role)
        assert send(client, "new", name="也共用", shared="on")[0] == 302
        assert SavedView.objects.latest("pk").owner_id is not None, "kept as an own one"
        for step in ("replace", "rename", "remove"):
            assert send(client, step, view=str(view.pk), name="改")[0] == 403
    view.refresh_from_db()
    assert view.name == "共用"


def test_the_province_has_views_of_its_own(world: World) -> None:
    client = world.client(Role.PROVINCE)
    view = keep(client, "某校", f"school={world.school.pk}", shared="on")
    assert (view.owner_id, view.school_id) == (None, None)
    address, text = open_view(client, view)
    assert f"school={world.school.pk}" in address
    assert "全省视图" in text
    assert client.get(f"{PATH}?view={view.pk}").status_code == 302
    assert world.client(Role.SCHOOL_ADMIN).get(f"{PATH}?view={view.pk}").status_code == 404


def test_a_view_that_names_a_removed_class_opens_and_says_so(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    extra = SchoolClass.objects.create(
        school=world.school, cohort=world.cohort, department=world.departments[0], name="旧班"
    )
    view = keep(client, "旧班的人", f"school_class={extra.pk}&confirmation=unsubmitted")
    assert ("school_class", str(extra.pk)) in saved.read(view.query)
    extra.delete()
    address, text = open_view(client, view)
    assert "school_class=" not in address
    assert "confirmation=unsubmitted" in address
    assert "视图“旧班的人”中的班级已不在可选的范围内" in text
    assert len(re.findall("<tr data-key", text)) == 3


def test_what_is_stored_is_never_trusted(world: World) -> None:
    """Whatever stands in the table, only what the list offers this person gets into the address."""
    client = world.client(Role.COUNSELLOR)
    other = make_world()
    view = SavedView.objects.create(
        list_key="origins", owner_id=world.counsellor.pk, name="怪",
        query=f"confirmation=%27x&school={other.school.pk}&order=password&columns=secret&size=9999"
        f"&department={other.departments[0].pk}&from=//evil.example&export=all&waiting=1",
    )  # fmt: skip
    address, _ = open_view(client, view)
    assert address == f"{PATH}?size=50&cohort={world.cohort.year}&view={view.pk}"


def test_searched_words_are_kept_by_the_person_alone_and_numbers_never(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    view = keep(client, "姓王", "q=王")
    assert ("q", "王") in saved.read(view.query)
    address, text = open_view(client, view)
    assert "王" not in html.unescape(address)
    assert "q=~" in address or "q=%7E" in address
    assert len(re.findall("<tr data-key", text)) == 1
    assert "条件已改动" not in text
    shared = keep(client, "都看", "q=王", shared="on")
    assert "q=" not in shared.query
    for n, number in enumerate(("34010419990101001X", "138 0013 8000", "１３８００１３８０００")):
        kept = keep(client, f"号码{n}", f"q={number}")
        assert "q=" not in kept.query
    assert "没有存入视图" in client.get(PATH).content.decode()


def test_a_list_keeps_its_own_views(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    view = keep(client, "一")
    other = reverse("console:destinations")
    assert tabs(client.get(other).content.decode()) == []
    assert client.get(f"{other}?view={view.pk}").status_code == 404
