"""What a graduate has typed stays while they upload a signed sheet, choose another category, or come back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from destinations.actions import enter, registration_drafts
from destinations.models import RegistrationDraft
from graduates.models import Graduate
from tests import factories
from tests.factories import CONTRACT, World, client_of, destination_of

pytestmark = pytest.mark.django_db
FORM = "/destination/form/"


@pytest.fixture
def client(user: User) -> Client:
    return client_of(user)


def typed_as(code: str, **changes: Any) -> dict[str, Any]:
    return {**CONTRACT, "category": code, "form": "", "step": "0", **changes}


def value_in(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    value = re.search(r'value="([^"]*)"', found[0]) if found else None
    return value[1] if value else ""


@pytest.mark.parametrize("code", ["12", "76"])
def test_downloading_the_sheet_and_uploading_it_keeps_what_was_typed(
    code: str, client: Client
) -> None:
    typed = typed_as(code, unit_name="下载以前填的公司", occupation="自由写作")
    assert client.post("/destination/sheet/", typed)["Content-Type"] == "application/pdf"
    away = client.post(FORM, typed | {"leave": "materials"})
    assert away["Location"] == f"/destination/materials/?category={code}&form="
    assert client.get(away["Location"]).status_code == 200
    page = client.get(FORM, {"category": code}).content.decode()
    name = "unit_name" if code == "12" else "occupation"
    assert typed[name] in page


def test_another_category_takes_over_what_both_have(client: Client, graduate: Graduate) -> None:
    typed = typed_as("11", unit_name="改选以前的公司", unit_code="1")
    assert client.post(FORM, typed | {"leave": "choose"})["Location"] == "/destination/choose/"
    page = client.get(FORM, {"category": "12"}).content.decode()
    assert value_in(page, "unit_name") == "改选以前的公司"
    assert value_in(page, "unit_code") == "1"
    assert 'class="error"' not in page
    assert destination_of(graduate).unit_name == ""


def test_it_is_there_another_day_until_it_is_submitted(
    client: Client, graduate: Graduate, user: User
) -> None:
    client.post(FORM, typed_as("11", unit_name="昨天写的公司", go="next"))
    assert value_in(
        client_of(user).get(FORM, {"category": "11"}).content.decode(), "unit_name"
    ) == ("昨天写的公司")
    factories.register_contract(graduate, user)
    assert not RegistrationDraft.objects.exists()
    page = client.get(FORM, {"category": "11"}).content.decode()
    assert value_in(page, "unit_name") == CONTRACT["unit_name"]


def test_what_staff_entered_meanwhile_is_shown_instead(
    client: Client, graduate: Graduate, world: World
) -> None:
    client.post(FORM, typed_as("11", unit_name="没有提交的公司", go="next"))
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    assert registration_drafts.kept_values(graduate.pk) == {}


def test_only_fields_of_a_destination_are_kept_and_not_endlessly(graduate: Graduate) -> None:
    registration_drafts.keep(
        graduate_id=graduate.pk, typed={"unit_name": "甲" * 5000, "password": "x", "state": "y"}
    )
    assert registration_drafts.kept_values(graduate.pk) == {"unit_name": "甲" * 1000}


def test_a_draft_is_its_own_graduates(client: Client, world: World) -> None:
    client.post(FORM, typed_as("11", unit_name="别人写的公司", go="next"))
    other = client_of(factories.activate(factories.make_graduate(world)))
    assert "别人写的公司" not in other.get(FORM, {"category": "11"}).content.decode()
