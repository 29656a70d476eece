"""Every state × action × role of a destination, against a table written by hand from DOMAIN §3."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from destinations.actions import base, enter, register, release, review
from destinations.models import Destination, DestinationEvent
from destinations.states import ReasonSource, State
from destinations.steps import AGREEMENT, GRADUATE, MACHINE, NATIONAL, SystemActor
from graduates.models import Graduate
from schools.models import Role
from tests import factories
from tests.factories import CONTRACT, SEEKING, World, destination_of, make_world

pytestmark = pytest.mark.django_db

# A star: an active agreement holds the row. Otherwise as it is after the plainest way there:
# category 11, never opened, refused by the school, nothing flagged, no release proposed.
PLAIN = {"unsubmitted", "pending", "department_approved", "school_approved", "rejected"}
SIGNED = {"esigned*", "department_approved*", "school_approved*", "rejected*"}
C, D, S, P = Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE
ROLES = (GRADUATE, C, D, S, P, NATIONAL, AGREEMENT)

ALLOWED: dict[str, dict[str, set[str]]] = {
    "register": {GRADUATE: {"unsubmitted", "pending", "rejected"}},
    "take_back": {GRADUATE: {"pending"}},
    "touch_up": {
        GRADUATE: {
            "department_approved", "school_approved", "department_approved*", "school_approved*",
        }
    },
    "enter": {
        C: {"unsubmitted", "pending", "rejected", "department_approved"},
        D: {"unsubmitted", "pending", "rejected", "department_approved"},
        S: PLAIN,
    },
    "approve": {
        C: {"pending", "esigned*"},
        D: {"pending", "esigned*"},
        S: {"pending", "esigned*", "department_approved", "department_approved*"},
    },
    "reject": {
        C: {"pending", "esigned*", "department_approved", "department_approved*"},
        D: {"pending", "esigned*", "department_approved", "department_approved*"},
        S: {"pending", "esigned*", "department_approved", "department_approved*",
            "school_approved", "school_approved*"},
    },
    "reject_national": {
        NATIONAL: {"department_approved", "school_approved", "rejected",
                   "department_approved*", "school_approved*", "rejected*"},
    },
    "resume": {},  # only what the national system refused
    "tick": {},  # only what was touched up
    "correct_codes": {C: SIGNED, D: SIGNED, S: SIGNED},
    "amend": {AGREEMENT: {"esigned*", "department_approved*", "rejected*"}},
    "sign": {AGREEMENT: {"unsubmitted"}},
    "propose_release": {
        C: {"pending", "department_approved", "school_approved", "rejected"},
        D: {"pending", "department_approved", "school_approved", "rejected"},
    },
    "release": {AGREEMENT: SIGNED},  # of the school only on another's proposal
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def graduate(world: World) -> Graduate:
    return factories.make_graduate(world)


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)


def actor(role: str, world: World, user: User) -> Any:
    if role == GRADUATE:
        return User.objects.get(pk=user.pk)
    return SystemActor(role) if role in (NATIONAL, AGREEMENT) else world.user(role)


def do(action: str, pk: int, by: Any) -> Destination:
    """Take the step with values that are fine in themselves."""
    if action in ("amend", "sign"):
        with base.step(action, pk, by) as change:
            change.destination.agreement_no = "W0002"
            change.destination.locked_at = timezone.now()
            return change.write()
    acts: dict[str, Callable[[], Destination]] = {
        "register": lambda: register.register(graduate_id=pk, typed=CONTRACT, by=by),
        "take_back": lambda: register.take_back(graduate_id=pk, by=by),
        "touch_up": lambda: register.touch_up(
            graduate_id=pk, typed={"contact_name": "新联系人"}, by=by
        ),
        "enter": lambda: enter.enter(graduate_id=pk, typed=CONTRACT, by=by),
        "approve": lambda: review.approve(graduate_id=pk, by=by),
        "reject": lambda: review.reject(graduate_id=pk, reason="不符", by=by),
        "reject_national": lambda: review.reject_national(graduate_id=pk, reason="错", by=by),
        "resume": lambda: review.resume(graduate_id=pk, by=by),
        "tick": lambda: review.tick(graduate_id=pk, by=by),
        "correct_codes": lambda: review.correct_codes(
            graduate_id=pk, typed={"unit_industry": "34"}, reason="核对", by=by
        ),
        "propose_release": lambda: release.propose_release(graduate_id=pk, by=by, reason="解约"),
        "release": lambda: release.release(graduate_id=pk, by=by),
    }
    return acts[action]()


def test_the_table_names_every_action_and_state() -> None:
    assert set(MACHINE.actions()) == set(ALLOWED)
    assert {s.rstrip("*") for s in PLAIN | SIGNED} == set(State.values)


@pytest.mark.parametrize("situation", sorted(PLAIN | SIGNED))
def test_each_action_by_each_role(situation: str, world: World, graduate: Graduate) -> None:
    user = factories.activate(graduate)
    state, agreement = situation.rstrip("*"), situation.endswith("*")
    factories.put_in_state(graduate, state, world, user, agreement=agreement)
    factories.attach(graduate, world.counsellor)
    wrong = []
    for role in ROLES:
        offered = {s.action for s in MACHINE.available(destination_of(graduate), actor(role, world, user))}  # fmt: skip
        for action, by_role in ALLOWED.items():
            expected = situation in by_role.get(role, set())
            if (action in offered) != expected:
                wrong.append(f"{role} {action}: button {action in offered}")
            happened = _try(action, graduate.pk, actor(role, world, user))
            if (happened == "done") != expected:
                wrong.append(f"{role} {action}: {happened}")
    assert wrong == []


def _try(action: str, pk: int, by: Any) -> str:
    """`done`, the refusal's code, or what is wrong with the trace it left. Undone afterwards."""
    before = destination_of(pk)
    events = DestinationEvent.objects.filter(graduate_id=pk).count()
    try:
        with transaction.atomic():
            do(action, pk, by)
            after = destination_of(pk)
            event = DestinationEvent.objects.filter(graduate_id=pk).order_by("-id").first()
            assert event is not None
            raise _Undo(_trace(action, by, before, after, event))
    except _Undo as undo:
        return str(undo)
    except DomainError as refusal:
        same = destination_of(pk).version == before.version
        kept = DestinationEvent.objects.filter(graduate_id=pk).count() == events
        return refusal.code if same and kept else "refused but changed"


