"""Comparing a school of some thousands: pages and chunks at the same cost each, with progress."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.reported import CODE, reported_school
from core import jobs
from graduates.models import Graduate
from national_sync import demo
from national_sync.actions import compare
from national_sync.models import Comparison, NationalCopy
from national_sync.transport.http import HttpTransport
from schools.models import School
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db
COUNT = 2_000
PAGE, CHUNK = 500, 1_000  # held records of one answer; entries judged at once


@pytest.fixture
def school(simulator: Simulator, settings: Any) -> School:
    """A school whose graduates all have origin and destination in the simulator."""
    settings.NATIONAL_URL = simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    reported_school(COUNT)
    with simulator.transport() as transport:
        demo.share(transport, Graduate.objects.values_list("pk", flat=True))
    assert reporting.run(simulator, seconds=300).answered == 2 * COUNT
    return School.objects.get(code=CODE)


def test_a_comparison_of_thousands_costs_the_same_for_each_page(
    school: School, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = Graduate.objects.order_by("exam_no").values_list("exam_no", flat=True)[
        :: COUNT - 1
    ]
    simulator.sql("UPDATE held SET fields = fields || jsonb_build_object('dwmc', '别的单位')"
                  " WHERE part = 'destination' AND exam_no = %s", first)  # fmt: skip
    simulator.sql("DELETE FROM held WHERE part = 'destination' AND exam_no = %s", last)
    asked, percents = list[Any](), list[int]()
    records, renew = HttpTransport.records, jobs.renew

    def count(self: HttpTransport, *args: Any, **values: Any) -> Any:
        asked.append(values["after"])
        return records(self, *args, **values)

    def note(*args: Any, progress: int, **values: Any) -> None:
        percents.append(progress)
        renew(*args, progress=progress, **values)

    monkeypatch.setattr(HttpTransport, "records", count)
    monkeypatch.setattr(jobs, "renew", note)
    row = Comparison.objects.create(school=school, asked_by_label="测试")
    with CaptureQueriesContext(connection) as captured:
        assert compare.run(row.pk)
    row.refresh_from_db()
    assert row.result is not None
    totals = {k: row.result[k] for k in ("ours", "theirs", "equal", "adds_up", "total")}
    assert totals == {
        "ours": 2 * COUNT, "theirs": 2 * COUNT - 1, "equal": 2 * COUNT - 2, "adds_up": True,
        "total": 2,
    }  # fmt: skip
    kinds = {d["kind"]: d["exam_no"] for d in row.result["differences"]}
    assert kinds == {"differs": first, "missing_there": last}
    assert len(asked) == COUNT // PAGE + 1
    assert len(set(asked)) == len(asked), "no page was asked for twice"
    chunks = 2 * COUNT // CHUNK
    # The lease is renewed at the beginning, with each page, with each chunk and at the end.
    assert len(percents) == 1 + COUNT // PAGE + chunks + 1
    assert percents == sorted(percents), "the progress never goes back"
    # A chunk reads entries, people (in full, and their keys) and destinations and renews the
    # lease by the database's clock, as each page does. Copies are written 500 at a time.
    assert len(captured) <= 6 * chunks + 3 * COUNT // PAGE + 30, len(captured)
    assert NationalCopy.objects.filter(differences=1).count() == 2
    assert NationalCopy.objects.filter(differences=0).count() == COUNT - 2
