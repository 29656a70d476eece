"""Surveys, written, published and answered by the actions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.clock import database_now
from graduates.models import Graduate
from schools.roles import Role
from surveys import tokens
from surveys.actions import answers, surveys
from surveys.models import Invitation, Survey, SurveyKey
from surveys.questions import SATISFACTION, Kind, Question
from surveys.states import Audience
from tests import factories
from tests.factories import World

# A short survey with a branch: who is not content is asked why.
CONTENT = Question("q1", Kind.SCALE, "您对母校满意吗", options=SATISFACTION, is_core=True)
WHY = Question(
    "q2", Kind.SEVERAL, "不满意的原因", options=("课程", "住宿"), other=True, when=("q1", (3, 4))
)
ADVICE = Question("q3", Kind.TEXT, "有什么建议", required=False)
SHORT = (CONTENT, WHY, ADVICE)


def typed(**changes: Any) -> dict[str, Any]:
    now = timezone.now()
    return {
        "title": "虚构的就业调查", "introduction": "用于改进培养。", "audience": Audience.GRADUATES,
        "school_ids": [], "years": [], "levels": [], "department_ids": [], "groups": [],
        "opens_at": now - datetime.timedelta(hours=1), "closes_at": now + datetime.timedelta(days=60),
    } | changes  # fmt: skip


def write(by: User, asked: Sequence[Question] = SHORT, **changes: Any) -> Survey:
    """A draft with these questions."""
    made = surveys.write(typed=typed(**changes), by=by)
    return surveys.set_questions(
        survey_id=made.pk, change=lambda _: list(asked), edition=None, by=by
    )


def publish(by: User, asked: Sequence[Question] = SHORT, **changes: Any) -> Survey:
    draft = write(by, asked, **changes)
    return surveys.publish(survey_id=draft.pk, edition=draft.edition, by=by)


def run(world: World, asked: Sequence[Question] = SHORT, **changes: Any) -> Survey:
    """A survey of the school that is running."""
    return publish(world.user(Role.SCHOOL_ADMIN), asked, **changes)


def make_graduates(world: World, number: int, **changes: Any) -> list[Graduate]:
    return [factories.make_graduate(world, **changes) for _ in range(number)]


def token_of(survey: Survey, graduate: Graduate) -> str:
    key = SurveyKey.objects.get(survey=survey)
    return tokens.of_graduate(tokens.open_key(key), graduate.pk)


def unit_token_of(survey: Survey, unit_id: int) -> str:
    return tokens.of_unit(tokens.open_key(SurveyKey.objects.get(survey=survey)), unit_id)


def address_of(survey: Survey, graduate: Graduate) -> str:
    return f"/s/{token_of(survey, graduate)}/"


def send(survey: Survey, graduate: Graduate, data: Mapping[str, Any]) -> None:
    answers.send(token=token_of(survey, graduate), asked=list(data), given=data)


def invitation_of(survey: Survey, graduate: Graduate) -> Invitation:
    return Invitation.objects.get(survey=survey, graduate=graduate)


def close(survey: Survey) -> Survey:
    """Let the closing time come, and the clock see it."""
    now = database_now()
    Survey.objects.filter(pk=survey.pk).update(
        opens_at=now - datetime.timedelta(days=1), closes_at=now - datetime.timedelta(seconds=1)
    )
    surveys.move_due()
    answers.collect_due()
    return Survey.objects.get(pk=survey.pk)


def let_days_pass(survey: Survey, days: int) -> None:
    """Let the survey have begun so many days ago."""
    begun = database_now() - datetime.timedelta(days=days)
    Survey.objects.filter(pk=survey.pk).update(opens_at=begun, published_at=begun)
