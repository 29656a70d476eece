"""The transition table of conclusions (转为劳动合同) and its guards: one person says that a labour contract
followed an agreement, another person confirms it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import Realm, User
from accounts.second_person import check_another_person
from core.clock import database_now
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from destinations.models import Destination
from destinations.states import APPROVED
from employers.queries import may_act_for
from esign.models import Agreement, Amendment, Conclusion, SigningRules, Termination
from esign.states import (
    OPEN_TERMINATION,
    AgreementState,
    AmendmentState,
    ConclusionState,
    Proposer,
)
from esign.steps import check_account_settled, mobile_changed_lately
from esign.termination_steps import EMPLOYER, GRADUATE, ROLE_LABELS, role_of
from graduates.models import Graduate
from graduates.queries import has_reset_account
from schools.models import Phase
from schools.roles import Level
from schools.scope import visible_to

__all__ = ["CONCLUSION", "ROLE_LABELS", "ConclusionFacts", "proposer_of"]
NO_CONCLUSION = "none"  # the state of an agreement without an open conclusion


@dataclass
class ConclusionFacts:
    """An agreement with everything that the guards look at; `conclusion` is the open one, if any."""

    agreement: Agreement
    graduate: Graduate
    destination: Destination
    rules: SigningRules
    conclusion: Conclusion | None = None
    now: datetime.datetime = field(default_factory=database_now)

    @property
    def state(self) -> str:
        return self.conclusion.state if self.conclusion is not None else NO_CONCLUSION

    @property
    def open_conclusion(self) -> Conclusion:
        """The open conclusion, for steps that only start where there is one."""
        assert self.conclusion is not None
        return self.conclusion


def proposer_of(actor: User) -> str:
    return Proposer.EMPLOYER if actor.realm == Realm.EMPLOYER else Proposer.SCHOOL


def by_unit(facts: ConclusionFacts, actor: User) -> None:
    """The person who signed for the unit, or a verified colleague."""
    agreement = facts.agreement
    if not may_act_for(actor, agreement.member, agreement.invitation.sent_at):
        raise Refused("not_yours", "只有签约的联系人或单位的认证人员可以办理。")


def by_graduate(facts: ConclusionFacts, actor: User) -> None:
    if facts.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以确认。")


def account_settled(facts: ConclusionFacts, actor: User) -> None:
    """So that nobody resets the account and then confirms in the graduate's name."""
    changed = mobile_changed_lately(facts.graduate.pk)
    check_account_settled(facts.graduate, facts.now, mobile_changed=changed, to="确认")


def in_scope(facts: ConclusionFacts, actor: User) -> None:
    rows = Agreement.objects.filter(pk=facts.agreement.pk)
    if not visible_to(rows, actor, graduate="graduate").exists():
        raise NotPermitted("scope", "此协议不在您的管理范围内。")


def agreement_active(facts: ConclusionFacts, actor: User) -> None:
    if facts.agreement.state != AgreementState.ACTIVE:
        raise Refused(
            "not_active", f"协议{facts.agreement.get_state_display()}，不能转为劳动合同。"
        )


def not_sealed(facts: ConclusionFacts, actor: User) -> None:
    if facts.graduate.cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{facts.graduate.cohort}已封存。")


def approved(facts: ConclusionFacts, actor: User) -> None:
    if facts.destination.state not in APPROVED:
        raise Refused("not_approved", "去向审核通过以后才能转为劳动合同。")


def not_disputed(facts: ConclusionFacts, actor: User) -> None:
    if facts.destination.disputed_at is not None:
        raise Refused("disputed", "毕业生对去向有异议，处理完毕以后再操作。")


def no_termination(facts: ConclusionFacts, actor: User) -> None:
    """The database refuses it too (migration 0005)."""
    rows = Termination.objects.filter(agreement=facts.agreement, state__in=OPEN_TERMINATION)
    if rows.exists():
        raise Refused("termination_open", "解约申请正在办理，办结或撤回以后再操作。")


