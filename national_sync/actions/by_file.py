"""Reporting by file, for schools whose link is down: a workbook out, a workbook of results in.

The national import workbook is written from the batch's lines whenever somebody downloads it, so
that no copy of it is kept. Answers are applied by `apply_results`, as those of HTTP are.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from graduates.models import Graduate
from national_sync import fixes
from national_sync.actions import send
from national_sync.actions.apply import apply_results
from national_sync.actions.claim import SIZE, claim, due
from national_sync.connection import mapping
from national_sync.models import Batch, BatchLine, Entry
from national_sync.states import OPEN, WORKBOOK, BatchState, EntryState, Owner, Part
from national_sync.transport import workbook
from national_sync.transport.answers import ReadResults, Stray, read_results
from national_sync.transport.base import OutgoingBatch, OutgoingLine, Result
from national_sync.transport.layouts import Layout, layout
from schools.models import School
from schools.scope import schools_visible_to

MOST_LINES = 5_000
MOST_BYTES = 20 * 1024 * 1024
# Today's import workbook, and the former full one, which also carries origins.
LAYOUTS = ("new", "old74")
_MOST_ROWS = 4 * MOST_LINES


@dataclass(frozen=True)
class Received:
    """What one result workbook did. `strays` are rows that answer no line of the batch, with the
    reason; `unanswered` are the lines that still wait."""

    answered: int
    repeated: int
    strays: Sequence[Stray]
    unanswered: Sequence[OutgoingLine]


def files_of(school: School) -> QuerySet[Batch]:
    return Batch.objects.filter(way=WORKBOOK, school=school).order_by("-created_at", "id")


def is_open(batch: Batch) -> bool:
    return batch.state in OPEN


def due_by_part(school: School) -> dict[str, dict[str, int]]:
    """For each layout, how many records of each part that it carries are due now. Some of them may
    be held back when the file is made."""
    found: dict[str, dict[str, int]] = {}
    for name in LAYOUTS:
        carried = layout(name).parts
        rows = due(way=WORKBOOK, parts=carried, school_id=school.pk).order_by()
        parts = list(rows.values_list("part", flat=True))
        found[name] = {part: parts.count(part) for part in carried}
    return found


def make(*, school: School, by: User, layout_name: str = "new") -> Batch:
    """Claim what is due of the school into one file. What the layout cannot carry keeps waiting."""
    _permit(school, by)
    if layout_name not in LAYOUTS:
        raise Refused("layout", "请选择工作簿的版式。", field="layout")
    batch, mapped = None, mapping()
    with transaction.atomic():
        room = MOST_LINES
        while room:
            found = claim(
                mapped, size=min(SIZE, room), school_id=school.pk, way=WORKBOOK,
                parts=layout(layout_name).parts, into=batch,
            )  # fmt: skip
            if not found.looked_at:
                break
            batch = found.batch or batch
            room = MOST_LINES - (batch.lines if batch else 0)
        if batch is not None:
            _record("national.file_make", batch, by, {"lines": batch.lines})
    if batch is None:  # raised after the transaction, so that what was held back stays so
        raise Refused("nothing_due", "没有可上报的记录。预校验未过的见上报台账。")
    return batch


def layout_of(batch: Batch) -> Layout:
    """The first layout that carries everything in the batch."""
    parts = set(BatchLine.objects.filter(batch=batch).values_list("part", flat=True))
    return next(found for found in map(layout, LAYOUTS) if parts <= set(found.parts))


def write(batch: Batch) -> bytes:
    """The national import workbook of the batch; the same rows every time."""
    return workbook.write(_with_names(batch), layout_of(batch))


def _with_names(batch: Batch) -> OutgoingBatch:
    """Every line with the graduate's name as it was last sent. A workbook has the name beside each
    考生号; by HTTP only the origin carries it."""
    lines = BatchLine.objects.filter(batch=batch)
    people = dict(lines.values_list("pk", "graduate_id"))
    origins = Entry.objects.filter(part=Part.ORIGIN, graduate_id__in=set(people.values()))
    sent = BatchLine.objects.filter(entry__in=origins, pk__lte=max(people, default=0))
    names = dict(
        sent.order_by("entry", "-pk").distinct("entry")
        .values_list("graduate_id", "record__values__xm")
    )  # fmt: skip
    outgoing = send.outgoing_batch(batch)
    named = [
        replace(one, record={"xm": names.get(people[int(one.id)], ""), **one.record})
        for one in outgoing.lines
    ]
    return OutgoingBatch(outgoing.id, named)


def receive(*, batch: Batch, content: bytes, by: User) -> Received:
    """Read a result workbook and apply it. Uploading the same one again changes nothing."""
    _permit(batch.school, by)
    _check_size(content)
    read = _read(batch, content)
    if not read.results and all(s.elsewhere for s in read.strays):
        raise Refused(
            "other_batch",
            "这不是本批次的结果：没有一行属于这个文件。请在生成该文件的批次中上传。"
            if read.strays else "结果工作簿中没有数据行。",
            field="file",
        )  # fmt: skip
    with transaction.atomic():
        found = _lock(batch.pk)
        if not is_open(found) and found.answered < found.lines:
            raise Refused("given_up", "这个文件已作废，其中的记录已重新排队，不再接收结果。")
        answered = apply_results(_with_known_faults(batch, read.results))
        if answered:
            digest = hashlib.sha256(content).hexdigest()
            _record("national.file_receive", found, by, {"answered": answered, "sha256": digest})
    return Received(answered, len(read.results) - answered, read.strays, read.unanswered)


def _check_size(content: bytes) -> None:
    if not content:
        raise Refused("no_file", "请选择全国系统给出的结果工作簿。", field="file")
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"文件超过{MOST_BYTES // 1024**2}MB。", field="file")


def _read(batch: Batch, content: bytes) -> ReadResults:
    """Read it in the limited child process. The upload is on disk only while that runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result"
        path.write_bytes(content)
        return read_results(
            path, send.outgoing_batch(batch), most_rows=_MOST_ROWS, not_before=batch.created_at
        )


