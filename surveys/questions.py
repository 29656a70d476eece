"""Questions of a survey, as they are stored, and which of them are asked.

A question is a `Question`, stored as JSON under a key that never changes. What was answered is stored
by that key: the place of a chosen option from 0 (单选, 五级量表), a list of places (多选, 排序), a list
with one place for each row (矩阵量表), a number, or text. The words of 其他 stand under the key with
".other" behind it. So another wording of an option changes no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models


class Kind(models.TextChoices):
    SINGLE = "single", "单选"
    SEVERAL = "several", "多选"
    SCALE = "scale", "五级量表"
    MATRIX = "matrix", "矩阵量表"
    NPS = "nps", "推荐意愿（0–10）"
    TEXT = "text", "填空"
    NUMBER = "number", "数字"
    DATE = "date", "日期"
    RANKING = "ranking", "排序"
    PLACE = "place", "地区"
    CODE = "code", "码表选择"
    NOTE = "note", "说明"


SATISFACTION = ("非常满意", "满意", "比较满意", "不太满意", "不满意")
RELATION = ("非常相关", "相关", "比较相关", "不太相关", "不相关")
# Code tables that a question may offer.
TABLES = {
    "unit_property": "单位性质", "unit_industry": "单位行业", "job_category": "职位类别",
    "education_level": "学历", "country": "国家（地区）", "politics": "政治面貌",
}  # fmt: skip
LONGEST_QUESTION, LONGEST_OPTION, LONGEST_ANSWER, LONGEST_OTHER = 100, 60, 500, 60
MOST_QUESTIONS, MOST_OPTIONS, MOST_RANKED, MOST_ROWS = 100, 30, 8, 20
OTHER_WORD = "其他"


@dataclass(frozen=True)
class Question:
    """One question. `options` are those of 单选, 多选 and 排序, and the five steps of a scale; `rows` are
    those of a matrix. `least` and `most` limit how many options are chosen, `low` and `high` a number.
    `when` is (key of an earlier question, places of options): the question is asked only if one of them
    was chosen. Of `is_core` questions all have to be answered for an unfinished answer to be kept."""

    key: str
    kind: str
    text: str
    hint: str = ""
    required: bool = True
    options: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    other: bool = False
    least: int = 0
    most: int = 0
    unit: str = ""
    low: int | None = None
    high: int | None = None
    table: str = ""
    is_core: bool = False
    when: tuple[str, tuple[int, ...]] | None = None

    @property
    def kind_label(self) -> str:
        return Kind(self.kind).label

    @property
    def other_key(self) -> str:
        return f"{self.key}.other"

    @property
    def choices(self) -> list[tuple[str, str]]:
        words = [*self.options, *([OTHER_WORD] if self.other else [])]
        return [(str(place), word) for place, word in enumerate(words)]

    def as_json(self) -> dict[str, Any]:
        plain = Question(self.key, self.kind, self.text)
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: value for name, value in values.items()
            if name in ("key", "kind", "text") or value != getattr(plain, name)
        }  # fmt: skip


def load(stored: Iterable[Mapping[str, Any]]) -> list[Question]:
    """The questions of stored JSON."""
    return [_load(one) for one in stored]


def _load(stored: Mapping[str, Any]) -> Question:
    values = {**stored}
    for name in ("options", "rows"):
        values[name] = tuple(values.get(name, ()))
    if when := values.get("when"):
        values["when"] = (when[0], tuple(when[1]))
    return Question(**values)


def dump(questions: Iterable[Question]) -> list[dict[str, Any]]:
    return [one.as_json() for one in questions]


def is_asked(question: Question, data: Mapping[str, Any]) -> bool:
    """Whether the branch leads to the question, by the answers so far."""
    if question.when is None:
        return True
    key, places = question.when
    chosen = data.get(key)
    return bool(set(chosen if isinstance(chosen, list) else [chosen]) & set(places))


def asked(questions: Sequence[Question], data: Mapping[str, Any]) -> list[Question]:
    """The questions that are asked by these answers. What was answered to a question that is no longer
    asked opens no branch."""
    found: list[Question] = []
    known: dict[str, Any] = {}
    for one in questions:
        if is_asked(one, known):
            found.append(one)
            if one.key in data:
                known[one.key] = data[one.key]
    return found


def kept(questions: Sequence[Question], data: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to the questions that are asked by them; all others are dropped."""
    keys = {key for one in asked(questions, data) for key in (one.key, one.other_key)}
    return {key: value for key, value in data.items() if key in keys}


def reworded(q: Question, words: Mapping[str, Any]) -> Question:
    """The question in other words: `text`, `hint`, `options` and `rows`, as many of each as before."""
    return replace(q, **{k: words[k] for k in ("text", "hint", "options", "rows") if k in words})
