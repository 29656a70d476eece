"""The national copy before the graduate: fetched, compared with ours, confirmed as shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from graduates.models import Graduate
from national_sync.connection import mapping
from national_sync.fields import FIELDS
from national_sync.mapping import Mapped
from national_sync.models import Entry, NationalCopy
from national_sync.records import Built, build
from national_sync.states import UNCONFIRMED, Part
from national_sync.transport.base import HeldRecord, Key, Transport


@dataclass(frozen=True)
class Line:
    """One field on the page: its label, our words, theirs, whether they differ."""

    label: str
    ours: str
    theirs: str
    source: str

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True)
class Shown:
    """What the page shows, and the hash that a confirmation is bound to."""

    parts: list[tuple[str, str, list[Line]]]  # (part, heading, lines)
    digest: str
    held: bool

    @property
    def differences(self) -> int:
        return sum(line.differs for _, _, lines in self.parts for line in lines)


_HEADINGS = {
    Part.ORIGIN: "基本信息",
    Part.DESTINATION: "毕业去向信息",
    Part.ARCHIVE: "档案转寄信息",
}


def refresh(*, graduate: Graduate, transport: Transport) -> NationalCopy:
    """Fetch this one record. HTTP first, rows afterwards."""
    key = Key(graduate.school.code, graduate.cohort.year, graduate.exam_no)
    values = _values(transport.record(key)) | {"fetched_at": timezone.now()}
    now = shown(graduate, NationalCopy(graduate=graduate, **values))
    values["differences"] = now.differences if now.held else None
    copy, _ = NationalCopy.objects.update_or_create(graduate=graduate, defaults=values)
    return copy


def _values(held: HeldRecord | None) -> dict[str, Any]:
    if held is None:
        return {"parts": {}, "national_state": UNCONFIRMED}
    parts = {p: dict(h.record) for p, h in held.parts.items()}
    return {"parts": parts, "national_state": held.confirmation.state}


_CHUNK = 500
_KEEP = """
    INSERT INTO national_sync_nationalcopy
        (graduate_id, parts, national_state, differences, fetched_at, confirmed_hash)
    SELECT graduate_id, parts, national_state, differences, %s, ''
    FROM jsonb_to_recordset(%s::jsonb)
        AS found(graduate_id bigint, parts jsonb, national_state text, differences int)
    ORDER BY graduate_id
    ON CONFLICT (graduate_id) DO UPDATE
    SET parts = EXCLUDED.parts, national_state = EXCLUDED.national_state,
        differences = EXCLUDED.differences, fetched_at = EXCLUDED.fetched_at
    WHERE national_sync_nationalcopy.fetched_at IS NULL
       OR national_sync_nationalcopy.fetched_at < EXCLUDED.fetched_at
"""


def keep(
    records: Mapping[int, HeldRecord | None],
    differences: Mapping[int, int],
    *,
    fetched_at: datetime,
) -> None:
    """What a comparison fetched of many graduates. A copy fetched later stays; what the graduate
    confirmed is bound to what was shown, so it lapses by itself where that changed."""
    rows = [
        _values(held) | {"graduate_id": pk, "differences": differences.get(pk, 0)}
        for pk, held in sorted(records.items())
    ]
    for start in range(0, len(rows), _CHUNK):
        chunk = json.dumps(rows[start : start + _CHUNK], ensure_ascii=False)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [fetched_at, chunk])


def shown(graduate: Graduate, copy: NationalCopy | None) -> Shown:
    """Ours beside theirs, part by part."""
    theirs = copy.parts if copy is not None else {}
    ours = _ours(graduate, mapping())
    parts = []
    for part, fields in FIELDS.items():
        mine = ours[part].record if part in ours else {}
        held = theirs.get(part, {})
        lines = [
            Line(f.label, mine.get(f.national, ""), held.get(f.national, ""), f.source)
            for f in fields
            if mine.get(f.national) or held.get(f.national)
        ]
        parts.append((str(part), _HEADINGS[Part(part)], lines))
    text = json.dumps(
        [[p, [[line.label, line.ours, line.theirs] for line in lines]] for p, _, lines in parts],
        ensure_ascii=False,
    )
    return Shown(parts, hashlib.sha256(text.encode()).hexdigest(), bool(theirs))


def _ours(graduate: Graduate, mapped: Mapped) -> dict[str, Built]:
    entries = list(Entry.objects.filter(graduate=graduate))
    built = build(entries, mapped)
    return {e.part: built[e.pk] for e in entries}


def is_confirmed(copy: NationalCopy | None, now: Shown) -> bool:
    """A change of any reported field, on either side, lapses it."""
    return copy is not None and copy.confirmed_at is not None and copy.confirmed_hash == now.digest


def confirm(*, graduate: Graduate, digest: str, by: User) -> NationalCopy:
    """已核对一致, of exactly what was shown."""
    with transaction.atomic():
        locked = (
            Graduate.objects.select_for_update(no_key=True, of=("self",))
            .select_related("person", "school", "cohort")
            .get(pk=graduate.pk)
        )
        if locked.person.user_id != by.pk:
            raise NotPermitted("role", "只有本人可以核对。")
        copy = NationalCopy.objects.select_for_update().filter(pk=locked.pk).first()
        now = shown(locked, copy)
        if copy is None or not now.held:
            raise Refused("not_held", "全国系统中还没有您的数据, 请稍后再核对。")
        if now.digest != digest:
            raise Refused("changed", "数据刚刚有变化, 请重新核对后再确认。")
        if now.differences:
            raise Refused("differs", "仍有不一致的内容, 请先纠错。")
        copy.confirmed_at, copy.confirmed_hash = timezone.now(), digest
        copy.save(update_fields=["confirmed_at", "confirmed_hash"])
        audit.record("national.confirm", by=by, obj=locked, data={"hash": digest})
    return copy


def as_context(graduate: Graduate) -> dict[str, Any]:
    copy = NationalCopy.objects.filter(pk=graduate.pk).first()
    now = shown(graduate, copy)
    return {"copy": copy, "shown": now, "confirmed": is_confirmed(copy, now)}
