"""数据质量核查: the rules of entry and upload, asked once more of everything that is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codes.findings import Finding
from destinations.fields import BY_KEY as DESTINATION_FIELDS
from destinations.fields import KEYS
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.states import State
from graduates.fields import BY_KEY as ORIGIN_FIELDS
from graduates.models import Graduate
from graduates.records import RELATED, record_of
from graduates.rules.record import check_record
from graduates.states import Standing
from national_sync.problems import Problem
from national_sync.rules import origin as national_origin
from quality.actions.runs import Work

_CHUNK = 500
_ERROR, _DOUBT = "错误", "疑点"


def check(work: Work) -> None:
    last, total = 0, max(1, _rows(work).count())
    while chunk := list(_rows(work).filter(pk__gt=last).select_related(*RELATED)[:_CHUNK]):
        last = chunk[-1].pk
        work.progress.tell(min(95, 95 * work.counts["checked"] // total), "逐条核查")
        work.counts["checked"] += len(chunk)
        work.write("stored_origin", [row for g in chunk for row in _of_origin(g)])
        standing = Destination.objects.filter(pk__in=[g.pk for g in chunk]).exclude(
            state=State.UNSUBMITTED
        )
        found = [row for d in standing.select_related("graduate") for row in _of_destination(d)]
        work.write("stored_destination", found)


def _rows(work: Work) -> Any:
    return Graduate.objects.filter(cohort_id__in=work.cohorts, standing=Standing.ENROLLED).order_by(
        "pk"
    )


def _of_origin(graduate: Graduate) -> Iterable[dict[str, Any]]:
    record = record_of(graduate)
    found = check_record(record)
    # What the national system asks besides.
    found += [
        _as_finding(problem)
        for rule in (national_origin.place_is_current, national_origin.mobile_is_given)
        for problem in rule(record)
    ]
    for one in found:
        label = ORIGIN_FIELDS[one.field].label if one.field in ORIGIN_FIELDS else ""
        yield _row(graduate.pk, one, label)


def _as_finding(problem: Problem) -> Finding:
    return Finding(problem.rule, problem.message, field=problem.field)


def _of_destination(d: Destination) -> Iterable[dict[str, Any]]:
    typed = {key: getattr(d, key) for key in KEYS} | {"category": d.category, "form": d.form}
    registration = check_registration(
        typed, evidence=None, graduates_on=d.graduate.graduates_on, wage_override=d.wage_override
    )
    for one in registration.issues:
        label = DESTINATION_FIELDS[one.field].label if one.field in DESTINATION_FIELDS else ""
        yield _row(d.pk, one, label)


def _row(graduate_id: int, one: Finding, label: str) -> dict[str, Any]:
    sentence = one.message if one.message.endswith("。") else f"{one.message}。"
    evidence = {"field": label, "level": _ERROR if one.is_error else _DOUBT}
    return {
        "graduate_id": graduate_id, "matter": f"{one.code}|{one.field}",
        "subject": f"{one.code}|{one.field}", "sentence": sentence, "evidence": evidence,
    }  # fmt: skip
