"""The transition table of 就业推荐表 (DOMAIN-AROUND §1.4)."""

from __future__ import annotations

from accounts.models import User
from accounts.second_person import check_another_person
from core.errors import NotPermitted, Refused
from core.models import Event
from core.states import Machine, Step, roles, states
from graduates.permissions import phase_for
from graduates.queries import has_reset_account
from graduates.states import Confirmation, Standing
from recruiting.acting import CLOCK, GRADUATE, role_of
from recruiting.models import Recommendation
from recruiting.states import RecommendationState
from schools.models import Phase
from schools.roles import Level
from schools.scope import scope_of, visible_to

# The event of the department's opinion. It tells whose opinion it was.
RECOMMENDED = "recruiting.recommend"


def by_the_graduate(form: Recommendation, actor: User) -> None:
    if form.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以操作。")


def still_studies(form: Recommendation, actor: User) -> None:
    """A form is for graduates 在籍 whose cohort has not ended."""
    if form.graduate.standing != Standing.ENROLLED:
        label = form.graduate.get_standing_display()
        raise Refused("standing", f"学籍状态为{label}，不能办理就业推荐表。")
    if phase_for(form.graduate) in (Phase.ENDED, Phase.SEALED):
        raise Refused("cohort_ended", f"{form.graduate.cohort}已截止，不能再办理就业推荐表。")


def record_is_confirmed(form: Recommendation, actor: User) -> None:
    if form.graduate.confirmation == Confirmation.UNSUBMITTED:
        sentence = "生源信息还没有由毕业生本人确认，确认以后才能提交和办理推荐表。"
        raise Refused("not_confirmed", sentence)


def in_own_scope(form: Recommendation, actor: User | None) -> None:
    scope = scope_of(actor) if actor is not None else None
    if actor is None or (scope is not None and scope.whole_school
                         and scope.school_id == form.school_id):  # fmt: skip
        return
    mine = visible_to(Recommendation.objects.filter(pk=form.pk), actor, graduate="graduate")
    if not mine.exists():
        raise NotPermitted("scope", "该毕业生不在您的管理范围内。")


def not_reset_by_actor(form: Recommendation, actor: User) -> None:
    if has_reset_account(actor, form.graduate_id):
        sentence = "您在30天内重置过该毕业生的帐号，须由另一人办理推荐表。"
        raise Refused("reset_by_you", sentence)


def another_than_department(form: Recommendation, actor: User) -> None:
    """Where the school asks for review by two persons, nobody seals after their own opinion."""
    if not form.school.two_person_review:
        return
    events = Event.objects.filter(
        object_type="recommendation", object_id=form.pk, action=RECOMMENDED
    )
    first = events.order_by("-id").values_list("actor_id", flat=True)[:1]
    same = "院系意见由您本人填写，本校要求由另一人盖章。"
    check_another_person(first=list(first), second=actor, same=same)


_S = RecommendationState
_DEPARTMENT = roles(Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
_SOUND = (in_own_scope, still_studies, record_is_confirmed, not_reset_by_actor)
RECOMMENDATION = Machine(
    name="就业推荐表",
    labels=dict(RecommendationState.choices),
    state_of=lambda form: form.state,
    role_of=role_of,
    steps=(
        Step("edit", "填写", roles(GRADUATE), states(_S.DRAFT), None,
             (by_the_graduate, still_studies)),
        Step("submit", "提交", roles(GRADUATE), states(_S.DRAFT), _S.WAITING_DEPARTMENT,
             (by_the_graduate, still_studies, record_is_confirmed)),
        Step("withdraw", "撤回", roles(GRADUATE), states(_S.WAITING_DEPARTMENT), _S.DRAFT,
             (by_the_graduate,)),
        Step("recommend", "院系意见", _DEPARTMENT, states(_S.WAITING_DEPARTMENT),
             _S.WAITING_SCHOOL, _SOUND, "with the department's opinion"),
        Step("return", "退回", _DEPARTMENT, states(_S.WAITING_DEPARTMENT), _S.DRAFT,
             (in_own_scope,), needs_reason=True),
        Step("return", "退回", roles(Level.SCHOOL), states(_S.WAITING_SCHOOL), _S.DRAFT,
             (in_own_scope,), needs_reason=True),
        Step("seal", "盖章", roles(Level.SCHOOL), states(_S.WAITING_SCHOOL), _S.VALID,
             (*_SOUND, another_than_department), "numbered and frozen; the one before becomes void"),
        Step("void", "作废", roles(Level.SCHOOL, CLOCK), states(_S.VALID), _S.VOID,
             (in_own_scope,), "by the school, by a new form, or at the end of the cohort",
             needs_reason=True),
    ),
)  # fmt: skip
