"""The last day of an initial code, and the new code in place of an expired one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.models import Event
from graduates.initial_codes import last_day
from graduates.models import Graduate, Person
from schools.roles import Role
from tests.factories import World, activation_form, code_of, make_graduate

pytestmark = pytest.mark.django_db


def let_days_pass(graduate: Graduate, days: int) -> None:
    """As if the graduate's code had been made so many days earlier."""
    Person.objects.filter(pk=graduate.person_id).update(
        code_made_at=F("code_made_at") - timedelta(days=days)
    )


def activate(graduate: Graduate, **changes: str) -> Any:
    return Client().post("/activate/", activation_form(graduate, **changes))


def test_a_code_serves_on_its_last_day_and_is_void_after_it(world: World) -> None:
    on_time, late = make_graduate(world), make_graduate(world)
    let_days_pass(on_time, 90)
    let_days_pass(late, 91)
    assert activate(on_time).status_code == 302
    refused = activate(late)
    assert refused.status_code == 422
    yesterday = timezone.localdate() - timedelta(days=1)
    sentence = f"初始码已过期（有效期至{yesterday:%Y年%-m月%-d日}），请向学校重新领取。"
    assert refused.context["form"].errors["code"] == [sentence]
    assert Person.objects.get(pk=late.person_id).activated_at is None


def test_only_who_has_the_code_learns_that_it_has_expired(graduate: Graduate) -> None:
    let_days_pass(graduate, 91)
    page = activate(graduate, code="22222222").content.decode()
    assert "初始码不正确" in page
    assert "初始码已过期" not in page


def test_the_number_of_days_is_a_setting(graduate: Graduate, settings: Any) -> None:
    settings.INITIAL_CODE_DAYS = 30
    let_days_pass(graduate, 31)
    assert activate(graduate).status_code == 422


def test_showing_an_expired_code_makes_a_new_one_with_its_last_day(
    world: World, graduate: Graduate
) -> None:
    let_days_pass(graduate, 91)
    void = code_of(graduate)
    client = world.client(Role.COUNSELLOR)
    address = reverse("console:origin-code", args=[graduate.pk])
    shown = client.post(address).json()
    new = code_of(graduate)
    until = timezone.localdate() + timedelta(days=90)
    assert shown == {"value": f"{new[:4]} {new[4:]}", "note": f"（有效期至{until}）"}
    assert new != void
    assert client.post(address).json() == shown
    assert Event.objects.filter(action="graduates.renew_codes").count() == 1
    assert activate(graduate, code=void).status_code == 422
    assert activate(graduate).status_code == 302


def test_the_class_has_new_codes_for_expired_ones_only(world: World) -> None:
    expired, valid = make_graduate(world), make_graduate(world)
    let_days_pass(expired, 91)
    let_days_pass(valid, 10)
    void, kept = code_of(expired), code_of(valid)
    client = world.client(Role.COUNSELLOR)
    listed = client.get(reverse("console:initial-codes")).content.decode()
    (row,) = re.findall(r"<tr><td>.*?</tr>", listed, re.S)
    until = timezone.localdate() + timedelta(days=80)
    assert '<td class="right num">1</td>' in row
    assert f"{until}" in row
    answer = client.post(reverse("console:class-codes", args=[world.classes[0][0].pk]))
    slips = {slip.graduate_id: slip for slip in answer.context["slips"]}
    assert slips[expired.pk].code == code_of(expired) != void
    assert slips[valid.pk].code == code_of(valid) == kept
    assert slips[valid.pk].last_day == until
    assert f"{until}" in answer.content.decode()


def test_a_reset_makes_a_code_with_a_new_last_day(world: World, graduate: Graduate) -> None:
    let_days_pass(graduate, 91)
    world.client(Role.COUNSELLOR).post(reverse("console:origin-reset", args=[graduate.pk]))
    made_at = Person.objects.get(pk=graduate.person_id).code_made_at
    assert last_day(made_at) == timezone.localdate() + timedelta(days=90)
    assert activate(graduate).status_code == 302
