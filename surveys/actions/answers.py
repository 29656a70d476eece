"""Answering: saved page by page, sent, declined, and cut off from who was asked.

While it is written an answer is a `Draft` under a key that comes of the link's token. A sent one waits
as a draft until nine others of the survey wait, too, or the survey is over. Then they are moved together,
in random order, into rows with random ids. So neither a key nor a time nor the order nor the number of
the transaction leads from an answer to an invitation.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from core.clock import database_now
from core.errors import DomainError
from surveys import audience, flow, quality, questions, tokens
from surveys.models import Draft, Invitation, Survey, UnitAnswer
from surveys.questions import Question
from surveys.states import InvitationState, SurveyState
from surveys.steps import HOLDER, INVITATION

# A sent answer is collected with so many others at the least.
SMALLEST_BATCH = 10
_AT_ONCE = 2_000


class Closed(DomainError):
    """The link takes no answers: it is unknown, was used, or the survey is not running. Which of these,
    nobody is told."""

    status = 410

    def __init__(self) -> None:
        super().__init__("closed", "这个链接现在不能作答。")


class Unanswered(DomainError):
    """Required questions have no answer yet; `questions` are these."""

    status = 422

    def __init__(self, missing: list[Question]) -> None:
        super().__init__("unanswered", "还有必答题没有作答。")
        self.questions = missing


_RELATED = ("survey", "graduate__destination", "graduate__person", "unit")


def find(token: str) -> Invitation:
    """The invitation whose link takes answers now. Raises `Closed`."""
    rows = Invitation.objects.select_related(*_RELATED)
    invitation = rows.filter(token_hash=tokens.hash_of(token)).first()
    if invitation is None or not INVITATION.can("save", invitation, HOLDER):
        raise Closed
    return invitation


def draft_of(token: str, invitation: Invitation) -> Draft:
    """What has been answered with this link so far; a new one that is not stored if nothing was."""
    found = Draft.objects.filter(pk=tokens.draft_key(token), survey=invitation.survey_id).first()
    return found or Draft(
        key=tokens.draft_key(token), survey=invitation.survey, number=invitation.survey.number
    )


@contextmanager
def _held(action: str, token: str) -> Iterator[Invitation]:
    """A transaction for one step of whoever has the link: the survey stays as it is meanwhile, and the
    invitation is locked. Raises `Closed`."""
    with transaction.atomic():
        hashed = tokens.hash_of(token)
        found = Invitation.objects.filter(token_hash=hashed).values_list("survey", flat=True)
        survey_id = found.first()
        if survey_id is None:
            raise Closed
        with connection.cursor() as cursor:
            # Nobody ends or rewords the survey before this is committed. It is locked before the
            # invitation, as by those who end it.
            cursor.execute("SELECT 1 FROM surveys_survey WHERE id = %s FOR SHARE", [survey_id])
        rows = Invitation.objects.select_for_update(no_key=True, of=("self",))
        invitation = rows.select_related(*_RELATED).filter(token_hash=hashed).first()
        if invitation is None or not INVITATION.can(action, invitation, HOLDER):
            raise Closed
        yield invitation


def save_page(*, token: str, page: int, asked: list[str], given: Mapping[str, Any]) -> Draft:
    """Keep the answers of one page: `asked` are the keys that it asks for, `given` what was answered.
    `page` is the one to go on with."""
    with _held("save", token) as invitation:
        draft = draft_of(token, invitation)
        _put(draft, invitation, asked, given)
        draft.page = page
        draft.save()
        if invitation.state != InvitationState.PARTIAL:
            invitation.state = InvitationState.PARTIAL
            invitation.save(update_fields=["state"])
    return draft


def send(*, token: str, asked: list[str], given: Mapping[str, Any]) -> None:
    """Send the answers, those of the last page among them. Raises `Unanswered` if required ones are
    missing; what was given is kept."""
    missing: list[Question] = []
    with _held("send", token) as invitation:
        draft = draft_of(token, invitation)
        _put(draft, invitation, asked, given)
        every = questions.load(invitation.survey.questions)
        draft.data = questions.kept(every, draft.data)
        missing = flow.missing(every, draft.data)
        if missing:
            draft.save()
            invitation.state = InvitationState.PARTIAL
        else:
            _finish(draft, invitation, every)
            invitation.state = InvitationState.DONE
        invitation.save(update_fields=["state"])
    if missing:
        raise Unanswered(missing)


def _put(draft: Draft, invitation: Invitation, asked: list[str], given: Mapping[str, Any]) -> None:
    """Replace the answers of a page, and note what is registered of whoever answers."""
    replaced = {key for name in asked for key in (name, f"{name}.other")}
    draft.data = {k: v for k, v in draft.data.items() if k not in replaced} | dict(given)
    draft.number = invitation.survey.number
    graduate = invitation.graduate
    if graduate is None:
        unit = invitation.unit
        assert unit is not None
        draft.level_fact, draft.group_fact = unit.unit_property, unit.industry
        return
    draft.school_fact, draft.department_fact = graduate.school_id, graduate.department_id
    draft.level_fact = audience.level_group(graduate.level)
    draft.group_fact = audience.group_of(graduate.destination.category)


def _finish(draft: Draft, invitation: Invitation, every: list[Question]) -> None:
    # Of a survey of one page nothing was kept before, so nobody knows when it was begun.
    seconds = math.inf
    if isinstance(draft.started_at, datetime.datetime):
        seconds = (database_now() - draft.started_at).total_seconds()
    is_valid = quality.is_valid(every, draft.data, seconds)
    if invitation.graduate_id is None:
        UnitAnswer.objects.create(
            invitation=invitation, survey=invitation.survey, number=draft.number, data=draft.data,
            is_valid=is_valid, level_fact=draft.level_fact, group_fact=draft.group_fact,
        )  # fmt: skip
        Draft.objects.filter(pk=draft.pk).delete()
        return
    draft.is_sent = draft.is_complete = True
    draft.is_valid = is_valid
    draft.save()


def decline(*, token: str) -> None:
    """Whoever was invited takes no part. What they had answered is deleted."""
    with _held("decline", token) as invitation:
        Draft.objects.filter(pk=tokens.draft_key(token)).delete()
        invitation.state = InvitationState.DECLINED
        invitation.save(update_fields=["state"])


# --- collecting ----------------------------------------------------------------------------------

_MOVE = """
    WITH moved AS (
        DELETE FROM surveys_draft WHERE survey_id = %s AND is_sent
        RETURNING survey_id, number, data, is_complete, is_valid, school_fact, department_fact,
                  level_fact, group_fact
    )
    INSERT INTO surveys_answer (id, survey_id, number, data, is_complete, is_valid, school_fact,
                                department_fact, level_fact, group_fact)
    SELECT gen_random_uuid(), moved.* FROM moved ORDER BY random()
