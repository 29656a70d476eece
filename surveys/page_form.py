"""The form of one page of a survey, made of its questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from core.forms import PlatformForm, fields
from surveys.question_types import type_of
from surveys.questions import Question


@dataclass(frozen=True)
class Item:
    """A question on a page with the fields that ask it; several for 矩阵量表 and 排序."""

    question: Question
    fields: list[BoundField]

    @property
    def in_parts(self) -> bool:
        return bool(self.question.rows) or self.question.kind == "ranking"


class TurnForm(PlatformForm):
    """The number of the page that was sent."""

    page = fields.Seen()


class PageForm(PlatformForm):
    """A form with the fields of `questions`; `answers` has what to store."""

    questions: Sequence[Question] = ()

    @property
    def items(self) -> list[Item]:
        return [
            Item(one, [self[name] for name in type_of(one).fields(one)]) for one in self.questions
        ]

    @property
    def asked(self) -> list[str]:
        return [one.key for one in self.questions]

    def answers(self, *, demanded: bool) -> dict[str, Any]:
        """The answers as they are stored. Adds an error beside each field that can't be read, and, where
        they are `demanded`, beside required questions without an answer."""
        stored: dict[str, Any] = {}
        self.is_valid()
        for one in self.questions:
            names = list(type_of(one).fields(one))
            if any(name in self.errors for name in names):
                continue
            values, wrong = type_of(one).read(one, self.cleaned_data)
            for name, sentences in wrong.items():
                for sentence in sentences:
                    self.add_error(name, sentence)
            if not wrong and not values and demanded and one.required and names:
                self.demand(one)
            stored |= values
        return stored

    def demand(self, question: Question) -> None:
        """Say beside the question that it has to be answered."""
        self.add_error(next(iter(type_of(question).fields(question))), "此题必答。")


def page_form(
    questions: Iterable[Question], data: Any = None, stored: Mapping[str, Any] | None = None
) -> PageForm:
    every = list(questions)
    made: dict[str, Any] = {"questions": every}
    initial: dict[str, Any] = {}
    for one in every:
        made |= type_of(one).fields(one)
        initial |= type_of(one).initial(one, stored or {})
    kind = type("SurveyPageForm", (PageForm,), made)
    form: PageForm = kind(data, initial=initial)
    return form
