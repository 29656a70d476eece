"""The transition table of destinations (DOMAIN §3) and its guards; docs/states.md is made from it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from accounts.models import Realm, User
from accounts.second_person import check_another_person
from core.errors import Refused
from core.states import Machine, Step, roles, states
from destinations import hooks
from destinations.models import (
    NOT_REGISTERED,
    Destination,
    DestinationEvent,
    Evidence,
    ReleaseProposal,
    is_seeking,
)
from destinations.states import APPROVED, OPEN_RELEASE, ReasonSource, ReleaseState, State
from graduates.permissions import phase_for
from graduates.queries import has_reset_account
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

GRADUATE, NATIONAL, AGREEMENT = "graduate", "national", "agreement"
DISPUTE = "dispute"
ROLE_LABELS = {
    GRADUATE: "毕业生",
    **LEVEL_LABELS,
    NATIONAL: "全国系统",
    AGREEMENT: "网签协议",
    DISPUTE: "异议成立",
}
_DEPARTMENT = roles(Level.CLASS, Level.DEPARTMENT)
_SCHOOL = roles(Level.SCHOOL)
_ALL = states(*State.values)


@dataclass(frozen=True)
class SystemActor:
    """The actor of a step that no person takes: national feedback, an agreement, or an upheld
    dispute."""

    role: str
    pk: int | None = None
    realm: str = "system"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self.role]


# Who takes a step.
StepActor = User | SystemActor


def role_of(actor: object) -> str:
    """The role of an actor in the transition table; "" for an actor who has none."""
    if isinstance(actor, SystemActor):
        return actor.role
    if isinstance(actor, User):
        if actor.realm == Realm.GRADUATE:
            return GRADUATE
        staff = staff_of(actor)
        if staff is not None:
            return staff.role_level
    return ""


# --- guards ------------------------------------------------------------------------------------
# Each raises `Refused` where the condition that it is named after does not hold.


def no_agreement(d: Destination, actor: StepActor) -> None:
    if d.locked_at is not None:
        raise Refused("agreement", "已有生效的网签协议，去向由协议决定，不能在此修改。")


def has_agreement(d: Destination, actor: StepActor) -> None:
    if d.locked_at is None:
        raise Refused("no_agreement", "此项仅适用于网签的毕业生。")


def cohort_takes_registrations(d: Destination, actor: StepActor) -> None:
    """Graduates may register while the cohort is open, staff also while it is being prepared. After
    its end nobody may, unless the province reopened the record (DOMAIN §2)."""
    phase = phase_for(d.graduate, d.cohort)
    if phase in (Phase.ENDED, Phase.SEALED):
        raise Refused(
            "cohort_ended", f"{d.cohort}已{d.cohort.phase_label}，如需修改请由省级重新开放。"
        )
    if phase == Phase.PREPARING and role_of(actor) == GRADUATE:
        raise Refused("cohort_preparing", f"{d.cohort}尚未开放登记。")


def not_sealed(d: Destination, actor: StepActor) -> None:
    if d.cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{d.cohort}已封存。")


def without_job(d: Destination, actor: StepActor) -> None:
    if d.category.partition("-")[0] not in ("70", "71", "72"):
        raise Refused("approved", "去向已审核，毕业去向和单位不能修改；如有错误请提交信息反馈。")


def seeking(d: Destination, actor: StepActor) -> None:
    if not is_seeking(d.category):
        raise Refused("not_seeking", "当前毕业去向不是待就业，不能签约。")


def not_opened(d: Destination, actor: StepActor) -> None:
    if d.opened_at is not None:
        raise Refused("opened", "老师已经开始审核，不能撤回；如需修改请联系辅导员。")


def other_person(d: Destination, actor: StepActor) -> None:
    """Where the school asks for review by two persons, nobody approves what they entered."""
    if d.school.two_person_review and d.entered_by_id is not None and isinstance(actor, User):
        same = "此去向由您本人录入，本校要求由另一人终审。"
        check_another_person(first=[d.entered_by_id], second=actor, same=same)


def from_national(d: Destination, actor: StepActor) -> None:
    if d.reason_source != ReasonSource.NATIONAL:
        raise Refused("not_national", "只有全国系统退回的去向可以恢复上报。")


def open_proposal(d: Destination) -> ReleaseProposal | None:
    """The proposal to release that waits for a decision. A destination without the mark has none."""
    if d.release_proposed_at is None:
        return None
    return ReleaseProposal.objects.filter(graduate_id=d.pk, state__in=OPEN_RELEASE).first()


# How long one's own review can be undone, by the database's clock.
UNDO_SECONDS = 5
_REVIEWS = ("approve", "reject")


def last_event(graduate_id: int) -> DestinationEvent | None:
    return DestinationEvent.objects.filter(graduate_id=graduate_id).order_by("-id").first()


def reviewed_just_now(d: Destination, actor: StepActor) -> None:
    """One's own review can be undone for a few seconds, as long as nothing has followed it."""
    age = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    rows = DestinationEvent.objects.filter(graduate_id=d.pk).annotate(age=age)
    last = rows.order_by("-id").first()
    if last is None or last.action not in _REVIEWS or last.actor_id != actor.pk:
        raise Refused("not_last", "最近一步不是您的审核，不能撤销。")
    if last.age > datetime.timedelta(seconds=UNDO_SECONDS):
        raise Refused("too_late", f"审核已超过{UNDO_SECONDS}秒，不能撤销。")
    later = Q(created_at__gt=last.at) | Q(removed_at__gt=last.at)
    if Evidence.objects.filter(later, graduate_id=d.pk).exists():
        raise Refused("followed", "审核以后证明材料已有变化，不能撤销。")
    hooks.undo_guards.run(destination=d)


