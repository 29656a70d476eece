"""回访: who calls whom, and what each call notes."""

from __future__ import annotations

import datetime
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from core.models import Event
from destinations.actions import enter
from quality.actions import calls, samples
from quality.models import CallBack, Finding
from quality.sample_steps import CALL
from quality.states import CallOutcome, CallState, FindingOwner, SampleState
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, World, make_world
from tests.quality import scene
from tests.quality.sampling import (
    ANSWERS,
    assigned,
    create,
    draw,
    drawn,
    first_call,
    reach,
    refusal_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_day")]


@pytest.fixture
def world() -> World:
    return make_world()


# --- who calls ----------------------------------------------------------------------------------


def test_nobody_calls_about_what_they_entered(world: World) -> None:
    graduate = factories.make_graduate(world)
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    other = scene.make_job(world)
    sample = draw(create(world), world.school_admin)
    given = samples.assign(
        sample_id=sample.pk, user_ids=[world.school_admin.pk], version=sample.version,
        by=world.school_admin,
    )  # fmt: skip
    assert given == (1, 1)
    assert {c.graduate_id: c.caller_id for c in CallBack.objects.filter(sample=sample)} == {
        graduate.pk: None, other.pk: world.school_admin.pk,
    }  # fmt: skip


def test_who_enters_it_later_does_not_call_either(world: World) -> None:
    graduate = factories.make_graduate(world)
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    sample = draw(create(world), world.school_admin)
    samples.assign(
        sample_id=sample.pk, user_ids=[world.counsellor.pk], version=sample.version, by=world.school_admin
    )  # fmt: skip
    CallBack.objects.update(caller=world.school_admin)
    assert refusal_of(reach, first_call(sample), world.school_admin) == "same_person"


def test_a_blind_sample_is_called_by_other_schools_and_shows_none(world: World) -> None:
    other = make_world()
    province = world.user(Role.PROVINCE)
    graduate = scene.make_job(world)
    sample = samples.create(
        typed=scene.sample_typed(world, blind=True, divided_by=["school"]), by=province
    )
    draw(sample, province)
    sample.refresh_from_db()
    assert samples.assign(
        sample_id=sample.pk, user_ids=[world.school_admin.pk], version=sample.version, by=province
    ) == (0, 1)
    sample.refresh_from_db()
    assert samples.assign(
        sample_id=sample.pk, user_ids=[world.school_admin.pk, other.school_admin.pk],
        version=sample.version, by=province,
    ) == (1, 0)  # fmt: skip
    call = first_call(sample)
    assert call.caller_id == other.school_admin.pk
    client = other.client(Role.SCHOOL_ADMIN)
    page = client.get(reverse("console:callback", args=[call.pk])).content.decode()
    assert graduate.name in page
    for hidden in (
        world.school.name,
        graduate.department.name,
        graduate.student_no,
        graduate.mobile,
    ):
        assert hidden not in page
    listed = client.get(reverse("console:callbacks")).content.decode()
    assert graduate.name in listed and world.school.name not in listed
    # The school whose graduate it is sees neither the sample nor the call.
    mine = world.client(Role.SCHOOL_ADMIN)
    assert mine.get(reverse("console:sample", args=[sample.pk])).status_code == 404
    assert mine.get(reverse("console:callback", args=[call.pk])).status_code == 404


def test_only_the_callers_of_the_sample_can_be_chosen(world: World) -> None:
    sample = drawn(world)
    stranger = make_world().school_admin
    values = {"sample_id": sample.pk, "version": sample.version, "by": world.school_admin}
    assert refusal_of(samples.assign, user_ids=[stranger.pk], **values) == "invalid"
    assert refusal_of(samples.assign, user_ids=[], **values) == "invalid"


# --- calls --------------------------------------------------------------------------------------


def test_the_number_is_shown_to_the_caller_alone_and_logged(world: World) -> None:
    sample = assigned(world, 1)
    call = first_call(sample)
    address = reverse("console:callback-reveal", args=[call.pk])
    assert world.client(Role.SCHOOL_ADMIN).post(address).status_code == 404
    client = world.client(Role.COUNSELLOR)
    page = client.get(reverse("console:callback", args=[call.pk])).content.decode()
    assert call.graduate.mobile not in page
    assert client.post(address).json() == {"value": call.graduate.mobile}
    assert (
        Event.objects.filter(action="quality.call_reveal", actor_id=world.counsellor.pk).count()
        == 1
    )
    reach(call, world.counsellor)
    assert client.post(address).status_code == 403


def test_what_agrees_ends_the_call_and_the_last_one_the_sample(world: World) -> None:
    sample = assigned(world, 2)
    first, second = CallBack.objects.filter(sample=sample).order_by("pk")
    reach(first, world.counsellor)
    sample.refresh_from_db()
    assert sample.state == SampleState.CALLING
    reach(second, world.counsellor)
    sample.refresh_from_db()
    assert sample.state == SampleState.DONE
    first.refresh_from_db()
    assert (first.state, first.outcome, first.finding) == (
        CallState.REACHED,
        CallOutcome.AGREES,
        None,
    )
    assert first.answers == ANSWERS
    assert refusal_of(reach, first, world.counsellor) == "state"


@pytest.mark.parametrize(
    ("changes", "owner", "word"),
    [
        (
            {"outcome": CallOutcome.DIFFERS, "note": "不在这家单位"},
            FindingOwner.SCHOOL,
            "不在这家单位",
        ),
        ({"outcome": CallOutcome.PARTLY, "note": "岗位不同"}, FindingOwner.SCHOOL, "部分不一致"),
        ({"answers": ANSWERS | {"forced": "yes"}}, FindingOwner.PROVINCE, "四不准"),
    ],
)
def test_what_differs_becomes_a_finding(
    world: World, changes: dict[str, Any], owner: str, word: str
) -> None:
    call = first_call(assigned(world, 1))
    reach(call, world.counsellor, **changes)
    finding = Finding.objects.get(rule="callback")
    call.refresh_from_db()
    assert call.finding == finding
    assert (finding.owner, finding.graduate_id) == (owner, call.graduate_id)
    assert word in finding.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"answers": {}}, {"answers": ANSWERS | {"forced": "maybe"}}, {"outcome": ""},
        {"outcome": CallOutcome.DIFFERS}, {"outcome": CallOutcome.DIFFERS, "note": "长" * 301},
    ],
)  # fmt: skip
def test_an_incomplete_call_is_not_kept(world: World, changes: dict[str, Any]) -> None:
    call = first_call(assigned(world, 1))
    assert refusal_of(reach, call, world.counsellor, **changes) == "invalid"
    assert not call.tries.exists()


