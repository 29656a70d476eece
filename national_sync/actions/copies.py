"""What the national system holds about a graduate: fetched, shown beside our own values, and
confirmed by the graduate as it was shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.db.bulk import any_of, update_rows
from core.errors import NotPermitted, Refused
from graduates.models import Graduate
from national_sync.connection import mapping
from national_sync.fields import FIELDS, Reported
from national_sync.mapping import Mapped
from national_sync.models import Entry, NationalCopy
from national_sync.records import Built, build, present_record
from national_sync.states import CONFIRMED, LAPSED, UNCONFIRMED, Part
from national_sync.transport.base import HeldRecord, Key, Transport


@dataclass(frozen=True)
class ComparedField:
    """One field as both sides have it: its label, our text, theirs, and our name of the field. The texts
    are as they are written for the national system; `reported` says how to read them."""

    label: str
    ours: str
    theirs: str
    source: str
    reported: Reported

    @property
    def differs(self) -> bool:
        return self.ours != self.theirs


@dataclass(frozen=True)
class SideBySide:
    """What the page shows, and the hash that a confirmation is bound to. `held` says whether the
    national system has anything."""

    parts: list[tuple[str, str, list[ComparedField]]]  # (part, heading, lines)
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
    """Fetch this graduate's record and keep it. The HTTP request comes before the transaction."""
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
    """Keep what a comparison fetched of many graduates. A copy that was fetched later stays. The
    graduate's confirmation is bound to a hash of what was shown, so it lapses by itself where
    that changed."""
    rows = [
        _values(held) | {"graduate_id": pk, "differences": differences.get(pk, 0)}
        for pk, held in sorted(records.items())
    ]
    for start in range(0, len(rows), _CHUNK):
        chunk = json.dumps(rows[start : start + _CHUNK], ensure_ascii=False)
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [fetched_at, chunk])


# What was sent is read from the rows of its lines, so that it does not travel through Python.
_ACCEPTED = """
    INSERT INTO national_sync_nationalcopy AS held
        (graduate_id, parts, national_state, fetched_at, confirmed_hash)
    SELECT graduate_id, jsonb_object_agg(part, record -> 'values'), %s, %s, ''
    FROM national_sync_batchline WHERE id = ANY(%s) GROUP BY graduate_id ORDER BY graduate_id
    ON CONFLICT (graduate_id) DO UPDATE
    SET parts = held.parts || EXCLUDED.parts, fetched_at = EXCLUDED.fetched_at,
        national_state = CASE
            WHEN held.national_state = %s AND held.parts || EXCLUDED.parts <> held.parts THEN %s
            ELSE held.national_state END
    RETURNING graduate_id, xmax = 0, differences > 0
"""
# Adds the parts that were accepted before there was a copy.
_EARLIER = """
    UPDATE national_sync_nationalcopy held SET parts = earlier.parts || held.parts
    FROM (SELECT graduate_id, jsonb_object_agg(part, taken) AS parts
          FROM (SELECT DISTINCT ON (e.id) e.graduate_id, e.part, l.record -> 'values' AS taken
                FROM national_sync_entry e JOIN national_sync_batchline l
                    ON l.entry_id = e.id AND l.version = e.accepted_version
                WHERE e.graduate_id = ANY(%s) AND l.verdict = 'accepted'
                ORDER BY e.id, l.id DESC) AS last
          GROUP BY graduate_id) AS earlier
    WHERE held.graduate_id = earlier.graduate_id
"""


def note_accepted(lines: Iterable[int]) -> None:
    """These lines were accepted: the national system holds now what was sent in them. A
    confirmation that was given there for other values lapses there. The caller has locked the
    graduates."""
    ids = list(lines)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_ACCEPTED, [UNCONFIRMED, timezone.now(), ids, CONFIRMED, LAPSED])
        rows = cursor.fetchall()
        new = [graduate_id for graduate_id, is_new, _ in rows if is_new]
        if new:
            cursor.execute(_EARLIER, [new])
    _count_again([graduate_id for graduate_id, _, differed in rows if differed])


