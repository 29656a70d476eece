"""How an agreement ends: the transition table of terminations and its guards (DOMAIN §5)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from accounts.models import Realm, User
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from employers.models import Membership
from employers.queries import speaks_for
from esign.models import Agreement, SigningRules, Termination
from esign.states import AgreementState, Ground, Side, TerminationState
from esign.steps import check_settled, lately_renumbered
from graduates.models import Graduate
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of, visible_to

GRADUATE, EMPLOYER = "graduate", "employer"
ROLE_LABELS = {
    GRADUATE: "毕业生",
    EMPLOYER: "用人单位",
    **LEVEL_LABELS,
}
NONE = "none"  # no procedure is open


@dataclass
class Case:
    """An agreement with its open procedure, if there is one."""

    agreement: Agreement
    graduate: Graduate
    rules: SigningRules
    termination: Termination | None = None
    now: datetime.datetime = field(default_factory=timezone.now)

    @property
    def state(self) -> str:
        return self.termination.state if self.termination is not None else NONE

    @property
    def asked(self) -> Termination:
        assert self.termination is not None
        return self.termination


def role_of(actor: Any) -> str:
    if not isinstance(actor, User):
        return ""
    if actor.realm == Realm.STAFF:
        staff = staff_of(actor)
        return staff.role_level if staff is not None else ""
    return {Realm.GRADUATE: GRADUATE, Realm.EMPLOYER: EMPLOYER}.get(Realm(actor.realm), "")


def side_of(actor: User) -> str:
    return Side.GRADUATE if role_of(actor) == GRADUATE else Side.EMPLOYER


def of_the_parties(case: Case, actor: Any) -> None:
    """The graduate, the person who signed for the unit, or a verified colleague."""
    if role_of(actor) == GRADUATE:
        mine = case.graduate.person.user_id == actor.pk
    else:
        member = case.agreement.member
        mine = member.user_id == actor.pk and member.state != Membership.ENDED
        mine = mine or speaks_for(actor, case.agreement.unit_id)
    if not mine:
        raise Refused("not_yours", "只有协议双方可以办理。")


def settled(case: Case, actor: Any) -> None:
    """No staff ends an agreement as the graduate: after a reset or a new number they wait."""
    if role_of(actor) == GRADUATE:
        renumbered = lately_renumbered(case.graduate.pk)
        check_settled(case.graduate, case.now, renumbered=renumbered, to="办理解约")


def in_force(case: Case, actor: Any) -> None:
    if case.agreement.state != AgreementState.ACTIVE:
        raise Refused("not_active", f"协议{case.agreement.get_state_display()}, 不需要解约。")


def not_too_early(case: Case, actor: Any) -> None:
    start = case.rules.termination_from
    if timezone.localtime(case.now).date() < start:
        raise Refused("too_early", f"学校规定自{start:%Y年%m月%d日}起可以解约。")


def not_too_often(case: Case, actor: Any) -> None:
    """Decided ones count, for this graduate in this cohort."""
    done = Termination.objects.filter(
        graduate_id=case.graduate.pk,
        cohort_id=case.agreement.cohort_id,
        state=TerminationState.AGREED,
    ).count()
    if done >= case.rules.most_terminations:
        raise Refused(
            "too_often", f"已解约{done}次, 达到学校规定的最大解约次数, 请联系学校就业部门。"
        )


def not_sealed(case: Case, actor: Any) -> None:
    if case.graduate.cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{case.graduate.cohort}已封存。")


def the_other_side(case: Case, actor: Any) -> None:
    of_the_parties(case, actor)
    if side_of(actor) == case.asked.started_by:
        raise Refused("own_request", "解约由您一方提出, 请等待对方答复。")


def the_same_side(case: Case, actor: Any) -> None:
    of_the_parties(case, actor)
    if side_of(actor) != case.asked.started_by:
        raise Refused("not_own_request", "只有提出解约的一方可以操作。")


def silent_too_long(case: Case, actor: Any) -> None:
    """Silence is never consent; it only opens the way of the unit's stamped release."""
    limit = case.asked.answer_by
    if limit is None or case.now <= limit:
        raise Refused("still_waiting", "对方答复期限未到, 请先等待对方答复。")