def _with_known_faults(batch: Batch, results: Sequence[Result]) -> list[Result]:
    """The results with the fault codes and fields that their texts and labels stand for."""
    lines = BatchLine.objects.filter(batch=batch).values_list("pk", "part")
    parts = {str(pk): part for pk, part in lines}
    return [
        replace(
            r,
            faults=tuple(
                replace(
                    f,
                    code=fixes.code_of(f.text) or f.code,
                    field=fixes.field_of(parts[r.line], f.field),
                    text=f.text or "全国系统未说明原因",
                )
                for f in r.faults
            ),
        )
        for r in results
    ]


def give_up(*, batch: Batch, by: User) -> int:
    """The file was never imported there: its unanswered records are queued again. Returns how many
    that are."""
    _permit(batch.school, by)
    now = timezone.now()
    with transaction.atomic():
        found = _lock(batch.pk)
        if not is_open(found):
            raise Refused("closed", "这个文件已经完成或作废。")
        later = BatchLine.objects.filter(entry_id=OuterRef("entry_id"), pk__gt=OuterRef("pk"))
        lines = BatchLine.objects.filter(~Exists(later), batch=found, verdict="")
        people = lines.values("graduate_id")
        # Locks are taken in one order everywhere: graduates first, by id, then everything else.
        list(
            Graduate.objects.select_for_update(no_key=True)
            .filter(pk__in=people)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        sent = Entry.objects.filter(state=EntryState.SENT, pk__in=lines.values("entry_id"))
        ids = list(sent.order_by("pk").select_for_update().values_list("pk", flat=True))
        again = Entry.objects.filter(pk__in=ids)
        # The national system does not know those whose origin was in this file only.
        again.filter(part=Part.ORIGIN, accepted_version=None).update(sent_version=None)
        again.update(state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=now, problems=[])
        Batch.objects.filter(pk=found.pk).update(
            state=BatchState.DONE, done_at=now, problem=f"已作废，{len(ids)}条重新排队"
        )
        _record("national.file_give_up", found, by, {"again": len(ids)})
    return len(ids)


def _lock(pk: UUID) -> Batch:
    """Lock the file's batch, so that nobody else answers it or gives it up meanwhile. It is locked
    before everything else; no other action asks for it while it holds other rows."""
    return Batch.objects.select_for_update(of=("self",)).get(pk=pk, way=WORKBOOK)


def _permit(school: School | None, by: User) -> None:
    seen = school is not None and schools_visible_to(by).filter(pk=school.pk).exists()
    if not seen or not by.has_perm("national.compare"):
        raise NotPermitted("role", "只有学校管理员和省级可以办理文件上报。")


def _record(action: str, batch: Batch, by: User, data: dict[str, object]) -> None:
    audit.record(
        action,
        by=by,
        object_type="batch",
        label=str(batch.pk),
        school_id=batch.school_id,
        data=data,
    )
