"""The tables of a survey: counts, percentages, 满意度, means, and what of them may be shown.

A cell of fewer than ten answers prints 「—」, and where only one cell of a question would be hidden the
next smallest is hidden with it, since it follows from the others. Percentages of fewer than 25 answers
carry 「样本较少」. Nobody sees a single answer.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from codes import lookup
from surveys.models import Survey
from surveys.questions import Kind, Question
from surveys.rates import HIDDEN, percent_words

SMALLEST_CELL, FEW = 10, 25
LEAST_WEIGHT, GREATEST_WEIGHT = 0.2, 5.0
SATISFACTION_RULE = "满意度（相关度、相符度）= 选前三级的 ÷ 作答的；均值按五级由高到低记5至1分。"
CELL_RULE = f"少于{SMALLEST_CELL}份的格不显示（{HIDDEN}）。"
WEIGHT_RULE = (
    "加权按院系（省级问卷按学校）和学历层次分层，权重 = 该层占邀请的比例 ÷ 占有效答卷的比例，"
    "限在0.2至5之间。"
)
_MOST_TEXTS = 300


@dataclass(frozen=True)
class Cell:
    """One line of a table; `count` and percentages are None where they are hidden."""

    label: str
    count: int | None
    percent: float | None = None
    weighted: float | None = None


@dataclass
class Table:
    """What was answered to one question, or to one row of a matrix."""

    question: Question
    title: str
    answered: int
    cells: list[Cell] = field(default_factory=list)
    # (name, value) of figures: 满意度, 均值 …
    figures: list[tuple[str, str]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def is_hidden(self) -> bool:
        return self.answered < SMALLEST_CELL

    @property
    def is_small(self) -> bool:
        return self.answered < FEW

    @property
    def has_weights(self) -> bool:
        return any(cell.weighted is not None for cell in self.cells)


# --- counting ------------------------------------------------------------------------------------

_COUNTED = {Kind.SINGLE, Kind.SEVERAL, Kind.SCALE, Kind.MATRIX, Kind.NPS, Kind.NUMBER, Kind.DATE,
            Kind.RANKING, Kind.PLACE, Kind.CODE}  # fmt: skip
Values = dict[str, dict[str, Counter[str]]]  # key → stored value as JSON → stratum → number


def _count(rows: QuerySet[Any], keys: list[str], where: str) -> Values:
    """How often each value was answered in each stratum: one pass over the answers."""
    sql, params = rows.order_by().values("data", where, "level_fact").query.sql_with_params()
    found: Values = defaultdict(lambda: defaultdict(Counter))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.key, e.value::text, concat(a.place, ':', a.level), count(*)"
            f" FROM ({sql}) AS a(data, place, level), jsonb_each(a.data) AS e"
            " WHERE e.key = ANY(%s) GROUP BY 1, 2, 3",
            [*params, keys],
        )
        for key, value, stratum, number in cursor.fetchall():
            found[key][value][stratum] += number
    return found


def weights_of(survey: Survey, rows: QuerySet[Any]) -> dict[str, float]:
    """The weight of each stratum; empty where nothing is weighted."""
    if not survey.strata:
        return {}
    where = "school_fact" if survey.school_id is None else "department_fact"
    counted = rows.order_by().values_list(where, "level_fact").annotate(n=Count("pk"))
    answered = {f"{place}:{level}": number for place, level, number in counted}
    return weigh(survey.strata, answered)


def weigh(population: Mapping[str, int], answered: Mapping[str, int]) -> dict[str, float]:
    """Share of the population ÷ share of the answers, from 0.2 to 5."""
    people, answers = sum(population.values()), sum(answered.values())
    if not people or not answers:
        return {}
    found = {}
    for stratum, number in answered.items():
        share = (population.get(stratum, 0) / people) / (number / answers)
        found[stratum] = min(max(share, LEAST_WEIGHT), GREATEST_WEIGHT)
    return found


def tables_of(
    survey: Survey, questions: Sequence[Question], rows: QuerySet[Any], *,
    weights: Mapping[str, float] | None = None, with_texts: bool = False,
) -> list[Table]:  # fmt: skip
    """The tables over `rows`, which are answers of the survey; only valid ones count."""
    rows = rows.filter(is_valid=True)
    where = "school_fact" if survey.school_id is None else "department_fact"
    counted = [q.key for q in questions if q.kind in _COUNTED]
    values = _count(rows, counted, where)
    made: list[Table] = []
    for one in questions:
        if one.kind == Kind.TEXT:
            made.append(_text_table(one, one.key, one.text, rows, with_texts))
        elif one.kind in _COUNTED:
            made += _MAKERS[one.kind](one, values.get(one.key, {}), weights or {})
            if one.other and with_texts:
                made.append(_text_table(one, one.other_key, f"{one.text}（其他）", rows, True))
    return made


# --- one question --------------------------------------------------------------------------------


def _loaded(values: Mapping[str, Counter[str]]) -> list[tuple[Any, Counter[str]]]:
    return [(json.loads(value), strata) for value, strata in values.items()]


def _tally(
    pairs: Iterable[tuple[Any, Counter[str]]], weights: Mapping[str, float]
) -> tuple[Counter[Any], Counter[Any]]:
    """(how often, weighted) by what was chosen; a list counts for each of its parts."""
    plain: Counter[Any] = Counter()
    weighted: Counter[Any] = Counter()
    for value, strata in pairs:
        number = sum(strata.values())
        weight = sum(weights.get(s, 1.0) * n for s, n in strata.items())
        for one in value if isinstance(value, list) else [value]:
            plain[one] += number
            weighted[one] += weight  # type: ignore[assignment]
    return plain, weighted


def hide(counts: Sequence[int], *, exhaustive: bool) -> list[bool]:
    """Which cells are hidden: those below ten, and, where the cells add up to the whole, the next smallest
    ones until at least two are hidden that have ten together."""
    hidden = [number < SMALLEST_CELL for number in counts]
    if not exhaustive or not any(n and h for n, h in zip(counts, hidden, strict=True)):
        return hidden
    rest = sorted((n, at) for at, n in enumerate(counts) if not hidden[at])
    while rest and (
        sum(hidden) < 2 or sum(n for n, h in zip(counts, hidden, strict=True) if h) < SMALLEST_CELL
    ):
        hidden[rest.pop(0)[1]] = True
    return hidden


def _table(
    q: Question, title: str, labels: Sequence[tuple[Any, str]],
    pairs: list[tuple[Any, Counter[str]]], weights: Mapping[str, float],
) -> Table:  # fmt: skip
    """A table with a line for each of the `labels`: (stored value, words)."""
    plain, weighted = _tally(pairs, weights)
    answered = sum(sum(strata.values()) for _, strata in pairs)
    whole = sum(weights.get(s, 1.0) * n for _, strata in pairs for s, n in strata.items())
    table = Table(q, title, answered, rules=[CELL_RULE])
    if table.is_hidden:
        return table
    hidden = hide([plain[v] for v, _ in labels], exhaustive=q.kind != Kind.SEVERAL)
    for (value, label), is_hidden in zip(labels, hidden, strict=True):
        if is_hidden:
            table.cells.append(Cell(label, None))
            continue
        share = 100 * weighted[value] / whole if weights and whole else None
        table.cells.append(Cell(label, plain[value], 100 * plain[value] / answered, share))
    if weights:
        table.rules.append(WEIGHT_RULE)
    return table


def _choices(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    labels = [(int(value), word) for value, word in q.choices]
    return [_table(q, q.text, labels, _loaded(values), weights)]


def _scale(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    return [_scale_table(q, q.text, _loaded(values), weights)]


def _scale_table(
    q: Question, title: str, pairs: list[tuple[Any, Counter[str]]], weights: Mapping[str, float]
) -> Table:
    table = _table(q, title, list(enumerate(q.options)), pairs, weights)
    if not table.is_hidden:
        plain, _ = _tally(pairs, {})
        top = sum(plain[step] for step in range(3))
        mean = sum((5 - step) * number for step, number in plain.items()) / table.answered
        table.figures = [
            ("满意度", percent_words(top, table.answered)), ("均值", f"{mean:.2f}"),
        ]  # fmt: skip
        table.rules.insert(0, SATISFACTION_RULE)
    return table


def _matrix(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    pairs = _loaded(values)
    made = []
    for at, row in enumerate(q.rows):
        by_step: dict[int, Counter[str]] = defaultdict(Counter)
        for chosen, strata in pairs:
            if at < len(chosen) and chosen[at] is not None:
                by_step[chosen[at]].update(strata)
        made.append(_scale_table(q, f"{q.text}：{row}", list(by_step.items()), weights))
    return made


def _nps(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    groups = ("推荐者（9–10）", "中立者（7–8）", "贬损者（0–6）")
    by_group: dict[int, Counter[str]] = defaultdict(Counter)
    for value, strata in _loaded(values):
        by_group[0 if value >= 9 else 1 if value >= 7 else 2].update(strata)
    table = _table(q, q.text, list(enumerate(groups)), list(by_group.items()), weights)
    if not table.is_hidden:
        plain, _ = _tally(by_group.items(), {})
        score = 100 * (plain[0] - plain[2]) / table.answered
        table.figures = [("净推荐值", f"{score:.1f}")]
        table.rules.insert(0, "净推荐值（NPS）= 推荐者百分比 − 贬损者百分比。")
    return [table]


def _number(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    plain, _ = _tally(_loaded(values), {})
    numbers = sorted(plain.elements())
    table = Table(
        q, q.text, len(numbers), rules=["四分位数和平均数由全部作答计算；不显示最大值和最小值。"]
    )
    if not table.is_hidden:
        quarter, middle, three = statistics.quantiles(numbers, n=4)
        table.figures = [
            (name, f"{value:,.1f}".removesuffix(".0") + q.unit)
            for name, value in (
                ("平均数", statistics.fmean(numbers)), ("下四分位数", quarter), ("中位数", middle),
                ("上四分位数", three),
            )
        ]  # fmt: skip
    return [table]


def _labelled(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float], label: Any
) -> list[Table]:
    """A table of values that are grouped by `label`, the most frequent ones first."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for value, strata in _loaded(values):
        groups[label(value)].update(strata)
    order = sorted(groups, key=lambda name: (-sum(groups[name].values()), name))
    return [_table(q, q.text, [(name, name) for name in order], list(groups.items()), weights)]


