"""What is searched for stands in no address, and full numbers stand in no form."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from core.lists import exports, page, search_terms
from core.models import Event
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
LISTS = ("console:origins", "console:archives", "console:destinations")


def search(client: Any, address: str, **typed: str) -> tuple[str, str]:
    """The address that the search leads to, and its page."""
    answer = client.post(address, {"search": "1", **typed})
    assert answer.status_code == 302
    where = answer["Location"]
    return where, client.get(where).content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_a_document_number_is_found_and_stands_in_no_address(
    name: str, world: World, graduate: Graduate
) -> None:
    other = factories.make_graduate(world)
    number = graduate.person.id_number
    where, found = search(world.client(Role.SCHOOL_ADMIN), reverse(name), q=number)
    assert graduate.student_no in found
    assert other.student_no not in found
    assert number not in where
    assert f'value="{number}"' in found, "the search box keeps what was typed"
    links = found.replace(f'value="{number}"', "")
    assert number not in links, "no link of the page has it"


def test_phone_numbers_of_letters_are_searched_without_an_address() -> None:
    province = factories.make_staff(Role.PROVINCE)
    client = factories.client_of(province)
    where, _ = search(client, reverse("console:letters"), q="13900000001")
    assert "13900000001" not in where


def test_filters_paging_and_export_keep_the_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear_own_cache()
    monkeypatch.setattr(page.ListPage, "page_size", 1)
    same, twin = (factories.make_graduate(world, name="试同名") for _ in range(2))
    factories.make_graduate(world, name="试别名")
    client = world.client(Role.SCHOOL_ADMIN)
    where, first = search(
        client, reverse("console:origins"), q="试同名", order="student_no",
        cohort=str(world.cohort.year),
    )  # fmt: skip
    assert parse_qs(urlsplit(where).query)["cohort"] == [str(world.cohort.year)]
    assert same.student_no in first and twin.student_no not in first
    following = first.split('rel="next"')[1].split('href="')[1].split('"')[0]
    second = client.get(reverse("console:origins") + following.replace("&amp;", "&"))
    assert twin.student_no in second.content.decode()
    assert "%E8%AF%95%E5%90%8C%E5%90%8D" not in first
    exported = client.get(f"{where}&export=1")
    assert exported.status_code == 200
    assert "试同名" not in Event.objects.get(action="core.export").data["query"]


def test_a_search_is_for_one_person_and_ends(
    world: World, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, _ = search(world.client(Role.SCHOOL_ADMIN), reverse("console:origins"), q=graduate.name)
    assert "搜索的内容已过期" in world.client(Role.PROVINCE).get(where).content.decode()
    monkeypatch.setattr(search_terms, "LIFETIME", -1)
    late = world.client(Role.SCHOOL_ADMIN).get(where).content.decode()
    assert "搜索的内容已过期" in late


@pytest.mark.parametrize("value", ["~", "~x", "~" + "A" * 200, "~é"])
def test_what_somebody_made_up_is_no_search(value: str) -> None:
    assert search_terms.unseal(value, 1) is None


def test_exports_of_one_person_are_limited_and_kept_nowhere(
    world: World, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear_own_cache()
    monkeypatch.setattr(exports, "MOST_EXPORTS", 2)
    client = world.client(Role.SCHOOL_ADMIN)
    for address in ("console:roster-export", "console:archives-export"):
        answer = client.get(reverse(address))
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
    refused = client.get(reverse("console:origins"), {"export": "1"})
    assert refused.status_code == 429
    assert "每人每小时最多导出2次" in refused.content.decode()


# --- the edit form -----------------------------------------------------------------------------


def numbers(graduate: Graduate) -> tuple[str, str]:
    fresh = Graduate.objects.select_related("person").get(pk=graduate.pk)
    return fresh.person.id_number, fresh.mobile


def test_the_edit_form_shows_no_full_number_before_it_is_revealed(
    world: World, graduate: Graduate
) -> None:
    page_ = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/{graduate.pk}/")
    text = page_.content.decode()
    for number in numbers(graduate):
        assert number not in text
    assert text.count("显示完整号码") == 2
    assert not Event.objects.filter(action="graduates.reveal").exists()


def test_masked_numbers_that_come_back_stay_as_they_are(world: World, graduate: Graduate) -> None:
    before, path = numbers(graduate), f"/console/graduates/{graduate.pk}/"
    number, mobile = before
    typed = {
        "id_number": f"{number[:6]}{'*' * 8}{number[-4:]}",
        "mobile": f"{mobile[:3]}****{mobile[-4:]}",
        "qq": "10001", "version": graduate.version,
    }  # fmt: skip
    client = world.client(Role.SCHOOL_ADMIN)
    assert client.post(path, typed).status_code == 302
    assert numbers(graduate) == before
    graduate.refresh_from_db()
    assert graduate.qq == "10001"
    typed |= {"mobile": "13700000009", "version": graduate.version}
    assert client.post(path, typed).status_code == 302
    assert numbers(graduate) == (number, "13700000009")


def test_another_masked_number_is_refused(world: World, graduate: Graduate) -> None:
    typed = {"mobile": "137****0009", "version": graduate.version}
    answer = world.client(Role.SCHOOL_ADMIN).post(f"/console/graduates/{graduate.pk}/", typed)
    assert answer.status_code == 422
    assert "137****0009" in answer.content.decode()
