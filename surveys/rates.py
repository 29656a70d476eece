"""How many answered a survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from surveys.models import Answer, Invitation, Survey, UnitAnswer
from surveys.states import Audience, InvitationState

HIDDEN = "—"


@dataclass(frozen=True)
class Rates:
    """How many answered: 回收率 = 完成 ÷ 有效邀请 (without 退信); 有效率 = 有效 ÷ 收存的完整答卷."""

    invited: int
    by_state: Mapping[str, int]
    collected: int
    valid: int

    @property
    def reachable(self) -> int:
        return self.invited - self.by_state.get(InvitationState.BOUNCED, 0)

    @property
    def completed(self) -> int:
        return self.by_state.get(InvitationState.DONE, 0)

    @property
    def response_rate(self) -> str:
        return percent_words(self.completed, self.reachable)

    @property
    def valid_rate(self) -> str:
        return percent_words(self.valid, self.collected)

    @property
    def states(self) -> list[tuple[str, int]]:
        return [(label, self.by_state.get(state, 0)) for state, label in InvitationState.choices]


def percent_words(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else HIDDEN


def answers_of(survey: Survey) -> QuerySet[Any]:
    model: Any = Answer if survey.audience == Audience.GRADUATES else UnitAnswer
    return model.objects.filter(survey=survey)


def rates_of(survey: Survey, school_id: int | None = None) -> Rates:
    """The rates of the whole survey, or of the graduates of one school."""
    rows = Invitation.objects.filter(survey=survey)
    answers = answers_of(survey).filter(is_complete=True)
    if school_id is not None:
        rows, answers = rows.filter(school=school_id), answers.filter(school_fact=school_id)
    counted = rows.values_list("state").annotate(n=Count("pk")).order_by()
    by_state: dict[str, int] = dict(counted)
    counts = dict(answers.values_list("is_valid").annotate(n=Count("pk")).order_by())
    return Rates(sum(by_state.values()), by_state, sum(counts.values()), counts.get(True, 0))
