"""Helpers for tests of a school's files: making them, answering them, looking at them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from core.errors import DomainError
from graduates.models import Graduate
from national_sync.actions import by_file, send
from national_sync.actions.by_file import Received
from national_sync.models import Batch, BatchLine, Entry, Feedback
from national_sync.transport.answers import write_results
from national_sync.transport.base import Fault, OutgoingBatch, Result
from tests.factories import World
from tests.national_sync.simulator_process import Simulator

UNIT_WRONG = "单位名称不存在"


def made(world: World, layout: str = "old74") -> Batch:
    return by_file.make(school=world.school, by=world.school_admin, layout_name=layout)


def received(batch: Batch, content: bytes, world: World) -> Received:
    batch.refresh_from_db()
    return by_file.receive(batch=batch, content=content, by=world.school_admin)


def refused(slug: str, call: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == slug
    return refusal.value


def judged(simulator: Simulator, batch: Batch) -> bytes:
    """Import the file's lines into the simulator, as somebody at the ministry would, and write
    the workbook of results."""
    going = send.outgoing_batch(batch)
    desk = OutgoingBatch(f"desk-{batch.pk}"[:64], going.lines)
    return write_results(simulator.judged(desk).results, going)


def said(batch: Batch, *refusals: BatchLine, text: str = UNIT_WRONG, **changes: Any) -> bytes:
    """A result workbook that accepts every line it is not told to refuse."""
    going = send.outgoing_batch(batch)
    bad = {str(line.pk) for line in refusals}
    values: dict[str, Any] = {"judged_at": timezone.now()} | changes
    results = [
        Result(
            str(batch.pk), line.id, line.version, "rejected" if line.id in bad else "accepted",
            (Fault("登记信息错误", "", "单位名称", text),) if line.id in bad else (), **values,
        )
        for line in going.lines
    ]  # fmt: skip
    return write_results(results, going)


def book(*rows: list[Any]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def line_of(batch: Batch, graduate: Graduate, part: str = "destination") -> BatchLine:
    return BatchLine.objects.get(batch=batch, graduate_id=graduate.pk, part=part)


def cells(content: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[c.value or "" for c in row] for row in sheet.iter_rows()]


def whole_state() -> tuple[Any, ...]:
    """Everything that an answer can change."""
    return tuple(
        list(rows.order_by("pk").values_list())
        for rows in (Entry.objects, BatchLine.objects, Feedback.objects, Batch.objects)
    )