def errors_are_gone(d: Destination, actor: StepActor) -> None:
    hooks.resume_guards.run(destination=d)


def not_proposed(d: Destination, actor: StepActor) -> None:
    if (row := open_proposal(d)) is not None:
        whom = "院系" if row.state == ReleaseState.WAITING_DEPARTMENT else "学校"
        raise Refused("release_proposed", f"{row.proposed_by}已提出解约，请等待{whom}处理。")


def with_job(d: Destination, actor: StepActor) -> None:
    if d.category.partition("-")[0] in ("70", "71", "72"):
        raise Refused("may_register", "可以直接修改登记，不需要解约。")


def proposed(d: Destination, actor: StepActor) -> None:
    if open_proposal(d) is None:
        raise Refused("release_not_proposed", "尚未提出解约：请先上传解约材料并提出。")


def proposed_to_department(d: Destination, actor: StepActor) -> None:
    proposed(d, actor)
    row = open_proposal(d)
    if row is not None and row.state != ReleaseState.WAITING_DEPARTMENT:
        raise Refused("waits_for_school", "解约已报学校，由学校系统管理员处理。")


def proposed_by_actor(d: Destination, actor: StepActor) -> None:
    proposed(d, actor)
    if d.release_proposed_by_id != actor.pk:
        raise Refused("not_yours", "只有提出的人可以撤回。")


def proposed_by_another(d: Destination, actor: StepActor) -> None:
    proposed(d, actor)
    row = open_proposal(d)
    if row is not None and isinstance(actor, User):
        same = "解约由您本人提出，须由另一人办理。"
        first = [row.proposed_by_id, row.endorsed_by_id]
        check_another_person(first=first, second=actor, same=same)


def not_reset_by_actor(d: Destination, actor: StepActor) -> None:
    if isinstance(actor, User) and has_reset_account(actor, d.pk):
        sentence = "您在30天内重置过此毕业生的帐号，须由另一人办理解约。"
        raise Refused("reset_by_you", sentence)


def not_disputed(d: Destination, actor: StepActor) -> None:
    if d.disputed_at is not None:
        raise Refused("disputed", "毕业生对此去向有异议，处理完毕之前不能操作。")


def has_flags(d: Destination, actor: StepActor) -> None:
    if not d.flagged:
        raise Refused("nothing_flagged", "没有需要核对的修改。")


# --- the table ---------------------------------------------------------------------------------

_OPEN = states(State.UNSUBMITTED, State.PENDING, State.REJECTED)
_MAY_REGISTER = (cohort_takes_registrations, no_agreement, not_disputed)
_REGISTERED = _ALL - {State.UNSUBMITTED}

