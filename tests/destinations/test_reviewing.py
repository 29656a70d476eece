"""The review actions: reasons, conflicts, national feedback, releases, and review by two persons."""

from __future__ import annotations

import pytest

from accounts.models import User
from core.errors import Conflict, DomainError, Refused
from destinations.actions import enter, review
from destinations.models import DestinationEvent
from destinations.states import ReasonSource, State
from destinations.steps import MACHINE, NATIONAL, SystemActor
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.destinations.take_step import C, S, take_step
from tests.factories import CONTRACT, World, destination_of

pytestmark = pytest.mark.django_db


# --- reasons and conflicts ------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_rejecting_needs_a_reason(
    reason: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    with pytest.raises(Refused) as refusal:
        review.reject(graduate_id=graduate.pk, reason=reason, by=world.counsellor)
    assert refusal.value.code == "reason"
    assert destination_of(graduate).state == "pending"


def test_correcting_codes_needs_a_reason_and_takes_codes_only(
    world: World, graduate: Graduate
) -> None:
    factories.sign_agreement(graduate)
    with pytest.raises(Refused):
        review.correct_codes(
            graduate_id=graduate.pk, typed={"unit_industry": "35"}, reason="", by=world.counsellor
        )
    typed = {"unit_industry": "35", "unit_name": "另一公司", "unit_code": ""}
    review.correct_codes(graduate_id=graduate.pk, typed=typed, reason="核对", by=world.counsellor)
    d = destination_of(graduate)
    assert (d.unit_industry, d.unit_name) == ("35", CONTRACT["unit_name"])
    assert d.unit_code == CONTRACT["unit_code"]
    assert d.agreement_no