"""


def collect(survey_id: int) -> int:
    """Move the sent answers of a survey, at least ten at a time unless the survey is over; then also
    decide which unfinished ones are kept. Returns how many were moved."""
    with transaction.atomic():
        survey = Survey.objects.select_for_update(no_key=True).get(pk=survey_id)
        is_over = survey.state in (SurveyState.ENDED, SurveyState.ARCHIVED)
        if is_over:
            _decide_unfinished(survey)
        sent = Draft.objects.filter(survey=survey, is_sent=True)
        if not is_over and sent.count() < SMALLEST_BATCH:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_MOVE, [survey_id])
            return cursor.rowcount


def _decide_unfinished(survey: Survey) -> None:
    """Keep the unfinished answers that have all core questions, delete the others. Of a unit none is
    kept, since it did not send it."""
    rows = Draft.objects.filter(survey=survey, is_sent=False)
    every = questions.load(survey.questions)
    has_core = any(one.is_core for one in every)
    kept: list[Draft] = []
    if has_core:
        for draft in rows.exclude(school_fact=None).iterator(chunk_size=_AT_ONCE):
            draft.data = questions.kept(every, draft.data)
            if not flow.missing(every, draft.data, core=True):
                draft.is_sent, draft.is_complete = True, False
                kept.append(draft)
    for start in range(0, len(kept), _AT_ONCE):
        Draft.objects.bulk_update(kept[start : start + _AT_ONCE], ["data", "is_sent"])
    rows.filter(is_sent=False).delete()


def collect_due() -> int:
    """Collect what waits of every survey; returns how many answers were moved."""
    waiting = Draft.objects.filter(is_sent=True).values("survey").distinct()
    over = Draft.objects.filter(survey__state__in=(SurveyState.ENDED, SurveyState.ARCHIVED))
    pks = set(waiting.values_list("survey", flat=True)) | set(over.values_list("survey", flat=True))
    return sum(collect(pk) for pk in sorted(pks))
