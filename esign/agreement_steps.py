"""The transition table of agreements: one ends because a labour contract followed, or by termination."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from destinations.models import Destination
from destinations.states import APPROVED
from esign.models import Agreement, Termination
from esign.states import OPEN_TERMINATION, AgreementState
from esign.termination_steps import role_of
from graduates.models import Graduate
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import visible_to

ROLE_LABELS = LEVEL_LABELS | {"termination": "解约申请", "dispute": "异议成立"}


@dataclass
class AgreementFacts:
    """An agreement with everything that its guards look at."""

    agreement: Agreement
    graduate: Graduate
    destination: Destination


def in_scope(facts: AgreementFacts, actor: User) -> None:
    rows = Agreement.objects.filter(pk=facts.agreement.pk)
    if not visible_to(rows, actor, graduate="graduate").exists():
        raise NotPermitted("scope", "此协议不在您的管理范围内。")


def approved(facts: AgreementFacts, actor: User) -> None:
    if facts.destination.state not in APPROVED:
        raise Refused("not_approved", "去向审核通过以后才能转为劳动合同。")


def not_sealed(facts: AgreementFacts, actor: User) -> None:
    if facts.graduate.cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{facts.graduate.cohort}已封存。")


def no_termination(facts: AgreementFacts, actor: User) -> None:
    rows = Termination.objects.filter(agreement=facts.agreement, state__in=OPEN_TERMINATION)
    if rows.exists():
        raise Refused("termination_open", "解约申请正在办理，办结以后再操作。")


AGREEMENT = Machine(
    name="就业协议",
    labels=dict(AgreementState.choices),
    state_of=lambda facts: facts.agreement.state,
    role_of=role_of,
    steps=(
        Step("conclude", "转为劳动合同", roles(Level.SCHOOL), states(AgreementState.ACTIVE),
             AgreementState.ENDED, (in_scope, not_sealed, approved, no_termination),
             "article three: a labour contract followed", needs_reason=True),
        Step("terminate", "解约", roles("termination", "dispute"), states(AgreementState.ACTIVE),
             AgreementState.TERMINATED, (), "an application was agreed, or a dispute upheld"),
    ),
)  # fmt: skip
