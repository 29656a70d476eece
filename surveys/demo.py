"""Surveys of the first demo school, published and answered by the actions that people use: one is running,
one has ended and has results."""

from __future__ import annotations

import datetime
import random
from typing import Any

from django.db import transaction

from core.clock import database_now
from graduates.demo_roster import graduates_of, staff
from schools.demo import DEMO_YEAR, EARLIER_YEAR
from surveys import blocks, questions, tokens
from surveys.actions import answers, surveys
from surveys.models import Invitation, Survey, SurveyKey
from surveys.questions import Kind, Question
from surveys.states import Audience

_RUNNING, _ENDED = f"{DEMO_YEAR}届毕业生就业状况调查", f"{EARLIER_YEAR}届毕业生跟踪调查"
_EMPLOYERS = "用人单位满意度调查"
_TEXTS = (
    "多安排企业实习",
    "希望课程更贴近岗位",
    "就业信息再集中一些",
    "老师很负责",
    "增加模拟面试",
)


def fill_surveys() -> None:
    _fill(_ENDED, EARLIER_YEAR, ("g-search", "g-pay", "g-match", "g-school", "g-service"), 110, 5)
    _fill(_RUNNING, DEMO_YEAR, ("g-search", "g-match", "g-school"), 64, 12)
    _end(_ENDED)
    if not Survey.objects.filter(title=_EMPLOYERS).exists():
        _write(_EMPLOYERS, Audience.EMPLOYERS, [DEMO_YEAR, EARLIER_YEAR],
               ("e-unit", "e-hire", "e-graduates", "e-service"))  # fmt: skip


@transaction.atomic
def _fill(title: str, year: int, keys: tuple[str, ...], sent: int, begun: int) -> None:
    """Publish a survey and answer it: `sent` graduates to the end, `begun` more the first page."""
    if Survey.objects.filter(title=title).exists():
        return
    draft = _write(title, Audience.GRADUATES, [year], keys)
    survey = surveys.publish(survey_id=draft.pk, edition=draft.edition, by=staff("admin"))
    every = questions.load(survey.questions)
    key = tokens.open_key(SurveyKey.objects.get(survey=survey))
    invited = set(Invitation.objects.filter(survey=survey).values_list("graduate", flat=True))
    people = [g for g in graduates_of(year) if g.pk in invited]
    dice = random.Random(year)  # noqa: S311 - the same demo every time
    dice.shuffle(people)
    for number, graduate in enumerate(people[: sent + begun]):
        token = tokens.of_graduate(key, graduate.pk)
        data = questions.kept(every, {k: v for q in every for k, v in _answer(q, dice).items()})
        if number < sent:
            answers.send(token=token, asked=list(data), given=data)
        else:
            first = {key: data[key] for key in list(data)[:1]}
            answers.save_page(token=token, page=2, asked=list(first), given=first)
    answers.collect(survey.pk)


def _write(title: str, audience: str, years: list[int], keys: tuple[str, ...]) -> Survey:
    now = database_now()
    draft = surveys.write(
        typed={
            "title": title, "audience": audience, "years": years, "school_ids": [], "levels": [],
            "introduction": "了解就业状况和对学校培养、服务的意见，结果用于改进工作，请据实填写。",
            "department_ids": [], "groups": [], "opens_at": now - datetime.timedelta(minutes=1),
            "closes_at": now + datetime.timedelta(days=45),
        },
        by=staff("admin"),
    )  # fmt: skip

    def inserted(every: list[Question]) -> list[Question]:
        for key in keys:
            every = blocks.insert(every, blocks.all_blocks()[key])
        return every

    return surveys.set_questions(
        survey_id=draft.pk, change=inserted, edition=draft.edition, by=staff("admin")
    )


def _end(title: str) -> None:
    survey = Survey.objects.get(title=title)
    if survey.ended_at is None:
        surveys.end(survey_id=survey.pk, reason="回收已达到预期", by=staff("admin"))


def _answer(q: Question, dice: random.Random) -> dict[str, Any]:
    """A made-up answer; better steps of a scale are more frequent."""
    if q.kind in (Kind.SINGLE, Kind.SCALE):
        return {q.key: min(int(dice.expovariate(0.6)), len(q.options) - 1)}
    if q.kind == Kind.SEVERAL:
        return {q.key: sorted(dice.sample(range(len(q.options)), 2))}
    if q.kind == Kind.MATRIX:
        return {q.key: [min(int(dice.expovariate(0.7)), 4) for _ in q.rows]}
    if q.kind == Kind.NPS:
        return {q.key: dice.choice((10, 10, 9, 9, 8, 8, 7, 6, 4))}
    if q.kind == Kind.NUMBER:
        return {q.key: dice.randint(35, 95) * 100 if q.unit == "元" else dice.randint(1, 6)}
    if q.kind == Kind.TEXT and dice.random() < 0.4:
        return {q.key: dice.choice(_TEXTS)}
    return {}
