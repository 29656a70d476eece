"""The way through a survey: its pages, what is still missing, and what is wrong with the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveys.question_types import type_of
from surveys.questions import LONGEST_QUESTION, MOST_QUESTIONS, Kind, Question, asked


def missing(
    questions: Sequence[Question], data: Mapping[str, Any], *, core: bool = False
) -> list[Question]:
    """The required questions (or the core ones) that are asked and have no answer."""
    wanted = [q for q in asked(questions, data) if (q.is_core if core else q.required)]
    return [q for q in wanted if type_of(q).answers and q.key not in data]


def problems_of(q: Question, earlier: Sequence[Question]) -> dict[str, list[str]]:
    """What is wrong with a question that comes after the `earlier` ones, by field of the builder."""
    found = type_of(q).problems(q)
    if not q.text or len(q.text) > LONGEST_QUESTION:
        found["text"] = [f"请填写题目，最多{LONGEST_QUESTION}个字。"]
    if q.when is not None:
        before = next((one for one in earlier if one.key == q.when[0]), None)
        if before is None or not type_of(before).branches:
            found["when"] = ["只能按前面的选择题决定是否显示。"]
        elif not q.when[1] or max(q.when[1]) >= len(before.choices):
            found["when"] = ["所依据的选项已经没有了，请重新选择。"]
    return found


def survey_problems(questions: Sequence[Question]) -> list[str]:
    """What keeps the questions from being published, a sentence each."""
    if not any(type_of(one).answers for one in questions):
        return ["问卷还没有题目。"]
    found = []
    if len(questions) > MOST_QUESTIONS:
        found.append(f"题目最多{MOST_QUESTIONS}个，现有{len(questions)}个。")
    for number, one in enumerate(questions):
        for sentences in problems_of(one, questions[:number]).values():
            found.append(f"第{number + 1}题“{one.text}”：{sentences[0]}")
    return found


_A_PAGE = 6


def pages_of(questions: Sequence[Question]) -> list[list[Question]]:
    """The pages of a survey. A 说明 begins a page; so does a question whose branch is decided on the same
    page, since no script hides it there; and a page has at most six questions."""
    pages: list[list[Question]] = []
    for one in questions:
        page = pages[-1] if pages else None
        if (
            page is None
            or (one.kind == Kind.NOTE and page)
            or sum(type_of(q).answers for q in page) >= _A_PAGE
            or (one.when is not None and one.when[0] in {q.key for q in page})
        ):
            pages.append([])
        pages[-1].append(one)
    return pages