def in_scope(case: Case, actor: Any) -> None:
    """Staff acts on the graduates they look after, whatever page they came by."""
    mine = Agreement.objects.filter(pk=case.agreement.pk)
    if not visible_to(mine, actor, graduate="graduate").exists():
        raise NotPermitted("scope", "此协议不在您的管理范围内。")


def called_back(case: Case, actor: Any) -> None:
    """A stamped release counts once somebody rang the unit back."""
    if case.asked.stamped_at is not None and case.asked.called_back_at is None:
        raise Refused("not_called_back", "请先电话回访用人单位并填写回访记录。")


def only_stamped(case: Case, actor: Any) -> None:
    if case.asked.stamped_at is None:
        raise Refused("not_stamped", "只有上传盖章解约材料的申请需要回访。")


def department_decides(case: Case, actor: Any) -> None:
    if not case.rules.department_decides:
        raise Refused("school_decides", "本校须由学校终审。")


def school_decides(case: Case, actor: Any) -> None:
    if case.rules.department_decides:
        raise Refused("department_decides", "本校由院系审核即可。")


_OTHER, _DEPARTMENT, _SCHOOL = (
    TerminationState.WAITING_OTHER,
    TerminationState.WAITING_DEPARTMENT,
    TerminationState.WAITING_SCHOOL,
)
_DEPARTMENT_STAFF = roles(Level.CLASS, Level.DEPARTMENT)
_PARTIES = roles(GRADUATE, EMPLOYER)

TERMINATION = Machine(
    name="解约申请",
    labels={NONE: "未申请", **dict(TerminationState.choices)},
    state_of=lambda case: case.state,
    role_of=role_of,
    steps=(
        Step("start_mutual", "申请协商解约", _PARTIES, states(NONE), _OTHER,
             (of_the_parties, in_force, not_sealed, not_too_early, not_too_often, settled)),
        Step("start_one_sided", "申请单方解约", _PARTIES, states(NONE), _DEPARTMENT,
             (of_the_parties, in_force, not_sealed, not_too_early, not_too_often, settled),
             "with proof and the date of the written notice"),
        Step("consent", "同意解约", _PARTIES, states(_OTHER), _DEPARTMENT, (the_other_side, settled)),
        Step("refuse", "不同意解约", _PARTIES, states(_OTHER), TerminationState.REFUSED,
             (the_other_side,), "", needs_reason=True),
        Step("withdraw", "撤回申请", _PARTIES, states(_OTHER, _DEPARTMENT, _SCHOOL),
             TerminationState.WITHDRAWN, (the_same_side,)),
        Step("upload_release", "上传盖章解约材料", roles(GRADUATE), states(_OTHER), _DEPARTMENT,
             (the_same_side, silent_too_long), "after the other side was silent too long"),
        Step("note_call", "登记回访", _DEPARTMENT_STAFF | roles(Level.SCHOOL),
             states(_DEPARTMENT, _SCHOOL), None, (in_scope, only_stamped), "", needs_reason=True),
        Step("pass_on", "初审同意", _DEPARTMENT_STAFF, states(_DEPARTMENT), _SCHOOL,
             (in_scope, school_decides)),
        Step("agree", "同意", _DEPARTMENT_STAFF, states(_DEPARTMENT), TerminationState.AGREED,
             (in_scope, department_decides, not_sealed, called_back), "where the school settles for it"),
        Step("agree", "终审同意", roles(Level.SCHOOL), states(_SCHOOL),
             TerminationState.AGREED, (in_scope, not_sealed, called_back)),
        Step("turn_down", "不同意", _DEPARTMENT_STAFF, states(_DEPARTMENT),
             TerminationState.REFUSED, (in_scope,), "", needs_reason=True),
        Step("turn_down", "不同意", roles(Level.SCHOOL), states(_SCHOOL),
             TerminationState.REFUSED, (in_scope,), "", needs_reason=True),
    ),
)  # fmt: skip
STARTS = {Ground.MUTUAL: "start_mutual"}


def start_of(ground: str) -> str:
    return STARTS.get(Ground(ground), "start_one_sided")