MACHINE = Machine(
    name="毕业去向",
    labels=dict(State.choices),
    state_of=lambda d: d.state,
    role_of=role_of,
    steps=(
        Step("register", "登记", roles(GRADUATE), _OPEN, State.PENDING, _MAY_REGISTER),
        Step("register", "登记", roles(GRADUATE), states(*APPROVED), State.PENDING,
             (*_MAY_REGISTER, without_job), "while the category is 70, 71 or 72"),
        Step("take_back", "撤回", roles(GRADUATE), states(State.PENDING), None,
             (cohort_takes_registrations, not_opened), "to the state and values before"),
        Step("touch_up", "补充修改", roles(GRADUATE), states(*APPROVED), None,
             (cohort_takes_registrations,), "contacts at once, coded fields after a tick"),
        Step("enter", "录入", _DEPARTMENT, _OPEN | {State.DEPARTMENT_APPROVED},
             State.DEPARTMENT_APPROVED, _MAY_REGISTER),
        Step("enter", "录入", _SCHOOL, _ALL, State.SCHOOL_APPROVED, _MAY_REGISTER,
             "only department_approved where two-person review is on"),
        Step("approve", "通过", _DEPARTMENT, states(State.PENDING, State.ESIGNED),
             State.DEPARTMENT_APPROVED, (not_sealed, not_disputed)),
        Step("approve", "通过", _SCHOOL,
             states(State.PENDING, State.ESIGNED, State.DEPARTMENT_APPROVED),
             State.SCHOOL_APPROVED, (not_sealed, not_disputed, other_person)),
        Step("reject", "不通过", _DEPARTMENT,
             states(State.PENDING, State.ESIGNED, State.DEPARTMENT_APPROVED),
             State.REJECTED, (not_sealed,), "with a reason", needs_reason=True),
        Step("reject", "不通过", _SCHOOL,
             states(State.PENDING, State.ESIGNED, *APPROVED),
             State.REJECTED, (not_sealed,), "with a reason", needs_reason=True),
        Step("undo_review", "撤销审核", _DEPARTMENT | _SCHOOL,
             states(*APPROVED, State.REJECTED), None,
             (not_sealed, not_disputed, reviewed_just_now),
             f"one's own 通过 or 不通过 within {UNDO_SECONDS} seconds; to the state before"),
        Step("reject_national", "全国系统退回", roles(NATIONAL),
             states(*APPROVED, State.REJECTED), State.REJECTED, (),
             "on one already rejected it joins the reasons", needs_reason=True),
        Step("resume", "恢复上报", _DEPARTMENT, states(State.REJECTED),
             State.DEPARTMENT_APPROVED, (not_sealed, from_national, errors_are_gone)),
        Step("resume", "恢复上报", _SCHOOL, states(State.REJECTED), State.SCHOOL_APPROVED,
             (not_sealed, from_national, other_person, errors_are_gone)),
        Step("tick", "核对修改", _DEPARTMENT | _SCHOOL, states(*APPROVED), None,
             (not_sealed, has_flags), "the graduate's touch-up of coded fields"),
        Step("correct_codes", "更正代码", _DEPARTMENT | _SCHOOL,
             states(State.ESIGNED, *APPROVED), None, (not_sealed, has_agreement),
             "性质、行业、职位类别、所在地 only", needs_reason=True),
        Step("correct_codes", "更正代码", _DEPARTMENT | _SCHOOL, states(State.REJECTED),
             State.ESIGNED, (not_sealed, has_agreement), "", needs_reason=True),
        Step("amend", "变更协议", roles(AGREEMENT),
             states(State.ESIGNED, State.DEPARTMENT_APPROVED, State.REJECTED), State.ESIGNED,
             (has_agreement,)),
        Step("sign", "签约", roles(AGREEMENT), _ALL, State.ESIGNED, (no_agreement, seeking)),
        Step("propose_release", "提出解约", roles(GRADUATE), states(*APPROVED), None,
             (not_sealed, no_agreement, not_disputed, with_job, not_proposed),
             "with stamped material, to the department"),
        Step("propose_release", "提出解约", _DEPARTMENT, _REGISTERED, None,
             (not_sealed, no_agreement, not_disputed, not_proposed),
             "with stamped material, to the school"),
        Step("withdraw_release", "撤回解约", roles(GRADUATE) | _DEPARTMENT, _REGISTERED, None,
             (proposed_by_actor,)),
        Step("endorse_release", "同意解约，报学校", _DEPARTMENT, _REGISTERED, None,
             (not_sealed, no_agreement, not_disputed, proposed_to_department, not_reset_by_actor),
             "what the graduate proposed"),
        Step("refuse_release", "不同意解约", _DEPARTMENT, _REGISTERED, None,
             (proposed_to_department,), "with a reason", needs_reason=True),
        Step("refuse_release", "不同意解约", _SCHOOL, _REGISTERED, None,
             (proposed,), "with a reason", needs_reason=True),
        Step("release", "解约", _SCHOOL, _REGISTERED, State.UNSUBMITTED,
             (not_sealed, no_agreement, not_disputed, proposed_by_another, not_reset_by_actor),
             f"category back to {NOT_REGISTERED}"),
        Step("release", "解约", roles(AGREEMENT), _REGISTERED, State.UNSUBMITTED,
             (has_agreement,), f"termination decided; category back to {NOT_REGISTERED}"),
        Step("release", "解约", roles(DISPUTE), _REGISTERED, State.UNSUBMITTED,
             (no_agreement,), "a dispute was upheld"),
        Step("conclude", "转为劳动合同", roles(AGREEMENT), states(*APPROVED), None,
             (not_sealed, has_agreement), "a labour contract followed; category 11, unlocked"),
    ),
)  # fmt: skip

# The pictures of the registered category. Those of another category may be uploaded while that
# category may be registered.
EVIDENCE = Machine(
    name="证明材料（按去向的审核情况）",
    labels=dict(State.choices),
    state_of=lambda d: d.state,
    role_of=role_of,
    steps=(
        Step("change", "更换材料", roles(GRADUATE), _OPEN, None, _MAY_REGISTER,
             "pictures that wait for review can be added, but not removed"),
        Step("change", "更换材料", _DEPARTMENT | _SCHOOL, _ALL, None, (not_sealed,)),
    ),
)  # fmt: skip
