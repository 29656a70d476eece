"""The transition table of terminations and its guards (DOMAIN §5)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import Realm, User
from accounts.second_person import check_another_person
from core.clock import database_now
from core.errors import NotPermitted, Refused
from core.models import Event
from core.states import Machine, Step, roles, states
from employers.queries import may_act_for
from esign.models import Agreement, Amendment, Conclusion, SigningRules, Termination
from esign.states import (
    AgreementState,
    AmendmentState,
    ConclusionState,
    Ground,
    Side,
    TerminationState,
)
from esign.steps import check_account_settled, mobile_changed_lately
from graduates.models import Graduate
from graduates.queries import has_reset_account
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of, visible_to

GRADUATE, EMPLOYER, CLOCK = "graduate", "employer", "clock"
ROLE_LABELS = {
    GRADUATE: "毕业生",
    EMPLOYER: "用人单位",
    CLOCK: "到期",
    **LEVEL_LABELS,
}
# How long a consent can be taken back. Department and school see it afterwards.
TAKE_BACK_PERIOD = datetime.timedelta(hours=1)
NO_TERMINATION = "none"  # the state of an agreement that has no open termination


@dataclass
class TerminationFacts:
    """An agreement with everything that the guards look at; `termination` is the open one, if any."""

    agreement: Agreement
    graduate: Graduate
    rules: SigningRules
    termination: Termination | None = None
    now: datetime.datetime = field(default_factory=database_now)

    @property
    def state(self) -> str:
        return self.termination.state if self.termination is not None else NO_TERMINATION

    @property
    def open_termination(self) -> Termination:
        """The open termination, for steps that only start where there is one."""
        assert self.termination is not None
        return self.termination


def role_of(actor: User | None) -> str:
    """The actor's role in the table; no actor at all is the clock."""
    if actor is None:
        return CLOCK
    if not isinstance(actor, User):
        return ""
    if actor.realm == Realm.STAFF:
        staff = staff_of(actor)
        return staff.role_level if staff is not None else ""
    return {Realm.GRADUATE: GRADUATE, Realm.EMPLOYER: EMPLOYER}.get(Realm(actor.realm), "")


def side_of(actor: User) -> str:
    return Side.GRADUATE if role_of(actor) == GRADUATE else Side.EMPLOYER


def by_a_party(facts: TerminationFacts, actor: User) -> None:
    """The actor is the graduate, the person who signed for the unit, or a verified colleague."""
    if role_of(actor) == GRADUATE:
        is_party = facts.graduate.person.user_id == actor.pk
    else:
        agreement = facts.agreement
        is_party = may_act_for(actor, agreement.member, agreement.invitation.sent_at)
    if not is_party:
        raise Refused("not_yours", "只有协议双方可以办理。")


def account_settled(facts: TerminationFacts, actor: User) -> None:
    """After a reset of the account or a new mobile number the graduate waits for 72 hours, so that
    nobody ends the agreement in the graduate's name."""
    if role_of(actor) == GRADUATE:
        mobile_changed = mobile_changed_lately(facts.graduate.pk)
        check_account_settled(
            facts.graduate, facts.now, mobile_changed=mobile_changed, to="办理解约"
        )


def agreement_active(facts: TerminationFacts, actor: User) -> None:
    if facts.agreement.state != AgreementState.ACTIVE:
        raise Refused("not_active", f"协议{facts.agreement.get_state_display()}，不需要解约。")


def not_too_early(facts: TerminationFacts, actor: User) -> None:
    start = facts.rules.termination_from
    if timezone.localtime(facts.now).date() < start:
        raise Refused("too_early", f"学校规定自{start:%Y年%m月%d日}起可以解约。")


def not_too_often(facts: TerminationFacts, actor: User) -> None:
    """Terminations that were agreed count, of this graduate in this cohort."""
    agreed = Termination.objects.filter(
        graduate_id=facts.graduate.pk,
        cohort_id=facts.agreement.cohort_id,
        state=TerminationState.AGREED,
    ).count()
    if agreed >= facts.rules.most_terminations:
        raise Refused(
            "too_often", f"已解约{agreed}次，达到学校规定的最大解约次数，请联系学校就业部门。"
        )