def _trace(
    action: str, by: Any, before: Destination, after: Destination, event: DestinationEvent
) -> str:
    if after.version != before.version + 1:
        return "version"
    if (event.action, event.actor_id, event.actor_label) != (action, by.pk, by.label):
        return "event"
    if (event.from_state, event.to_state) != (before.state, after.state):
        return "event states"
    if event.snapshot["before"]["state"] != before.state or event.snapshot["state"] != after.state:
        return "snapshot"
    return "done"


class _Undo(Exception):
    pass


TARGETS = [
    ("register", GRADUATE, "rejected", "pending"),
    ("enter", C, "unsubmitted", "department_approved"),
    ("enter", D, "pending", "department_approved"),
    ("enter", S, "unsubmitted", "school_approved"),
    ("approve", C, "pending", "department_approved"),
    ("approve", S, "pending", "school_approved"),
    ("approve", S, "department_approved", "school_approved"),
    ("reject", D, "department_approved", "rejected"),
    ("reject", S, "school_approved", "rejected"),
    ("reject_national", NATIONAL, "school_approved", "rejected"),
    ("touch_up", GRADUATE, "school_approved", "school_approved"),
    ("correct_codes", C, "esigned*", "esigned"),
    ("correct_codes", C, "rejected*", "esigned"),
    ("correct_codes", C, "school_approved*", "school_approved"),
    ("amend", AGREEMENT, "rejected*", "esigned"),
    ("sign", AGREEMENT, "unsubmitted", "esigned"),
    ("propose_release", C, "school_approved", "school_approved"),
    ("release", AGREEMENT, "school_approved*", "unsubmitted"),
]


@pytest.mark.parametrize(("action", "role", "situation", "target"), TARGETS)
def test_where_each_action_leads(
    action: str, role: str, situation: str, target: str, world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    state, agreement = situation.rstrip("*"), situation.endswith("*")
    factories.put_in_state(graduate, state, world, user, agreement=agreement)
    factories.attach(graduate, world.counsellor)
    do(action, graduate.pk, actor(role, world, user))
    assert destination_of(graduate).state == target


# --- taking back ----------------------------------------------------------------------------------


def test_take_back_brings_state_and_values_back(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="先前公司")
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.counsellor)
    factories.register_contract(graduate, user, unit_name="后来公司", hired_from="2027-07-01")
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.reason_source) == ("rejected", "名称不符", "department")
    assert (d.category, d.unit_name) == ("11", "先前公司")


def test_a_first_registration_taken_back_leaves_a_bare_row(graduate: Graduate, user: User) -> None:
    factories.register_contract(graduate, user)
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.category, d.unit_name, d.entered_by_id) == ("unsubmitted", "70-1", "", None)