def _count_again(graduate_ids: list[int]) -> None:
    """Count the differences of these graduates anew after some of their parts were accepted."""
    if not graduate_ids:
        return
    held = list(NationalCopy.objects.filter(any_of("pk", graduate_ids)))
    entries = list(Entry.objects.filter(any_of("graduate_id", graduate_ids)))
    mapped = mapping()
    built = build(entries, mapped)
    ours: dict[int, dict[str, Mapping[str, str]]] = {copy.pk: {} for copy in held}
    for entry in entries:
        ours[entry.graduate_id][entry.part] = _record_of(entry, built[entry.pk], mapped)
    for copy in held:
        lines = [line for _, _, part in _parts(ours[copy.pk], copy.parts) for line in part]
        copy.differences = sum(line.differs for line in lines)
    update_rows(held, ("differences",))


def note_not_held(graduate_ids: Collection[int]) -> None:
    """The national system answered that it does not know these graduates."""
    if graduate_ids:
        NationalCopy.objects.filter(pk__in=graduate_ids).update(
            parts={}, national_state=UNCONFIRMED, differences=None, fetched_at=timezone.now()
        )


def shown(graduate: Graduate, copy: NationalCopy | None) -> SideBySide:
    """Our values beside those of the national system, part by part."""
    theirs = copy.parts if copy is not None else {}
    parts = _parts(_ours(graduate, mapping()), theirs)
    text = json.dumps(
        [[p, [[line.label, line.ours, line.theirs] for line in lines]] for p, _, lines in parts],
        ensure_ascii=False,
    )
    return SideBySide(parts, hashlib.sha256(text.encode()).hexdigest(), bool(theirs))


def _parts(
    ours: Mapping[str, Mapping[str, str]], theirs: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, str, list[ComparedField]]]:
    parts = []
    for part, fields in FIELDS.items():
        mine = ours.get(part, {})
        held = theirs.get(part, {})
        lines = [
            ComparedField(f.label, mine.get(f.national, ""), held.get(f.national, ""), f.source, f)
            for f in fields
            if mine.get(f.national) or held.get(f.national)
        ]
        parts.append((str(part), _HEADINGS[Part(part)], lines))
    return parts


def _ours(graduate: Graduate, mapped: Mapped) -> dict[str, Mapping[str, str]]:
    entries = list(Entry.objects.filter(graduate=graduate))
    built = build(entries, mapped)
    return {e.part: _record_of(e, built[e.pk], mapped) for e in entries}


def _record_of(entry: Entry, built: Built, mapped: Mapped) -> Mapping[str, str]:
    """Our values of one part. Those that may not be sent yet are shown all the same."""
    return built.record if built.due else present_record(entry.part, entry.graduate_id, mapped)


def is_confirmed(copy: NationalCopy | None, now: SideBySide) -> bool:
    """Whether the graduate's confirmation still holds: any change of a reported field, on either
    side, ends it."""
    return copy is not None and copy.confirmed_at is not None and copy.confirmed_hash == now.digest


def confirm(*, graduate: Graduate, digest: str, by: User) -> NationalCopy:
    """Note 已核对一致 for exactly what was shown, which `digest` names."""
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
            raise Refused("not_held", "全国系统中还没有您的数据，请稍后再核对。")
        if now.digest != digest:
            raise Refused("changed", "数据刚刚有变化，请重新核对后再确认。")
        if now.differences:
            raise Refused("differs", "仍有不一致的内容，请先纠错。")
        copy.confirmed_at, copy.confirmed_hash = timezone.now(), digest
        copy.save(update_fields=["confirmed_at", "confirmed_hash"])
        audit.record("national.confirm", by=by, obj=locked, data={"hash": digest})
    return copy


def as_context(graduate: Graduate) -> dict[str, Any]:
    copy = NationalCopy.objects.filter(pk=graduate.pk).first()
    now = shown(graduate, copy)
    return {"copy": copy, "shown": now, "confirmed": is_confirmed(copy, now)}