def _place(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    return _labelled(q, values, weights, city_of)


def city_of(code: str) -> str:
    """The city of a place: answers are never shown by county."""
    places = lookup.places()
    place = places.get(code)
    while place is not None and place.level > 2 and place.parent_code in places:
        place = places[place.parent_code]
    return place.full_name if place is not None else code


def _code(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    return _labelled(q, values, weights, lambda code: lookup.name(q.table, code))


def _date(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    return _labelled(q, values, weights, lambda day: f"{day[:4]}年{int(day[5:7])}月")


def _ranking(
    q: Question, values: Mapping[str, Counter[str]], weights: Mapping[str, float]
) -> list[Table]:
    """How often each option came first, and its mean place."""
    first: dict[int, Counter[str]] = defaultdict(Counter)
    places: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for order, strata in _loaded(values):
        number = sum(strata.values())
        first[order[0]].update(strata)
        for place, option in enumerate(order, 1):
            places[option][0] += place * number
            places[option][1] += number
    table = _table(
        q, f"{q.text}（排第一位的）", list(enumerate(q.options)), list(first.items()), weights
    )
    if not table.is_hidden:
        table.figures = [
            (f"{word}平均位次", f"{places[at][0] / places[at][1]:.2f}")
            for at, word in enumerate(q.options) if places[at][1]
        ]  # fmt: skip
    return [table]


_MAKERS: dict[str, Callable[..., list[Table]]] = {
    Kind.SINGLE: _choices, Kind.SEVERAL: _choices, Kind.SCALE: _scale, Kind.MATRIX: _matrix,
    Kind.NPS: _nps, Kind.NUMBER: _number, Kind.DATE: _date, Kind.RANKING: _ranking,
    Kind.PLACE: _place, Kind.CODE: _code,
}  # fmt: skip


def _text_table(q: Question, key: str, title: str, rows: QuerySet[Any], with_texts: bool) -> Table:
    """How many wrote something, and what, in the order of the words, so that it follows no other order."""
    answered = rows.filter(data__has_key=key)
    number = answered.count()
    table = Table(q, title, number)
    if with_texts and not table.is_hidden:
        found = answered.order_by().values_list(
            f"data__{key}" if "." not in key else "data", flat=True
        )
        words = (
            one if isinstance(one, str) else str(one[key]) for one in found[: 10 * _MOST_TEXTS]
        )
        table.texts = sorted(words)[:_MOST_TEXTS]
        table.rules = ["文字按字序排列，不附任何其他信息，也不提供给院系。"]
    return table
