"""The transition tables of verifications, reports of units and appeals (DOMAIN-AROUND §1.1, §1.8)."""

from __future__ import annotations

from accounts.models import User
from accounts.second_person import check_another_person
from core.errors import Refused
from core.states import Machine, Step, roles, states
from recruiting.acting import GRADUATE, UNIT, role_of
from recruiting.models import Sanction, UnitReport, Verification
from recruiting.states import OPEN_REPORT, AppealState, ReportState, VerificationState
from recruiting.unit_standing import check_recruits_for
from schools.roles import Level
from schools.scope import staff_of

_PROVINCE = roles(Level.PROVINCE)
_STAFF = roles(Level.SCHOOL, Level.PROVINCE)


def of_own_unit(row: Verification | Sanction, actor: User) -> None:
    check_recruits_for(actor, row.unit_id)


_V = VerificationState
VERIFICATION = Machine(
    name="招聘资格核验",
    labels=dict(VerificationState.choices),
    state_of=lambda verification: verification.state,
    role_of=role_of,
    steps=(
        Step("approve", "核验通过", _PROVINCE, states(_V.WAITING), _V.APPROVED, (),
             "valid for six months"),
        Step("refuse", "不通过", _PROVINCE, states(_V.WAITING), _V.REFUSED, needs_reason=True),
        Step("withdraw", "撤回", roles(UNIT), states(_V.WAITING), _V.WITHDRAWN, (of_own_unit,)),
    ),
)  # fmt: skip


def by_the_reporter(report: UnitReport, actor: User) -> None:
    if report.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有举报人本人可以撤回。")


def by_its_examiner(report: UnitReport, actor: User) -> None:
    """The province examines every report; a school only those that were assigned to it."""
    staff = staff_of(actor)
    if staff is None or staff.role_level == Level.PROVINCE:
        return
    if report.examined_by_school_id != staff.school_id:
        raise Refused("other_examiner", "此举报由省级核查。")


_R = ReportState
REPORT = Machine(
    name="单位举报",
    labels=dict(ReportState.choices),
    state_of=lambda report: report.state,
    role_of=role_of,
    steps=(
        Step("begin", "开始核查", _STAFF, states(_R.SUBMITTED), _R.EXAMINING, (by_its_examiner,)),
        Step("uphold", "属实", _STAFF, states(*OPEN_REPORT), _R.UPHELD, (by_its_examiner,),
             "with a sanction; blacklisting only by the province", needs_reason=True),
        Step("dismiss", "不属实", _STAFF, states(*OPEN_REPORT), _R.DISMISSED, (by_its_examiner,),
             needs_reason=True),
        Step("withdraw", "撤回", roles(GRADUATE), states(_R.SUBMITTED), _R.WITHDRAWN,
             (by_the_reporter,)),
    ),
)  # fmt: skip


def another_person(sanction: Sanction, actor: User) -> None:
    same = "申诉须由作出处理以外的人员答复。"
    check_another_person(first=[sanction.decided_by_id], second=actor, same=same)


_A = AppealState
APPEAL = Machine(
    name="处理与申诉",
    labels=dict(AppealState.choices),
    state_of=lambda sanction: sanction.appeal_state,
    role_of=role_of,
    steps=(
        Step("appeal", "申诉", roles(UNIT), states(_A.NONE), _A.WAITING, (of_own_unit,),
             "once, within 15 days", needs_reason=True),
        Step("keep", "维持", _PROVINCE, states(_A.WAITING), _A.KEPT, (another_person,),
             needs_reason=True),
        Step("revoke", "撤销", _PROVINCE, states(_A.WAITING), _A.REVOKED, (another_person,),
             "what the sanction stopped goes on", needs_reason=True),
    ),
)  # fmt: skip