def on_day(days: int, hour: int = 12) -> Any:
    moment = timezone.localtime().replace(hour=hour, minute=0) + datetime.timedelta(days=days)
    return mock.patch.object(calls, "database_now", lambda: moment)


def test_three_tries_on_two_days_end_a_call(world: World) -> None:
    sample = assigned(world, 1)
    for expected, days in ((CallState.AGAIN, 0), (CallState.AGAIN, 0), (CallState.AGAIN, 0)):
        call = first_call(sample)
        assert (
            calls.miss(call_id=call.pk, version=call.version, by=world.counsellor).state == expected
        )
        assert days == 0
    call = first_call(sample)
    call.tries.filter(pk=call.tries.first().pk).update(
        at=timezone.now() - datetime.timedelta(days=1)
    )
    assert calls.miss(call_id=call.pk, version=call.version, by=world.counsellor).state == CallState.NOT_REACHED  # fmt: skip
    sample.refresh_from_db()
    assert sample.state == SampleState.DONE


@pytest.mark.parametrize(
    ("hour", "allowed"), [(8, False), (9, True), (19, True), (20, False), (23, False)]
)
def test_people_are_called_by_day(world: World, hour: int, allowed: bool) -> None:
    call = first_call(assigned(world, 1))
    with on_day(0, hour):
        if allowed:
            calls.refuse(call_id=call.pk, version=call.version, by=world.counsellor)
        else:
            values = {"call_id": call.pk, "version": call.version, "by": world.counsellor}
            assert refusal_of(calls.refuse, **values) == "hours"


def test_a_new_number_reopens_the_call_and_the_sample(world: World) -> None:
    sample = assigned(world, 1)
    call = first_call(sample)
    call = calls.mistake(call_id=call.pk, version=call.version, by=world.counsellor)
    sample.refresh_from_db()
    assert (call.state, sample.state) == (CallState.WRONG, SampleState.DONE)
    values = {"call_id": call.pk, "version": call.version, "by": world.counsellor}
    assert refusal_of(calls.renew, number="123", **values) == "invalid"
    call = calls.renew(number="139 0000 1234", **values)
    sample.refresh_from_db()
    assert (call.state, call.new_number, sample.state) == (
        CallState.AGAIN, "13900001234", SampleState.CALLING,
    )  # fmt: skip
    assert calls.reveal_number(call_id=call.pk, by=world.counsellor) == "13900001234"


# --- the table and the database ---


@pytest.mark.parametrize("state", CallState.values)
def test_every_state_action_and_role_of_calls(world: World, state: str) -> None:
    call = first_call(assigned(world, 1))
    call.state = state
    people = {
        "caller": world.counsellor, "admin": world.school_admin, "other": make_world().counsellor,
        "province": world.user(Role.PROVINCE),
    }  # fmt: skip
    for action in CALL.actions():
        sources = (
            (CallState.NOT_REACHED, CallState.WRONG)
            if action == "renew"
            else (CallState.WAITING, CallState.AGAIN)
        )
        for who, actor in people.items():
            assert CALL.can(action, call, actor) == (who == "caller" and state in sources), (
                action,
                who,
            )


def test_the_database_holds_what_a_call_needs(world: World) -> None:
    call = first_call(assigned(world, 1))
    for values in (
        {"state": CallState.REACHED}, {"outcome": CallOutcome.AGREES}, {"state": CallState.REFUSED},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            CallBack.objects.filter(pk=call.pk).update(**values)