def test_registering_twice_before_taking_back_does_not_wash_a_rejection_away(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="先前公司")
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.counsellor)
    factories.register_contract(graduate, user, unit_name="第二公司")
    factories.register_contract(graduate, user, unit_name="第三公司")
    register.take_back(graduate_id=graduate.pk, by=user)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.unit_name) == ("rejected", "名称不符", "先前公司")


def test_an_approved_seeking_comes_back_with_its_sign_offs(
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


def test_what_staff_has_opened_can_not_be_taken_back(
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
def test_approved_without_a_job_may_register_one(
    category: str, world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed={"category": category}, by=user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    factories.attach(graduate, user)
    d = register.register(graduate_id=graduate.pk, typed=CONTRACT, by=user)
    assert (d.state, d.category, d.school_by) == ("pending", "11", "")


def test_an_approved_job_stays(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    with pytest.raises(Refused) as refusal:
        register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    assert refusal.value.code == "approved"


def test_an_agreement_holds_category_and_unit(world: World, graduate: Graduate, user: User) -> None:
    factories.sign_agreement(graduate)
    review.reject(graduate_id=graduate.pk, reason="行业有误", by=world.counsellor)
    for by, act in ((user, register.register), (world.school_admin, enter.enter)):
        with pytest.raises(Refused) as refusal:
            act(graduate_id=graduate.pk, typed=CONTRACT, by=by)
        assert refusal.value.code == "agreement"


# --- touching up ----------------------------------------------------------------------------------


def test_touch_up_flags_coded_fields_until_ticked(
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
def test_touch_up_refuses_the_rest(
    typed: dict[str, str], world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    before = destination_of(graduate).version
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed=typed, by=user)
    assert refusal.value.code == "touch_up"
    assert destination_of(graduate).version == before


def test_touch_up_may_not_fill_a_field_its_category_hides(
    world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed={"unit_property": "10"}, by=user)
    assert refusal.value.code == "touch_up"


def test_touch_up_may_not_empty_what_the_category_needs(
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
def test_what_stands_in_an_agreement_is_not_touched_up(
    key: str, value: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user, agreement=True)
    with pytest.raises(Refused) as refusal:
        register.touch_up(graduate_id=graduate.pk, typed={key: value}, by=user)
    assert refusal.value.code == "touch_up"
    register.touch_up(graduate_id=graduate.pk, typed={"contact_phone": "13900000009"}, by=user)
    assert destination_of(graduate).contact_phone == "13900000009"


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
    assert (d.unit_code, d.agreement_no) == (CONTRACT["unit_code"], "W0001")


def test_the_source_of_a_refusal_is_kept(world: World, graduate: Graduate, user: User) -> None:
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


def test_national_reasons_join_and_staff_resumes(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    national = SystemActor(NATIONAL)
    for reason in ("单位代码不存在", "行业有误", "单位代码不存在"):
        review.reject_national(graduate_id=graduate.pk, reason=reason, by=national)
    d = destination_of(graduate)
    assert (d.state, d.reason_source) == ("rejected", "national")
    assert d.reason == "单位代码不存在; 行业有误"
    review.resume(graduate_id=graduate.pk, by=world.department_admin)
    d = destination_of(graduate)
    assert (d.state, d.reason, d.reason_source) == ("department_approved", "", "")
    review.reject_national(graduate_id=graduate.pk, reason="再次", by=national)
    review.resume(graduate_id=graduate.pk, by=world.school_admin)
    assert destination_of(graduate).state == "school_approved"


def test_only_a_national_refusal_is_resumed(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.REJECTED, world, user)
    with pytest.raises(Refused) as refusal:
        review.resume(graduate_id=graduate.pk, by=world.school_admin)
    assert refusal.value.code == "not_national"


def test_a_national_reason_does_not_open_a_way_round_the_schools_own_refusal(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.REJECTED, world, user)
    review.reject_national(
        graduate_id=graduate.pk, reason="单位代码不存在", by=SystemActor(NATIONAL)
    )
    d = destination_of(graduate)
    assert d.reason == "单位名称不符; 单位代码不存在"
    assert d.reason_source == ReasonSource.SCHOOL
    assert not MACHINE.can("resume", d, world.counsellor)


# --- release by two -------------------------------------------------------------------------------


def test_release_takes_two_people(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    with pytest.raises(Refused) as refusal:
        release.release(graduate_id=graduate.pk, by=world.school_admin)
    assert refusal.value.code == "release_not_proposed"
    with pytest.raises(Refused) as refusal:
        release.propose_release(graduate_id=graduate.pk, by=world.counsellor, reason="解约")
    assert refusal.value.code == "evidence"
    factories.attach(graduate, world.counsellor)
    with pytest.raises(Refused) as refusal:
        release.propose_release(graduate_id=graduate.pk, by=world.counsellor, reason=" ")
    assert refusal.value.code == "reason"
    release.propose_release(graduate_id=graduate.pk, by=world.counsellor, reason="解约")
    with pytest.raises(Refused) as refusal:
        release.propose_release(graduate_id=graduate.pk, by=world.department_admin, reason="解约")
    assert refusal.value.code == "release_proposed"
    release.release(graduate_id=graduate.pk, by=world.school_admin)
    d = destination_of(graduate)
    assert (d.state, d.category, d.unit_name, d.school_by) == ("unsubmitted", "70-1", "", "")
    assert (d.release_proposed_at, d.agreement_no) == (None, "")
    assert not graduate.evidence.filter(removed_at=None).exists()
    assert graduate.evidence.count() == 1


def test_nobody_releases_what_they_proposed(world: World, graduate: Graduate, user: User) -> None:
    """A counsellor who proposed and then became the school's admin."""
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    factories.attach(graduate, world.counsellor)
    release.propose_release(graduate_id=graduate.pk, by=world.counsellor, reason="解约")
    member = world.counsellor.staff
    member.role = Role.SCHOOL_ADMIN
    member.save()
    with pytest.raises(Refused) as refusal:
        release.release(graduate_id=graduate.pk, by=world.counsellor)
    assert refusal.value.code == "same_person"


# --- two-person review ----------------------------------------------------------------------------


def test_two_person_review(world: World, graduate: Graduate, user: User) -> None:
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


def test_two_person_review_holds_for_resuming_too(
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


def test_an_entry_over_a_pending_one_keeps_the_graduates_own(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user, unit_name="本人填写公司")
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    event = DestinationEvent.objects.filter(graduate_id=graduate.pk, action="enter").get()
    assert event.snapshot["before"]["unit_name"] == "本人填写公司"
    assert destination_of(graduate).entered_by_id == world.staff[S].pk


# --- phases of the cohort -------------------------------------------------------------------------


def shift(world: World, phase: str) -> None:
    cohort, day = world.cohort, datetime.timedelta(days=1)
    today = factories.today()
    if phase == "preparing":
        cohort.opens_on = today + day
    elif phase == "ended":
        cohort.ends_on = today - day
    elif phase == "sealed":
        cohort.sealed_at = timezone.now()
    cohort.save()


def code_of(action: str, pk: int, by: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        do(action, pk, by)
    return refusal.value.code


def test_in_preparation_only_staff_enters(world: World, graduate: Graduate, user: User) -> None:
    shift(world, "preparing")
    assert code_of("register", graduate.pk, user) == "cohort_preparing"
    assert do("enter", graduate.pk, world.counsellor).state == "department_approved"


def test_after_the_end_nothing_is_registered(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    shift(world, "ended")
    for action, by in (
        ("register", user),
        ("take_back", user),
        ("enter", world.counsellor),
        ("enter", world.school_admin),
    ):
        assert code_of(action, graduate.pk, by) == "cohort_ended"
    assert do("approve", graduate.pk, world.counsellor).state == "department_approved"


def test_a_reopened_record_takes_registrations_until_its_day(
    world: World, graduate: Graduate, user: User
) -> None:
    shift(world, "ended")
    graduate.reopened_until = factories.today()
    graduate.save()
    assert factories.register_contract(graduate, user).state == "pending"
    graduate.reopened_until = factories.today() - datetime.timedelta(days=1)
    graduate.save()
    assert code_of("register", graduate.pk, user) == "cohort_ended"


@pytest.mark.parametrize(
    ("action", "role"),
    [("approve", C), ("reject", S), ("propose_release", D), ("enter", S), ("register", GRADUATE)],
)
def test_what_is_sealed_stays(
    action: str, role: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    graduate.reopened_until = factories.today()
    graduate.save()
    shift(world, "sealed")
    code = code_of(action, graduate.pk, actor(role, world, user))
    assert code in ("cohort_sealed", "cohort_ended")


def test_the_province_and_strangers_have_no_step(world: World, graduate: Graduate) -> None:
    d = destination_of(graduate)
    for by in (world.user(P), factories.make_employer()):
        assert MACHINE.available(d, by) == []
        with pytest.raises(NotPermitted) as refusal:
            enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=by)
        assert refusal.value.code == "role"
