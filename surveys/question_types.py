"""The types of questions: how each is checked, asked in a form, read and shown in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms

from codes import lookup
from codes.fields import FieldDeclaration
from codes.forms import DeclaredField
from core.forms import fields, widgets
from surveys.questions import (
    LONGEST_ANSWER,
    LONGEST_OPTION,
    LONGEST_OTHER,
    MOST_OPTIONS,
    MOST_RANKED,
    MOST_ROWS,
    OTHER_WORD,
    TABLES,
    Kind,
    Question,
)

_GREATEST = 9_999_999  # what the reader of whole numbers takes
MISSING = "此题必答。"


class QuestionType:
    """What is the same for all types: one form field, whose cleaned value is stored."""

    answers: ClassVar[bool] = True  # 说明 asks nothing
    takes_options: ClassVar[bool] = False
    takes_other: ClassVar[bool] = False
    branches: ClassVar[bool] = False  # later questions may depend on its options

    def problems(self, q: Question) -> dict[str, list[str]]:
        """What is wrong with the question itself, by field of the builder."""
        return {}

    def fields(self, q: Question) -> dict[str, forms.Field]:
        """The form fields that ask it, by name."""
        raise NotImplementedError

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        """What the fields show for the stored answer."""
        return {q.key: data[q.key]} if q.key in data else {}

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        """(what to store, sentences by field) of the values that the fields took. Nothing is stored of a
        question that was left empty."""
        value = cleaned.get(q.key)
        return ({} if value in (None, "") else {q.key: value}), {}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        """The stored answer in words."""
        return str(data[q.key]) if q.key in data else ""


def _common(q: Question) -> dict[str, Any]:
    return {
        "star": q.required, "help_text": q.hint,
        "error_messages": {"required": MISSING, "invalid_choice": "请重新选择。"},
    }  # fmt: skip


def _option_problems(q: Question, most: int = MOST_OPTIONS) -> dict[str, list[str]]:
    if not 2 <= len(q.options) <= most:
        return {"options": [f"请填写2至{most}个选项，每行一个。"]}
    if len(set(q.options)) < len(q.options) or (q.other and OTHER_WORD in q.options):
        return {"options": ["有相同的选项。"]}
    if any(len(word) > LONGEST_OPTION for word in q.options):
        return {"options": [f"每个选项最多{LONGEST_OPTION}个字。"]}
    return {}


class Single(QuestionType):
    takes_options = takes_other = branches = True

    def problems(self, q: Question) -> dict[str, list[str]]:
        return _option_problems(q)

    def fields(self, q: Question) -> dict[str, forms.Field]:
        made: dict[str, forms.Field] = {
            q.key: fields.Choice(q.text, q.choices, widget=widgets.RadioSelect, **_common(q))
        }
        return made | _other_field(q)

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        return _with_other(q, data, {q.key: str(data[q.key])} if q.key in data else {})

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        chosen = cleaned.get(q.key)
        if chosen in (None, ""):
            return {}, {}
        place = int(str(chosen))
        return _read_other(q, cleaned, {q.key: place}, [place])

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return _option_words(q, data, [data[q.key]]) if q.key in data else ""


class Several(QuestionType):
    takes_options = takes_other = branches = True

    def problems(self, q: Question) -> dict[str, list[str]]:
        found = _option_problems(q)
        offered = len(q.choices)
        if q.most and not max(1, q.least) <= q.most <= offered:
            found["most"] = [f"最多可选数应在{max(1, q.least)}至{offered}之间，不限制的不填。"]
        if q.least > offered:
            found["least"] = ["最少可选数超过了选项数。"]
        return found

    def fields(self, q: Question) -> dict[str, forms.Field]:
        common = _common(q)
        limits = self._limits(q)
        common["help_text"] = "；".join(filter(None, (q.hint, limits)))
        made: dict[str, forms.Field] = {q.key: fields.Checklist(q.text, q.choices, **common)}
        return made | _other_field(q)

    def _limits(self, q: Question) -> str:
        if q.least > 1 and q.most:
            return f"请选{q.least}项" if q.least == q.most else f"请选{q.least}至{q.most}项"
        if q.most:
            return f"最多选{q.most}项"
        return f"至少选{q.least}项" if q.least > 1 else "可选多项"

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        return _with_other(q, data, {q.key: list(map(str, data[q.key]))} if q.key in data else {})

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        places = sorted(int(one) for one in cleaned.get(q.key) or ())
        if not places:
            return {}, {}
        if len(places) < q.least or (q.most and len(places) > q.most):
            return {}, {q.key: [f"{self._limits(q)}，现选了{len(places)}项。"]}
        return _read_other(q, cleaned, {q.key: places}, places)

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return _option_words(q, data, data[q.key]) if q.key in data else ""


class Scale(Single):
    takes_options = True
    takes_other = False

    def problems(self, q: Question) -> dict[str, list[str]]:
        return _option_problems(q, 5) or (
            {} if len(q.options) == 5 else {"options": ["五级量表须有5个选项，从最好到最差。"]}
        )


class Matrix(QuestionType):
    takes_options = True

    def problems(self, q: Question) -> dict[str, list[str]]:
        found = Scale().problems(q)
        if not 2 <= len(q.rows) <= MOST_ROWS or len(set(q.rows)) < len(q.rows):
            found["rows"] = [f"请填写2至{MOST_ROWS}个不同的评价项，每行一个。"]
        elif any(len(row) > LONGEST_OPTION for row in q.rows):
            found["rows"] = [f"每个评价项最多{LONGEST_OPTION}个字。"]
        return found

    def fields(self, q: Question) -> dict[str, forms.Field]:
        common = _common(q) | {"help_text": "", "star": False, "required": False}
        return {
            f"{q.key}_{place}": fields.Choice(row, q.choices, widget=widgets.RadioRow, **common)
            for place, row in enumerate(q.rows)
        }

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            f"{q.key}_{place}": str(value)
            for place, value in enumerate(data.get(q.key, ())) if value is not None
        }  # fmt: skip

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        chosen = [cleaned.get(f"{q.key}_{place}") or None for place in range(len(q.rows))]
        if not any(chosen):
            return {}, {}
        missed = [f"{q.key}_{place}" for place, one in enumerate(chosen) if one is None]
        if missed and q.required:
            return {}, {name: [MISSING] for name in missed}
        return {q.key: [None if one is None else int(one) for one in chosen]}, {}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        pairs = zip(q.rows, data.get(q.key, ()), strict=False)
        return "；".join(f"{row}：{q.options[at]}" for row, at in pairs if at is not None)


class Nps(QuestionType):
    def fields(self, q: Question) -> dict[str, forms.Field]:
        common = _common(q)
        common["help_text"] = q.hint or "0为完全不会推荐，10为一定会推荐"
        numbers = [(str(number), str(number)) for number in range(11)]
        return {q.key: fields.Choice(q.text, numbers, widget=widgets.RadioRow, **common)}

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        return {q.key: str(data[q.key])} if q.key in data else {}

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        chosen = cleaned.get(q.key)
        return ({} if chosen in (None, "") else {q.key: int(str(chosen))}), {}


class Text(QuestionType):
    def fields(self, q: Question) -> dict[str, forms.Field]:
        return {q.key: _declared(q, "long", max_length=LONGEST_ANSWER)}


class Number(QuestionType):
    def problems(self, q: Question) -> dict[str, list[str]]:
        if q.low is not None and q.high is not None and q.low > q.high:
            return {"high": ["最大值小于最小值。"]}
        return {}

    def fields(self, q: Question) -> dict[str, forms.Field]:
        limits = self._limits(q)
        hint = "，".join(filter(None, (q.hint, f"单位：{q.unit}" if q.unit else "", limits)))
        return {q.key: _declared(q, "number", hint=hint)}

    def _limits(self, q: Question) -> str:
        if q.low is not None and q.high is not None:
            return f"{q.low}至{q.high}之间的整数"
        if q.low is not None:
            return f"不小于{q.low}的整数"
        return f"不大于{q.high}的整数" if q.high is not None else "整数"

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        value = cleaned.get(q.key)
        if value in (None, ""):
            return {}, {}
        low, high = q.low if q.low is not None else 0, q.high if q.high is not None else _GREATEST
        if not low <= int(value) <= high:
            return {}, {q.key: [f"应为{self._limits(q)}。"]}
        return {q.key: int(value)}, {}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return f"{data[q.key]}{q.unit}" if q.key in data else ""


class Date(QuestionType):
    def fields(self, q: Question) -> dict[str, forms.Field]:
        return {q.key: _declared(q, "date")}

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        day = cleaned.get(q.key)
        return ({q.key: day.isoformat()} if day else {}), {}


class Ranking(QuestionType):
    """The options by a place each: the first field asks which one comes first."""

    takes_options = True

    def problems(self, q: Question) -> dict[str, list[str]]:
        return _option_problems(q, MOST_RANKED)

    def fields(self, q: Question) -> dict[str, forms.Field]:
        common = _common(q) | {"help_text": ""}
        return {
            f"{q.key}_{place}": fields.Choice(f"第{place + 1}位", q.choices, **common)
            for place in range(len(q.options))
        }

    def initial(self, q: Question, data: Mapping[str, Any]) -> dict[str, Any]:
        return {f"{q.key}_{place}": str(at) for place, at in enumerate(data.get(q.key, ()))}

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        names = [f"{q.key}_{place}" for place in range(len(q.options))]
        chosen = {name: cleaned.get(name) for name in names}
        if not any(chosen.values()):
            return {}, {}
        wrong: dict[str, list[str]] = {}
        seen: set[str] = set()
        for name, one in chosen.items():
            if not one:
                wrong[name] = ["请把每一位都选好。"]
            elif one in seen:
                wrong[name] = ["前面已选过这一项。"]
            else:
                seen.add(one)
        if wrong:
            return {}, wrong
        return {q.key: [int(str(one)) for one in chosen.values()]}, {}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return "、".join(q.options[at] for at in data.get(q.key, ()))


class Place(QuestionType):
    def fields(self, q: Question) -> dict[str, forms.Field]:
        return {q.key: _declared(q, "place", hint=q.hint or "填写到县（市、区）")}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return lookup.place_name(data[q.key]) if q.key in data else ""


class Code(QuestionType):
    def problems(self, q: Question) -> dict[str, list[str]]:
        return {} if q.table in TABLES else {"table": ["请选择码表。"]}

    def fields(self, q: Question) -> dict[str, forms.Field]:
        return {q.key: _declared(q, "code", table=q.table)}

    def words(self, q: Question, data: Mapping[str, Any]) -> str:
        return lookup.name(q.table, data[q.key]) if q.key in data else ""


class Note(QuestionType):
    answers = False

    def fields(self, q: Question) -> dict[str, forms.Field]:
        return {}

    def read(
        self, q: Question, cleaned: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, list[str]]]:
        return {}, {}


TYPES: dict[str, QuestionType] = {
    Kind.SINGLE: Single(), Kind.SEVERAL: Several(), Kind.SCALE: Scale(), Kind.MATRIX: Matrix(),
    Kind.NPS: Nps(), Kind.TEXT: Text(), Kind.NUMBER: Number(), Kind.DATE: Date(),
    Kind.RANKING: Ranking(), Kind.PLACE: Place(), Kind.CODE: Code(), Kind.NOTE: Note(),
}  # fmt: skip


def type_of(question: Question) -> QuestionType:
    return TYPES[question.kind]


def _declared(
    q: Question, kind: str, *, table: str = "", max_length: int = 0, hint: str = ""
) -> DeclaredField:
    """A field that the platform's reader of this kind reads."""
    declared = FieldDeclaration(
        q.key, q.text, kind, "", table=table, required=False, max_length=max_length
    )
    return DeclaredField(declared, star=q.required, hint=hint or q.hint)


def _other_field(q: Question) -> dict[str, forms.Field]:
    if not q.other:
        return {}
    return {
        f"{q.key}_other": fields.Text("选“其他”的请说明", required=False, max_length=LONGEST_OTHER)
    }


def _with_other(q: Question, data: Mapping[str, Any], initial: dict[str, Any]) -> dict[str, Any]:
    return initial | ({f"{q.key}_other": data[q.other_key]} if q.other_key in data else {})


def _read_other(
    q: Question, cleaned: Mapping[str, Any], stored: dict[str, Any], places: list[int]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    if not q.other or len(q.options) not in places:
        return stored, {}
    words = cleaned.get(f"{q.key}_other") or ""
    if not words:
        return {}, {f"{q.key}_other": ["请说明“其他”是什么。"]}
    return stored | {q.other_key: words}, {}


def _option_words(q: Question, data: Mapping[str, Any], places: Iterable[int]) -> str:
    labels = dict(q.choices)
    words = [labels.get(str(place), "") for place in places]
    if q.other_key in data:
        words[-1] = f"{words[-1]}（{data[q.other_key]}）"
    return "、".join(words)
