"""The transition table of 就业推荐表 (DOMAIN-AROUND §1.4)."""

from __future__ import annotations

from accounts.models import User
from core.errors import Refused
from core.states import Machine, Step, roles, states
from recruiting.acting import CLOCK, GRADUATE, role_of
from recruiting.models import Recommendation
from recruiting.states import RecommendationState
from schools.roles import Level


def by_the_graduate(form: Recommendation, actor: User) -> None:
    if form.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以操作。")


_S = RecommendationState
_DEPARTMENT = roles(Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
RECOMMENDATION = Machine(
    name="就业推荐表",
    labels=dict(RecommendationState.choices),
    state_of=lambda form: form.state,
    role_of=role_of,
    steps=(
        Step("edit", "填写", roles(GRADUATE), states(_S.DRAFT), None, (by_the_graduate,)),
        Step("submit", "提交", roles(GRADUATE), states(_S.DRAFT), _S.WAITING_DEPARTMENT,
             (by_the_graduate,)),
        Step("withdraw", "撤回", roles(GRADUATE), states(_S.WAITING_DEPARTMENT), _S.DRAFT,
             (by_the_graduate,)),
        Step("recommend", "院系意见", _DEPARTMENT, states(_S.WAITING_DEPARTMENT),
             _S.WAITING_SCHOOL, (), "with the department's opinion"),
        Step("return", "退回", _DEPARTMENT, states(_S.WAITING_DEPARTMENT), _S.DRAFT, (),
             needs_reason=True),
        Step("return", "退回", roles(Level.SCHOOL), states(_S.WAITING_SCHOOL), _S.DRAFT, (),
             needs_reason=True),
        Step("seal", "盖章", roles(Level.SCHOOL), states(_S.WAITING_SCHOOL), _S.VALID, (),
             "numbered and frozen; the one before becomes void"),
        Step("void", "作废", roles(Level.SCHOOL, CLOCK), states(_S.VALID), _S.VOID, (),
             "by the school, by a new form, or at the end of the cohort", needs_reason=True),
    ),
)  # fmt: skip