def no_amendment(facts: ConclusionFacts, actor: User) -> None:
    """The database refuses it too (migration 0005)."""
    proposed = Amendment.objects.filter(agreement=facts.agreement, state=AmendmentState.PROPOSED)
    if proposed.exists():
        raise Refused(
            "amendment_open",
            "单位提出的修改正等待毕业生确认，请毕业生先确认或拒绝，或由单位撤回修改，再操作。",
        )


def by_proposing_side(facts: ConclusionFacts, actor: User) -> None:
    if proposer_of(actor) != facts.open_conclusion.proposed_by:
        raise Refused("not_own_request", "只有提出的一方可以撤回。")


def by_second_person(facts: ConclusionFacts, actor: User) -> None:
    """Nobody decides on what they proposed themselves. The database refuses to confirm it, too."""
    same = "由您提出，须由毕业生本人或另一位老师确认。"
    first = [facts.open_conclusion.proposed_by_user_id]
    check_another_person(first=first, second=actor, same=same)


def account_not_reset_by_proposer(facts: ConclusionFacts, actor: User) -> None:
    """Whoever proposed it at the school and reset the graduate's account could confirm it alone."""
    conclusion = facts.open_conclusion
    proposer = conclusion.proposed_by_user
    if conclusion.proposed_by == Proposer.SCHOOL and has_reset_account(proposer, facts.graduate.pk):
        raise Refused(
            "reset_by_proposer", "提出的老师在30天内重置过您的帐号，请由学校另一位老师确认。"
        )


def graduate_was_silent(facts: ConclusionFacts, actor: User) -> None:
    """What the unit proposed is first the graduate's to confirm."""
    conclusion = facts.open_conclusion
    if conclusion.proposed_by == Proposer.EMPLOYER and facts.now <= conclusion.answer_by:
        until = timezone.localtime(conclusion.answer_by)
        raise Refused(
            "still_waiting", f"毕业生答复期限（{until:%Y年%m月%d日}）未到，请先等待毕业生确认。"
        )


_PROPOSED = states(ConclusionState.PROPOSED)
_STAFF = roles(Level.DEPARTMENT, Level.SCHOOL)
_POSSIBLE = (agreement_active, not_sealed, approved, not_disputed)
_SECOND = (in_scope, by_second_person, graduate_was_silent)

CONCLUSION = Machine(
    name="转为劳动合同",
    labels={NO_CONCLUSION: "未提出", **dict(ConclusionState.choices)},
    state_of=lambda facts: facts.state,
    role_of=role_of,
    steps=(
        Step("propose", "提出转为劳动合同", roles(EMPLOYER), states(NO_CONCLUSION),
             ConclusionState.PROPOSED, (by_unit, *_POSSIBLE, no_termination, no_amendment),
             "with pictures of the labour contract and its date; while it is open no termination starts"
             " and no change is proposed"),
        Step("propose", "提出转为劳动合同", roles(Level.SCHOOL), states(NO_CONCLUSION),
             ConclusionState.PROPOSED, (in_scope, *_POSSIBLE, no_termination, no_amendment), "the same"),
        Step("confirm", "确认", roles(GRADUATE), _PROPOSED, ConclusionState.CONFIRMED,
             (by_graduate, *_POSSIBLE, account_settled, account_not_reset_by_proposer), "ends the agreement"),
        Step("confirm", "确认", _STAFF, _PROPOSED, ConclusionState.CONFIRMED,
             (*_SECOND, *_POSSIBLE),
             "by another person than the one who proposed it; of the unit's proposal only after the"
             " graduate did not answer in time"),
        Step("refuse", "不同意", roles(GRADUATE), _PROPOSED, ConclusionState.REFUSED, (by_graduate,),
             needs_reason=True),
        Step("refuse", "不同意", _STAFF, _PROPOSED, ConclusionState.REFUSED, _SECOND,
             "under the same conditions", needs_reason=True),
        Step("withdraw", "撤回", roles(EMPLOYER), _PROPOSED, ConclusionState.WITHDRAWN,
             (by_unit, by_proposing_side)),
        Step("withdraw", "撤回", roles(Level.SCHOOL), _PROPOSED, ConclusionState.WITHDRAWN,
             (in_scope, by_proposing_side)),
    ),
)  # fmt: skip
