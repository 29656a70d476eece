"""Bulk updates and inserts store the same values as single ones."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import pytest

from core.db.bulk import RawJson, insert_rows, update_rows
from core.models import Channel, Event, OutboxMessage

pytestmark = pytest.mark.django_db

# Characters that must be quoted in an array or a COPY.
ODD = ('甲"乙', "丙\\丁", "{戊,己}", "NULL", "", "庚\n辛'\t%s")
NAMES = (
    "actor_realm", "actor_label", "object_label", "action", "object_type", "object_id", "reason",
    "data",
)  # fmt: skip
NOON = datetime.datetime(2026, 7, 1, 12, 0, 0, 123, tzinfo=datetime.UTC)


def messages() -> list[OutboxMessage]:
    return [
        OutboxMessage.objects.create(
            channel=Channel.SMS, address=str(n), text="", dedupe_key=str(n)
        )
        for n in range(len(ODD))
    ]


def test_updated_rows_hold_the_given_values_with_any_characters() -> None:
    rows = messages()
    for n, (row, text) in enumerate(zip(rows, ODD, strict=True)):
        row.text, row.attempts, row.secret = text, n, n % 2 == 1
        row.sent_at = NOON + datetime.timedelta(hours=n) if n else None
        row.problem = "同样的"
    names = ("text", "attempts", "secret", "sent_at", "problem")
    assert update_rows(rows, names) == len(ODD)
    for row in rows:
        stored = OutboxMessage.objects.get(pk=row.pk)
        assert [getattr(stored, n) for n in names] == [getattr(row, n) for n in names]
        assert stored.address == row.address, "nothing else was written"


@dataclass
class Plain:
    pk: int
    text: str


def test_plain_rows_update_the_model_that_is_named() -> None:
    first, *others = messages()
    assert update_rows([Plain(first.pk, "新")], ("text",), OutboxMessage) == 1
    assert OutboxMessage.objects.get(pk=first.pk).text == "新"
    assert set(OutboxMessage.objects.exclude(pk=first.pk).values_list("text", flat=True)) == {""}
    assert len(others) == len(ODD) - 1
    assert update_rows([], ("text",), OutboxMessage) == 0


def test_inserted_json_is_encoded_unless_it_is_raw_json() -> None:
    data: dict[str, Any] = {"数": [1, {"a": 'b"c\\d'}]}
    written = RawJson('{"数": [1, {"a": "b\\"c\\\\d"}]}')
    rows: list[tuple[Any, ...]] = [
        ("system", "", "", "core.bulk", "test", n, text, data) for n, text in enumerate(ODD)
    ]
    rows.append(("system", "", "", "core.bulk", "test", len(ODD), "末", written))
    insert_rows(Event, NAMES, rows)
    stored = Event.objects.filter(action="core.bulk").order_by("object_id")
    assert [e.reason for e in stored] == [*ODD, "末"]
    assert all(e.data == data for e in stored)
