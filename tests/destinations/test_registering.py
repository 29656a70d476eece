"""What graduates do with a registered destination: take back, register again, touch up."""

from __future__ import annotations

import pytest

from accounts.models import User
from core.errors import Invalid, Refused
from destinations.actions import enter, register, review
from destinations.states import State
from destinations.steps import MACHINE
from graduates.models import Graduate
from tests import factories
from tests.factories import CONTRACT, SEEKING, World, destination_of

pytestmark = pytest.mark.django_db


# --- taking back ----------------------------------------------------------------------------------


def test_taking_back_restores_state_and_values(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="先前公司")
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.counsellor)
    factories.register_contract(graduate, user, unit_name="后来公司", hired_from="2027-07-01")
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.reason_source) == ("rejected", "名称不符", "department")
    assert (d.category, d.unit_name) == ("11", "先前公司")


def test_taking_back_a_first_registration_empties_the_destination(
    graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.category, d.unit_name, d.entered_by_id) == ("unsubmitted", "70-1", "", None)


def test_taking_back_after_registering_twice_restores_the_rejection(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="先前公司")
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.counsellor)
    factories.register_contract(graduate, user, unit_name="第二公司")
    factories.register_contract(graduate, user, unit_name="第三公司")
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.unit_name) == ("rejected", "名称不符", "先前公司")


def test_taking_back_restores_the_approvals_of_a_seeking_graduate(
    world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    approved = destination_of(graduate)
    factories.register_contract(graduate, user)
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.category) == ("school_approved", "70-2")
    assert (d.department_by, d.school_by) == (approved.department_by, approved.school_by)
    assert (d.department_at, d.school_at) == (approved.department_at, approved.school_at)


def test_a_registration_that_staff_opened_cannot_be_taken_back(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    review.mark_opened(destination_of(graduate))
    assert not MACHINE.can("take_back", destination_of(graduate), user)
    with pytest.raises(Refused) as refusal:
        register.take_back(graduate_id=graduate.pk, by=user)
    assert refusal.value.code == "opened"


# --- registering after approval -------------------------------------------------------------------


@pytest.mark.parametrize("category", ["70-2", "71", "72-1"])
def test_a_graduate_approved_without_a_job_may_register_one(
    category: str, world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed={"category": category}, by=user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    factories.attach(graduate, user)
    d = register.register(graduate_id=graduate.pk, typed=CONTRACT, by=user)
    assert (d.state, d.category, d.school_by) == ("pending", "11", "")


def test_a_graduate_cannot_register_over_an_approved_job(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    with pytest.raises(Refused) as refusal:
        register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    assert refusal.value.code == "approved"


def test_a_graduate_with_an_agreement_cannot_register(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.sign_agreement(graduate)
    review.reject(graduate_id=graduate.pk, reason="行业有误", by=world.counsellor)
    for by, act in ((user, register.register), (world.school_admin, enter.enter)):
        with pytest.raises(Refused) as refusal:
            act(graduate_id=graduate.pk, typed=CONTRACT, by=by)
        assert refusal.value.code == "agreement"


# --- touching up ----------------------------------------------------------------------------------


def test_touched_up_coded_fields_are_flagged_until_a_reviewer_ticks_them(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    typed = {"contact_name": "新联系人", "unit_industry": "35", "unit_name": CONTRACT["unit_name"]}
    register.touch_up(graduate_id=graduate.pk, typed=typed, by=user)
    d = destination_of(graduate)
    assert (d.state, d.contact_name, d.unit_industry) == ("school_approved", "新联系人", "35")
    assert d.flagged == ["unit_industry"]
    assert "tick" in {s.action for s in MACHINE.available(d, world.counsellor)}
    review.tick(graduate_id=graduate.pk, by=world.counsellor)
    assert destination_of(graduate).flagged == []
    with pytest.raises(Refused) as refusal:
        review.tick(graduate_id=graduate.pk, by=world.counsellor)
    assert refusal.value.code == "nothing_flagged"


@pytest.mark.parametrize(
    "typed", [{"unit_name": "另一公司"}, {"hired_from": "2027-09-01"}, {"shop_url": "https://a.cn"}]
)
def test_other_fields_cannot_be_touched_up(
    typed: dict[str, str], world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    before = destination_of(graduate).version
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed=typed, by=user)
    assert refusal.value.code == "touch_up"
    assert destination_of(graduate).version == before


def test_a_field_that_the_category_hides_cannot_be_touched_up(
    world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed={"unit_property": "10"}, by=user)
    assert refusal.value.code == "touch_up"


def test_a_required_field_cannot_be_emptied_by_a_touch_up(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    with pytest.raises(Invalid) as invalid:
        register.touch_up(graduate_id=graduate.pk, typed={"contact_name": ""}, by=user)
    assert "contact_name" in invalid.value.errors
    assert destination_of(graduate).contact_name == CONTRACT["contact_name"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("unit_name", "另一公司"), ("unit_industry", "35"), ("unit_property", "10"),
     ("job_category", "10"), ("job_title", "经理"), ("unit_division", "340104")],
)  # fmt: skip
def test_a_field_that_the_agreement_fixes_cannot_be_touched_up(
    key: str, value: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user, agreement=True)
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed={key: value}, by=user)
    assert refusal.value.code == "touch_up"
    register.touch_up(graduate_id=graduate.pk, typed={"contact_phone": "13900000009"}, by=user)
    assert destination_of(graduate).contact_phone == "13900000009"
