"""What a sample has shown so far: by stratum, by school, and altogether."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from quality import sample_rates
from quality.models import CallBack, Sample
from quality.sample_rates import Share, Weighted
from quality.states import TO_CALL, CallOutcome, CallState
from schools.models import School

DEFINITIONS = (
    "不一致率 = 结果为“不一致”的 ÷ 已联系上的；“部分不一致”另计。区间为95%威尔逊区间。",
    "加权合计按各层在总体中的比重计算；拒答、未联系上和号码错误的不计入，见接通率。",
)


@dataclass(frozen=True)
class Line:
    """One stratum, one school, or all: how many there are, were drawn, have ended and were reached."""

    label: str
    size: int
    drawn: int
    ended: int
    reached: int
    partly: int
    share: Share


_COUNTS = {
    "drawn": Count("pk"),
    "ended": Count("pk", filter=~Q(state__in=TO_CALL)),
    "reached": Count("pk", filter=Q(state=CallState.REACHED)),
    "partly": Count("pk", filter=Q(outcome=CallOutcome.PARTLY)),
    "differing": Count("pk", filter=Q(outcome=CallOutcome.DIFFERS)),
}


def by_stratum(sample: Sample, school_id: int | None = None) -> list[Line]:
    """The strata in their order; with `school_id` those of one school alone."""
    calls = CallBack.objects.filter(sample=sample).order_by()
    counted: dict[int, Any] = {
        row["stratum"]: row for row in calls.values("stratum").annotate(**_COUNTS)
    }
    strata = sample.strata.defer("graduate_ids")
    if school_id is not None:
        strata = strata.filter(school=school_id)
    return [_line(s.label, s.size, counted.get(s.pk, {})) for s in strata]


def by_school(sample: Sample, school_id: int | None = None) -> list[Line]:
    calls = CallBack.objects.filter(sample=sample).order_by()
    if school_id is not None:
        calls = calls.filter(school=school_id)
    rows: list[Any] = list(calls.values("school").annotate(**_COUNTS))
    names = dict(
        School.objects.filter(pk__in=[r["school"] for r in rows]).values_list("pk", "name")
    )
    lines = [_line(names[row["school"]], 0, row) for row in rows]
    return sorted(lines, key=lambda line: line.label)


def total_of(lines: list[Line], label: str = "合计") -> Line:
    """All lines together, unweighted."""

    def whole(key: str) -> int:
        return sum(getattr(line, key) for line in lines)

    differing = sum(line.share.x for line in lines)
    return Line(
        label, whole("size"), whole("drawn"), whole("ended"), whole("reached"), whole("partly"),
        sample_rates.wilson(differing, whole("reached")),
    )  # fmt: skip


def weighted_total(lines: list[Line]) -> Weighted:
    return sample_rates.weighted([(line.size, line.reached, line.share.x) for line in lines])


def _line(label: str, size: int, row: Mapping[str, int]) -> Line:
    reached = row.get("reached", 0)
    return Line(
        label, size, row.get("drawn", 0), row.get("ended", 0), reached, row.get("partly", 0),
        sample_rates.wilson(row.get("differing", 0), reached),
    )  # fmt: skip
