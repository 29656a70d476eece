"""The graduate's record in steps: a page for each group, and at the end all answers to confirm."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from graduates.actions import origin
from graduates.models import Graduate
from graduates.records import RELATED, is_confirmation_current
from tests import factories
from tests.factories import PASSWORD, World, client_of, make_graduate
from tests.pages import fields_of

pytestmark = pytest.mark.django_db

PAGE = "/origin/"
TITLES = ["学籍信息", "个人基本信息", "本人及家庭联系方式", "核对"]


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)


@pytest.fixture
def client(user: User) -> Client:
    return client_of(user)


def press(client: Client, page: HttpResponse, go: str, **typed: Any) -> Any:
    values, _ = fields_of(page.content.decode())
    unknown = set(typed) - set(values)
    assert not unknown, unknown  # only what the page asks for can be typed
    return client.post(PAGE, {**values, **typed, "go": go})


def here(page: HttpResponse) -> str:
    return str(page.context["walk"].title)


def fresh(graduate: Graduate) -> Graduate:
    return Graduate.objects.select_related(*RELATED).get(pk=graduate.pk)


def test_the_record_is_gone_through_and_confirmed(graduate: Graduate, client: Client) -> None:
    page = client.get(PAGE)
    assert [title for title, _ in page.context["walk"].pages] == TITLES
    assert here(page) == "学籍信息"
    page = press(client, page, "next")
    page = press(client, page, "next", politics="中共党员", archive_moved="否")
    page = press(client, page, "next", email="a@example.com")
    assert (page.status_code, here(page)) == (200, "核对")
    text = page.content.decode()
    for words in (graduate.name, "中共党员", "a@example.com", "安徽省合肥市包河区"):
        assert words in text
    assert graduate.person.id_number not in text  # masked, also on this page
    assert fresh(graduate).email == ""  # nothing is stored yet
    assert press(client, page, "send").status_code == 302
    after = fresh(graduate)
    assert (after.politics, after.archive_moved, after.email) == ("01", False, "a@example.com")
    assert is_confirmation_current(after)
    # Who comes back sees all of it at once, and can change each part.
    page = client.get(PAGE)
    assert here(page) == "核对"
    assert here(press(client, page, "1")) == "个人基本信息"


def test_an_empty_required_field_keeps_its_page(world: World) -> None:
    graduate = make_graduate(world, archive_moved="", household_moved="")
    client = client_of(factories.activate(graduate))
    page = press(client, press(client, client.get(PAGE), "next"), "next")
    assert (page.status_code, here(page)) == (422, "个人基本信息")
    assert set(page.context["form"].errors) == {"archive_moved", "household_moved"}
    page = press(client, page, "next", archive_moved="是", household_moved="否")
    assert (page.status_code, here(page)) == (200, "本人及家庭联系方式")


def test_the_way_back_keeps_what_was_typed(client: Client) -> None:
    page = press(client, client.get(PAGE), "next")
    page = press(client, page, "back", politics="群众", origin="不是地方")
    assert (page.status_code, here(page)) == (200, "学籍信息")
    page = press(client, page, "next")
    values, _ = fields_of(page.content.decode())
    assert values["origin"] == ["不是地方"]
    page = press(client, page, "next")
    assert (page.status_code, here(page)) == (422, "个人基本信息")


def test_a_new_mobile_asks_for_the_password_at_the_end(graduate: Graduate, client: Client) -> None:
    page = press(client, press(client, client.get(PAGE), "next"), "next")
    unchanged = press(client, page, "next")
    assert 'name="password"' not in unchanged.content.decode()
    page = press(client, page, "next", mobile="13800009999")
    assert here(page) == "核对"
    wrong = press(client, page, "send", password="wrong-secret-9")
    assert wrong.status_code != 302
    assert 'name="password"' in wrong.content.decode()
    assert "wrong-secret-9" not in wrong.content.decode()
    assert fresh(graduate).mobile == graduate.mobile
    assert press(client, wrong, "send", password=PASSWORD).status_code == 302
    assert fresh(graduate).mobile == "13800009999"


def test_what_changes_on_the_way_is_not_confirmed_unseen(
    graduate: Graduate, world: World, client: Client
) -> None:
    page = press(client, client.get(PAGE), "next")
    origin.edit(graduate_id=graduate.pk, typed={"name": "试改名"}, by=world.school_admin)
    page = press(client, press(client, page, "next"), "next")
    assert here(page) == "核对"
    answer = press(client, page, "send")
    assert answer.status_code == 422
    assert "信息刚刚有变化" in answer.content.decode()
    assert fresh(graduate).confirmed_at is None
    assert press(client, answer, "send").status_code == 302


def test_where_nothing_can_be_edited_all_of_it_is_one_page(
    graduate: Graduate, world: World, client: Client
) -> None:
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    page = client.get(PAGE)
    text = page.content.decode()
    assert page.context["walk"].steps == []
    assert "下一步" not in text
    assert graduate.name in text
    assert "安徽省合肥市包河区" in text
    assert press(client, page, "send").status_code == 302
    assert is_confirmation_current(fresh(graduate))