def no_open_amendment(facts: TerminationFacts, actor: User) -> None:
    """A proposed change is answered or withdrawn before anyone asks to end the agreement. The
    database refuses it too (migration 0005)."""
    proposed = Amendment.objects.filter(agreement=facts.agreement, state=AmendmentState.PROPOSED)
    if proposed.exists():
        raise Refused(
            "amendment_open",
            "单位提出的修改正等待毕业生确认，请毕业生先确认或拒绝，或由单位撤回修改，再申请解约。",
        )


def no_open_conclusion(facts: TerminationFacts, actor: User) -> None:
    """Whether a labour contract followed is settled before anyone asks to end the agreement. The
    database refuses it too (migration 0005)."""
    rows = Conclusion.objects.filter(agreement=facts.agreement, state=ConclusionState.PROPOSED)
    if rows.exists():
        raise Refused(
            "conclusion_open",
            "转为劳动合同的申请正等待确认，请先确认、拒绝或由提出的一方撤回，再申请解约。",
        )


def not_sealed(facts: TerminationFacts, actor: User) -> None:
    if facts.graduate.cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{facts.graduate.cohort}已封存。")


def by_other_side(facts: TerminationFacts, actor: User) -> None:
    by_a_party(facts, actor)
    if side_of(actor) == facts.open_termination.started_by:
        raise Refused("own_request", "解约由您一方提出，请等待另一方答复。")


def by_starting_side(facts: TerminationFacts, actor: User) -> None:
    by_a_party(facts, actor)
    if side_of(actor) != facts.open_termination.started_by:
        raise Refused("not_own_request", "只有提出解约的一方可以操作。")


def answer_overdue(facts: TerminationFacts, actor: User) -> None:
    """A missing answer is never consent. It only allows the unit's stamped release to be uploaded."""
    limit = facts.open_termination.answer_by
    if limit is None or facts.now <= limit:
        raise Refused("still_waiting", "单位的答复期限未到，请先等待单位答复。")


def take_back_until(termination: Termination | None) -> datetime.datetime | None:
    """Until when the consent to this termination can be taken back; None if none can be."""
    if termination is None or termination.state != TerminationState.CONSENTED:
        return None
    assert termination.consented_at is not None  # the database guarantees it in this state
    return termination.consented_at + TAKE_BACK_PERIOD


def _is_take_back_period_over(facts: TerminationFacts) -> bool:
    until = take_back_until(facts.termination)
    return until is None or until <= facts.now


def within_take_back_period(facts: TerminationFacts, actor: User) -> None:
    if _is_take_back_period_over(facts):
        raise Refused("too_late", "同意已满一小时，申请将转院系审核，不能再撤回同意。")


def take_back_period_over(facts: TerminationFacts, actor: None) -> None:
    if not _is_take_back_period_over(facts):
        raise Refused("too_soon", "同意未满一小时，还可以撤回。")


def in_scope(facts: TerminationFacts, actor: User) -> None:
    """Staff may only act on graduates in their scope."""
    rows = Agreement.objects.filter(pk=facts.agreement.pk)
    if not visible_to(rows, actor, graduate="graduate").exists():
        raise NotPermitted("scope", "此协议不在您的管理范围内。")


def by_others_than_reset(facts: TerminationFacts, actor: User) -> None:
    """Whoever reset the graduate's account does not decide about what was asked for in it."""
    if has_reset_account(actor, facts.graduate.pk):
        raise Refused("reset_by_you", "您在30天内重置过此毕业生的帐号，须由另一位老师审核。")


def by_another_than_passed_on(facts: TerminationFacts, actor: User) -> None:
    """Two reviews take two persons. Those of the department who passed it on are in the log by id."""
    passed_on = Event.objects.filter(
        action="esign.terminate_pass", object_type="agreement", object_id=facts.agreement.pk
    )
    check_another_person(
        first=passed_on.order_by("-id").values_list("actor_id", flat=True)[:1],
        second=actor,
        same="您已初审，须由另一位老师终审。",
    )


def called_back(facts: TerminationFacts, actor: User) -> None:
    """A stamped release is only accepted after staff has telephoned the unit."""
    if (
        facts.open_termination.stamped_at is not None
        and facts.open_termination.called_back_at is None
    ):
        raise Refused("not_called_back", "请先电话回访用人单位并填写回访记录。")


