"""The audit chain: events are bound together by hashes, so that a later change of them shows.

Triggers keep the platform from changing events, but the owner of the database can switch triggers
off. Every few minutes `extend` makes a link of each school's new events. A link holds the SHA-256
digest of each event and a hash over these and over the link before. Every night `anchor` writes
one hash over the last links of all chains to a file that operators copy to another place, with a
time stamp of an authority where one is set. Who changes an old event afterwards has to change all
later links and anchors and that file.

Links are made after the commit, not in the transaction of the event: a chain in the transaction
would let only one person of a school work at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from core import frame
from core.models import AuditAnchor, AuditLink
from core.time_stamps import fetch_token, token_fault

# Ids are given out in order, but a transaction may commit later than one with a higher id. No
# transaction is open for so long.
_LONGEST_TRANSACTION = timedelta(hours=1)
# Events that are in no chain after so long were added behind the back of the platform.
_CHAINED_WITHIN = timedelta(days=1)
_CHUNK = 5000
# The number of the advisory lock under which links and anchors are made.
_LOCK = 4_020_001


def extend() -> int:
    """Make links of all events that are in none yet; returns how many events. Nothing is done while
    another process does it."""
    total = 0
    for table in frame.event_tables():
        while count := _extend_by_chunk(table):
            total += count
    return total


def _extend_by_chunk(table: type[Model]) -> int:
    with transaction.atomic():
        if not _locked():
            return 0
        ids = _unlinked(table)
        by_school: dict[int | None, list[dict[str, Any]]] = {}
        for event in _read(table, ids):
            by_school.setdefault(event["school_id"], []).append(event)
        AuditLink.objects.bulk_create(
            _next_link(table._meta.db_table, school_id, events)
            for school_id, events in by_school.items()
        )
    return len(ids)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _unlinked(table: type[Model]) -> list[int]:
    """Ids of events in no link yet, lowest first, at most a chunk of them."""
    name = table._meta.db_table
    links = AuditLink.objects.filter(event_table=name).order_by("-last_event_id")
    before = timezone.now() - _LONGEST_TRANSACTION
    # All events up to this id are in a link.
    known = links.filter(created_at__lt=before).values_list("last_event_id", flat=True).first() or 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.id FROM {name} e
            WHERE e.id > %s AND NOT EXISTS (
                SELECT 1 FROM core_auditlink l, unnest(l.event_ids) AS linked(id)
                WHERE l.event_table = %s AND l.last_event_id > %s AND linked.id = e.id
            )
            ORDER BY e.id LIMIT %s
            """,
            [known, name, known, _CHUNK],
        )
        return [row[0] for row in cursor.fetchall()]


def _read(table: type[Model], ids: Sequence[int]) -> list[dict[str, Any]]:
    names = [field.attname for field in table._meta.concrete_fields]
    return list(table._default_manager.filter(pk__in=ids).order_by("pk").values(*names))


def _next_link(table: str, school_id: int | None, events: list[dict[str, Any]]) -> AuditLink:
    chain = AuditLink.objects.filter(school_id=school_id)
    before = chain.order_by("-position").only("position", "hash").first()
    link = AuditLink(
        school_id=school_id,
        position=before.position + 1 if before else 1,
        day=timezone.localdate(),
        event_table=table,
        event_ids=[event["id"] for event in events],
        last_event_id=events[-1]["id"],
        digests=b"".join(map(digest, events)),
    )
    link.hash = link_hash(link, bytes(before.hash) if before else b"")
    return link


def digest(event: dict[str, Any]) -> bytes:
    """SHA-256 of an event's columns as JSON with sorted keys, times in UTC. Columns without a value
    are left out, so that a column which is added later changes no digest."""
    values = {name: _plain(value) for name, value in event.items() if value is not None}
    return hashlib.sha256(_canonical(values)).digest()


def link_hash(link: AuditLink, before: bytes) -> bytes:
    """SHA-256 of the hash of the link before (empty for the first), of where the link stands, and
    of its digests."""
    place = [link.school_id, link.position, f"{link.day}", link.event_table, link.event_ids]
    return hashlib.sha256(before + _canonical(place) + bytes(link.digests)).digest()


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


# --- anchors -------------------------------------------------------------------------------------


def anchor() -> list[date]:
    """Anchor every finished day that has links and no anchor yet; returns these days.

    The time stamp is asked for before the transaction. Where the authority does not answer, the
    day is anchored the next time.
    """
    newest = AuditAnchor.objects.order_by("-day").first()
    days = AuditLink.objects.filter(day__lt=timezone.localdate())
    if newest is not None:
        days = days.filter(day__gt=newest.day)
    done = []
    for day in days.order_by("day").values_list("day", flat=True).distinct():
        heads = _heads(day)
        whole = anchor_hash(day, heads, bytes(newest.hash) if newest else b"")
        made = AuditAnchor(day=day, hash=whole, chains=len(heads), time_stamp=fetch_token(whole))
        with transaction.atomic():
            if not _locked() or AuditAnchor.objects.filter(day=day).exists():
                break
            made.save(force_insert=True)
            _write_file(made, heads)
        newest = made
        done.append(day)
    return done