def test_a_rejection_keeps_who_rejected(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    review.reject(graduate_id=graduate.pk, reason="甲", by=world.department_admin)
    assert destination_of(graduate).reason_source == ReasonSource.DEPARTMENT
    factories.register_contract(graduate, user)
    assert (destination_of(graduate).reason, destination_of(graduate).reason_source) == ("", "")
    review.reject(graduate_id=graduate.pk, reason="乙", by=world.school_admin)
    assert destination_of(graduate).reason_source == ReasonSource.SCHOOL


def test_the_second_reviewer_is_told_who_did_what(
    world: World, graduate: Graduate, user: User
) -> None:
    seen = factories.put_in_state(graduate, State.PENDING, world, user).version
    first = world.department_admin
    review.approve(graduate_id=graduate.pk, by=first, version=seen)
    with pytest.raises(Conflict) as conflict:
        review.approve(graduate_id=graduate.pk, by=world.school_admin, version=seen)
    assert conflict.value.code == "changed"
    for part in (first.label, "通过", "初审通过", "没有执行"):
        assert part in conflict.value.message
    assert destination_of(graduate).state == "department_approved"
    assert DestinationEvent.objects.filter(graduate_id=graduate.pk, action="approve").count() == 1


def test_a_second_rejection_of_the_same_version_is_a_conflict_too(
    world: World, graduate: Graduate, user: User
) -> None:
    seen = factories.put_in_state(graduate, State.PENDING, world, user).version
    review.reject(graduate_id=graduate.pk, reason="甲", by=world.counsellor, version=seen)
    with pytest.raises(DomainError) as refusal:
        review.reject(graduate_id=graduate.pk, reason="乙", by=world.department_admin, version=seen)
    assert refusal.value.code == "changed"
    assert world.staff[C].label in refusal.value.message
    assert destination_of(graduate).reason == "甲"


# --- the national system --------------------------------------------------------------------------


def test_national_reasons_are_added_up_and_staff_can_resume(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    national = SystemActor(NATIONAL)
    for reason in ("单位代码不存在", "行业有误", "单位代码不存在"):
        review.reject_national(graduate_id=graduate.pk, reason=reason, by=national)
    d = destination_of(graduate)
    assert (d.state, d.reason_source) == ("rejected", "national")
    assert d.reason == "单位代码不存在；行业有误"
    review.resume(graduate_id=graduate.pk, by=world.department_admin)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.reason_source) == ("department_approved", "", "")
    review.reject_national(graduate_id=graduate.pk, reason="再次", by=national)
    review.resume(graduate_id=graduate.pk, by=world.school_admin)
    assert destination_of(graduate).state == "school_approved"


def test_only_a_national_rejection_can_be_resumed(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.REJECTED, world, user)
    with pytest.raises(Refused) as refusal:
        review.resume(graduate_id=graduate.pk, by=world.school_admin)
    assert refusal.value.code == "not_national"


def test_a_national_reason_does_not_let_staff_resume_the_schools_own_rejection(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.REJECTED, world, user)
    review.reject_national(
        graduate_id=graduate.pk, reason="单位代码不存在", by=SystemActor(NATIONAL)
    )
    d = destination_of(graduate)
    assert d.reason == "单位名称不符；单位代码不存在"
    assert d.reason_source == ReasonSource.SCHOOL
    assert not MACHINE.can("resume", d, world.counsellor)


# --- release by two -------------------------------------------------------------------------------


def test_a_release_takes_two_people(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    factories.attach(graduate, world.counsellor)
    with pytest.raises(Refused) as refusal:
        take_step("release", graduate.pk, world.school_admin)
    assert refusal.value.code == "release_not_proposed"
    take_step("propose_release", graduate.pk, world.counsellor)
    with pytest.raises(Refused) as refusal:
        take_step("propose_release", graduate.pk, world.department_admin)
    assert refusal.value.code == "release_proposed"
    take_step("release", graduate.pk, world.school_admin)
    d = destination_of(graduate)
    assert (d.state, d.category, d.unit_name, d.school_by) == ("unsubmitted", "70-1", "", "")
    assert (d.release_proposed_at, d.agreement_no) == (None, "")
    assert not graduate.evidence.filter(removed_at=None).exists()
    assert graduate.evidence.count() == 1


def test_nobody_releases_what_they_proposed(world: World, graduate: Graduate, user: User) -> None:
    """This holds also for a counsellor who becomes school admin after proposing."""
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    take_step("propose_release", graduate.pk, world.counsellor)
    member = world.counsellor.staff
    member.role = Role.SCHOOL_ADMIN
    member.save()
    with pytest.raises(Refused) as refusal:
        take_step("release", graduate.pk, world.counsellor)
    assert refusal.value.code == "same_person"


# --- two-person review ----------------------------------------------------------------------------


def test_two_person_review_refuses_approval_by_who_entered(
    world: World, graduate: Graduate, user: User
) -> None:
    world.school.two_person_review = True
    world.school.save()
    admin = world.school_admin
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=admin)
    assert destination_of(graduate).state == "department_approved"
    with pytest.raises(Refused) as refusal:
        review.approve(graduate_id=graduate.pk, by=admin)
    assert refusal.value.code == "same_person"
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    review.approve(graduate_id=graduate.pk, by=second)
    assert destination_of(graduate).state == "school_approved"


def test_two_person_review_refuses_resuming_by_who_entered(
    world: World, graduate: Graduate, user: User
) -> None:
    world.school.two_person_review = True
    world.school.save()
    admin = world.school_admin
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=admin)
    review.reject_national(graduate_id=graduate.pk, reason="错", by=SystemActor(NATIONAL))
    with pytest.raises(Refused) as refusal:
        review.resume(graduate_id=graduate.pk, by=admin)
    assert refusal.value.code == "same_person"


def test_by_default_an_admins_entry_is_final(world: World, graduate: Graduate) -> None:
    d = enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    assert (d.state, d.school_by) == ("school_approved", world.school_admin.label)


def test_an_entry_over_a_pending_registration_keeps_the_graduates_values(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="本人填写公司")
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    event = DestinationEvent.objects.filter(graduate_id=graduate.pk, action="enter").get()
    assert event.snapshot["before"]["unit_name"] == "本人填写公司"
    assert destination_of(graduate).entered_by_id == world.staff[S].pk