def has_stamped_release(facts: TerminationFacts, actor: User) -> None:
    if facts.open_termination.stamped_at is None:
        raise Refused("not_stamped", "只有上传盖章解约材料的申请需要回访。")


def department_decides(facts: TerminationFacts, actor: User) -> None:
    if not facts.rules.department_decides:
        raise Refused("school_decides", "本校须由学校终审。")


def school_decides(facts: TerminationFacts, actor: User) -> None:
    if facts.rules.department_decides:
        raise Refused("department_decides", "本校由院系审核即可。")


_OTHER, _CONSENTED, _DEPARTMENT, _SCHOOL = (
    TerminationState.WAITING_OTHER,
    TerminationState.CONSENTED,
    TerminationState.WAITING_DEPARTMENT,
    TerminationState.WAITING_SCHOOL,
)
_DEPARTMENT_STAFF = roles(Level.CLASS, Level.DEPARTMENT)
_PARTIES = roles(GRADUATE, EMPLOYER)

TERMINATION = Machine(
    name="解约申请",
    labels={NO_TERMINATION: "未申请", **dict(TerminationState.choices)},
    state_of=lambda facts: facts.state,
    role_of=role_of,
    steps=(
        Step("start_mutual", "申请协商解约", _PARTIES, states(NO_TERMINATION), _OTHER,
             (by_a_party, agreement_active, not_sealed, not_too_early, not_too_often, account_settled,
              no_open_amendment, no_open_conclusion)),
        Step("start_one_sided", "申请单方解约", _PARTIES, states(NO_TERMINATION), _DEPARTMENT,
             (by_a_party, agreement_active, not_sealed, not_too_early, not_too_often, account_settled,
              no_open_amendment, no_open_conclusion),
             "with proof and the date of the written notice"),
        Step("consent", "同意解约", _PARTIES, states(_OTHER), _CONSENTED, (by_other_side, account_settled),
             "with a one-time code; staff do not see it yet"),
        Step("take_back", "撤回同意", _PARTIES, states(_CONSENTED), _OTHER,
             (by_other_side, within_take_back_period), "within an hour"),
        Step("forward", "转院系审核", roles(CLOCK), states(_CONSENTED), _DEPARTMENT,
             (take_back_period_over,), "an hour after the consent"),
        Step("refuse", "不同意解约", _PARTIES, states(_OTHER), TerminationState.REFUSED,
             (by_other_side,), "", needs_reason=True),
        Step("withdraw", "撤回申请", _PARTIES, states(_OTHER, _CONSENTED, _DEPARTMENT, _SCHOOL),
             TerminationState.WITHDRAWN, (by_starting_side,)),
        Step("upload_release", "上传盖章解约材料", roles(GRADUATE), states(_OTHER), _DEPARTMENT,
             (by_starting_side, answer_overdue), "after the other side was silent too long"),
        Step("note_call", "登记回访", _DEPARTMENT_STAFF | roles(Level.SCHOOL),
             states(_DEPARTMENT, _SCHOOL), None, (in_scope, has_stamped_release), "", needs_reason=True),
        Step("pass_on", "初审同意", _DEPARTMENT_STAFF, states(_DEPARTMENT), _SCHOOL,
             (in_scope, by_others_than_reset, school_decides)),
        Step("agree", "同意", _DEPARTMENT_STAFF, states(_DEPARTMENT), TerminationState.AGREED,
             (in_scope, by_others_than_reset, department_decides, not_sealed, called_back), "where the school settles for it"),
        Step("agree", "终审同意", roles(Level.SCHOOL), states(_SCHOOL),
             TerminationState.AGREED, (in_scope, by_others_than_reset, by_another_than_passed_on,
              not_sealed, called_back)),
        Step("turn_down", "不同意", _DEPARTMENT_STAFF, states(_DEPARTMENT),
             TerminationState.REFUSED, (in_scope,), "", needs_reason=True),
        Step("turn_down", "不同意", roles(Level.SCHOOL), states(_SCHOOL),
             TerminationState.REFUSED, (in_scope,), "", needs_reason=True),
    ),
)  # fmt: skip
_START_STEPS = {Ground.MUTUAL: "start_mutual"}


def start_step_of(ground: str) -> str:
    """The action that starts a termination on this ground."""
    return _START_STEPS.get(Ground(ground), "start_one_sided")