def _heads(day: date) -> list[list[Any]]:
    """[school, position, hash in hexadecimal] of each chain's last link up to the end of `day`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (school_id) school_id, position, encode(hash, 'hex')
            FROM core_auditlink WHERE day <= %s
            ORDER BY school_id NULLS FIRST, position DESC
            """,
            [day],
        )
        return [list(row) for row in cursor.fetchall()]


def anchor_hash(day: date, heads: list[list[Any]], before: bytes) -> bytes:
    """SHA-256 of the anchor before (empty for the first), the day and the heads of all chains."""
    return hashlib.sha256(before + _canonical([f"{day}", heads])).digest()


def _write_file(made: AuditAnchor, heads: list[list[Any]]) -> None:
    """`2027-06-30.json` with hash and heads, and `2027-06-30.tsr` with the authority's token."""
    folder = storages["anchors"]
    content = {"day": f"{made.day}", "hash": made.hash.hex(), "heads": heads}
    files = {f"{made.day}.json": json.dumps(content, indent=1).encode() + b"\n"}
    if made.time_stamp:
        files[f"{made.day}.tsr"] = bytes(made.time_stamp)
    for name, data in files.items():
        folder.delete(name)  # left by a process that was killed before it committed
        folder.save(name, ContentFile(data))


# --- checking ------------------------------------------------------------------------------------


def faults() -> Iterator[str]:
    """What is wrong with the chains, the anchors and their files, as Chinese sentences."""
    yield from _faults_of_links()
    yield from _faults_of_unlinked_events()
    yield from _faults_of_anchors()


def _faults_of_links() -> Iterator[str]:
    tables = {table._meta.db_table: table for table in frame.event_tables()}
    school: int | None = None
    position, before = 0, b""
    links = AuditLink.objects.order_by("school_id", "position")
    for link in links.iterator(chunk_size=200):
        if link.school_id != school:
            school, position, before = link.school_id, 0, b""
        if link.position != position + 1:
            yield f"学校{school}的记录链在第{position + 1}节断开。"
        elif link_hash(link, before) != bytes(link.hash):
            yield f"学校{school}的记录链第{link.position}节被改动。"
        position, before = link.position, bytes(link.hash)
        yield from _faults_of_events(tables[link.event_table], link)


def _faults_of_events(table: type[Model], link: AuditLink) -> Iterator[str]:
    found = {event["id"]: digest(event) for event in _read(table, link.event_ids)}
    digests = bytes(link.digests)
    for number, pk in enumerate(link.event_ids):
        if pk not in found:
            yield f"{link.event_table}中的记录{pk}被删除。"
        elif found[pk] != digests[number * 32 : number * 32 + 32]:
            yield f"{link.event_table}中的记录{pk}被改动。"


def _faults_of_unlinked_events() -> Iterator[str]:
    before = timezone.now() - _CHAINED_WITHIN
    for table in frame.event_tables():
        name = table._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT e.id FROM {name} e
                LEFT JOIN (
                    SELECT unnest(event_ids) AS id FROM core_auditlink WHERE event_table = %s
                ) linked ON linked.id = e.id
                WHERE e.at < %s AND linked.id IS NULL ORDER BY e.id
                """,
                [name, before],
            )
            for (pk,) in cursor.fetchall():
                yield f"{name}中的记录{pk}不在记录链中。"


def _faults_of_anchors() -> Iterator[str]:
    before = b""
    folder = storages["anchors"]
    for made in AuditAnchor.objects.order_by("day"):
        whole = bytes(made.hash)
        if anchor_hash(made.day, _heads(made.day), before) != whole:
            yield f"{made.day}的日锚与记录链不符。"
        before = whole
        name = f"{made.day}.json"
        if not folder.exists(name):
            yield f"{made.day}的日锚文件不见了。"
        else:
            with folder.open(name) as file:
                if _hash_in(file.read()) != whole.hex():
                    yield f"{made.day}的日锚文件与数据库不符。"
        if made.time_stamp and (fault := token_fault(bytes(made.time_stamp), whole)):
            yield f"{made.day}的日锚时间戳无效：{fault}"


def _hash_in(content: bytes) -> str:
    try:
        return str(json.loads(content)["hash"])
    except (ValueError, KeyError, TypeError):
        return ""
