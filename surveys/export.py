"""The workbook of a survey's results: tables, codebook, and rows where they name nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from core import spreadsheets
from schools.models import Department, School
from surveys import results
from surveys.models import Survey, UnitAnswer
from surveys.question_types import type_of
from surveys.questions import Kind, Question
from surveys.rates import HIDDEN
from surveys.results import SMALLEST_CELL, Table
from surveys.states import Audience

# Rows of graduates are given out from so many valid answers on.
LEAST_ROWS = 25
_MOST_ROWS = 30_000
_FACTS = ("学校", "院系", "学历层次", "去向类别")


def workbook(
    survey: Survey, questions: Sequence[Question], tables: Sequence[Table], rows: QuerySet[Any],
    weights: Mapping[str, float],
) -> bytes:  # fmt: skip
    sheets: list[tuple[str, Sequence[str], Iterable[Sequence[object]]]] = [
        ("结果", ("题目", "选项或指标", "份数", "百分比", "加权百分比", "作答", "说明"), table_rows(tables)),
        ("编码簿", ("变量", "题型", "题目", "取值", "含义"), codebook(questions)),
    ]  # fmt: skip
    valid = rows.filter(is_valid=True)
    if survey.audience == Audience.EMPLOYERS:
        sheets.append(("答卷", ("单位", *_columns(questions, True)), _named_rows(questions, valid)))
    elif valid.count() >= LEAST_ROWS:
        header = (*_FACTS, "权重", "是否完整", *_columns(questions, False))
        sheets.append(("匿名答卷", header, _rows(survey, questions, valid, weights)))
    else:
        sheets.append(("匿名答卷", ("说明",), [(f"有效答卷不足{LEAST_ROWS}份，不提供逐份数据。",)]))
    return spreadsheets.write_sheets(sheets)


def table_rows(tables: Iterable[Table]) -> Iterator[Sequence[object]]:
    for table in tables:
        note = "样本较少" if table.is_small else ""
        if table.is_hidden:
            yield table.title, f"作答不足{SMALLEST_CELL}份", HIDDEN, HIDDEN, HIDDEN, HIDDEN, ""
            continue
        for cell in table.cells:
            yield (
                table.title, cell.label, HIDDEN if cell.count is None else cell.count,
                _percent(cell.percent), _percent(cell.weighted), table.answered, note,
            )  # fmt: skip
        for name, value in table.figures:
            yield table.title, name, value, "", "", table.answered, note
        if not table.cells and not table.figures:
            yield table.title, "作答份数", table.answered, "", "", table.answered, note
        for rule in table.rules:
            yield table.title, "规则", "", "", "", "", rule


def _percent(value: float | None) -> str:
    return HIDDEN if value is None else f"{value:.1f}%"


def codebook(questions: Iterable[Question]) -> Iterator[Sequence[object]]:
    for one in questions:
        if not type_of(one).answers:
            continue
        head = (one.key, one.kind_label, one.text)
        if one.rows:
            for at, row in enumerate(one.rows, 1):
                yield f"{one.key}_{at}", one.kind_label, f"{one.text}：{row}", "", ""
        lines = [(int(value) + 1, word) for value, word in one.choices] if one.options else []
        if not lines:
            yield (*head, "", f"单位：{one.unit}" if one.unit else "")
        for value, word in lines:
            yield (*head, value, word)


def _columns(questions: Iterable[Question], named: bool) -> list[str]:
    """A column for each question, several for 矩阵量表, 多选 and 排序. Texts only where answers are named."""
    found: list[str] = []
    for one in questions:
        if one.kind == Kind.MATRIX:
            found += [f"{one.key}_{at}" for at in range(1, len(one.rows) + 1)]
        elif one.kind in (Kind.SEVERAL, Kind.RANKING):
            found += [f"{one.key}_{at}" for at in range(1, len(one.choices) + 1)]
        elif type_of(one).answers and (named or one.kind != Kind.TEXT):
            found.append(one.key)
        if named and one.other:
            found.append(f"{one.key}_其他")
    return found


def _values(questions: Iterable[Question], data: Mapping[str, Any], named: bool) -> list[object]:
    found: list[object] = []
    for one in questions:
        stored = data.get(one.key)
        if one.kind == Kind.MATRIX:
            steps = stored or [None] * len(one.rows)
            found += ["" if step is None else step + 1 for step in steps]
        elif one.kind == Kind.SEVERAL:
            found += [int(at in (stored or ())) if stored else "" for at in range(len(one.choices))]
        elif one.kind == Kind.RANKING:
            order = stored or []
            found += [order.index(at) + 1 if at in order else "" for at in range(len(one.options))]
        elif type_of(one).answers and (named or one.kind != Kind.TEXT):
            found.append("" if stored is None else _value(one, stored, named))
        if named and one.other:
            found.append(data.get(one.other_key, ""))
    return found


def _value(one: Question, stored: Any, named: bool) -> object:
    if one.kind in (Kind.SINGLE, Kind.SCALE):
        return stored + 1
    if not named and one.kind == Kind.PLACE:
        return results.city_of(stored)
    return stored[:7] if not named and one.kind == Kind.DATE else stored


def _named_rows(
    questions: Sequence[Question], rows: QuerySet[UnitAnswer]
) -> Iterator[list[object]]:
    found = rows.select_related("invitation__unit").order_by("invitation__unit__name", "pk")
    for answer in found[:_MOST_ROWS]:
        unit = answer.invitation.unit
        yield [unit.name if unit else "", *_values(questions, answer.data, True)]


def _rows(
    survey: Survey, questions: Sequence[Question], rows: QuerySet[Any], weights: Mapping[str, float]
) -> Iterator[list[object]]:
    """One row for each answer in the order of the random ids. Of the facts only so many are given that at
    least ten answers have them in common."""
    facts = ("school_fact", "department_fact", "level_fact", "group_fact")
    counted = Counter(tuple(row) for row in rows.order_by().values_list(*facts))
    schools = dict(School.objects.values_list("pk", "name"))
    departments = dict(
        Department.objects.filter(pk__in={key[1] for key in counted}).values_list("pk", "name")
    )
    shown = {key: coarse(key, counted) for key in counted}
    where = 0 if survey.school_id is None else 1
    found = rows.order_by("pk").values_list(*facts, "is_complete", "data")
    for *key, complete, data in found[:_MOST_ROWS].iterator(chunk_size=2000):
        school, department, level, group = shown[tuple(key)]
        weight = weights.get(f"{key[where]}:{key[2]}", 1.0)
        # The weight names the stratum, so it is left out where the stratum is.
        known = (school if where == 0 else department) is not None and level
        yield [
            schools.get(school, ""), departments.get(department, ""), level, group,
            f"{weight:.3f}" if known else "", "是" if complete else "否",
            *_values(questions, data, False),
        ]  # fmt: skip


def coarse(key: tuple[Any, ...], counted: Mapping[tuple[Any, ...], int]) -> tuple[Any, ...]:
    """As many of an answer's facts, from the coarsest on, as at least ten answers have in common."""
    for kept in (4, 3, 2, 1):
        if sum(n for other, n in counted.items() if other[:kept] == key[:kept]) >= SMALLEST_CELL:
            return (*key[:kept], *(None, None, "", "")[kept:])
    return (None, None, "", "")
