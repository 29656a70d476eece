"""Keyset paging over equal values, forwards and backwards, and with made-up cursors."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core.lists import keyset
from core.models import Event
from schools.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db
FIELDS = ("object_type", "id")


@pytest.fixture
def events() -> list[int]:
    """23 rows in three groups of ties."""
    made = [
        Event.objects.create(action="test.keyset", object_type="abc"[n % 3], object_id=n)
        for n in range(23)
    ]
    return [e.pk for e in sorted(made, key=lambda e: (e.object_type, e.pk))]


def rows() -> Any:
    return Event.objects.filter(action="test.keyset")


def page(after: Any = None, before: Any = None, *, descending: bool = False, size: int = 5):
    return keyset.page_of(
        rows(), FIELDS, descending=descending, after=after, before=before, size=size
    )[:3]


@pytest.mark.parametrize("descending", [False, True])
def test_keys_first_gives_the_same_pages_and_counts(events: list[int], descending: bool) -> None:
    here = at(Event.objects.get(pk=events[11]))
    for after, before in ((None, None), (here, None), (None, here)):
        options = {"descending": descending, "after": after, "before": before, "size": 5}
        plain = keyset.page_of(rows(), FIELDS, **options)
        keyed = keyset.page_of(rows(), FIELDS, **options, keys_from=rows(), counting=True)
        assert keyed[:3] == plain[:3]
        # Only the first page counts all rows.
        assert keyed.total == (None if after or before else len(events))
        assert plain.total is None


def test_keys_first_finds_nothing_in_an_empty_list() -> None:
    found = keyset.page_of(
        rows(), FIELDS, descending=False, after=None, before=None, size=5,
        keys_from=rows(), counting=True,
    )  # fmt: skip
    assert found == ([], False, False, 0)


def at(row: Event) -> list[Any]:
    cursor = keyset.encode([getattr(row, f) for f in FIELDS])
    found = keyset.decode(cursor, 2)
    assert found is not None
    return found


@pytest.mark.parametrize("descending", [False, True])
def test_paging_forwards_shows_every_row_once(events: list[int], descending: bool) -> None:
    seen, after, earlier_pages = [], None, []
    while True:
        found, earlier, later = page(after, descending=descending)
        seen += [r.pk for r in found]
        earlier_pages.append(earlier)
        if not later:
            break
        after = at(found[-1])
    assert seen == (events[::-1] if descending else events)
    assert earlier_pages == [False, True, True, True, True]


@pytest.mark.parametrize("descending", [False, True])
def test_paging_backwards_shows_the_rows_in_the_same_order(
    events: list[int], descending: bool
) -> None:
    order = events[::-1] if descending else events
    last = Event.objects.get(pk=order[-1])
    found, earlier, later = page(before=at(last), descending=descending)
    assert [r.pk for r in found] == order[-6:-1]
    assert (earlier, later) == (True, True)
    found, earlier, _ = page(before=at(Event.objects.get(pk=order[3])), descending=descending)
    assert [r.pk for r in found] == order[:3]
    assert not earlier


def test_a_row_that_comes_in_between_does_not_shift_the_next_page(events: list[int]) -> None:
    first, _, _ = page()
    Event.objects.create(action="test.keyset", object_type="A", object_id=0)  # sorts first
    found, _, _ = page(at(first[-1]))
    assert [r.pk for r in found] == events[5:10]


def test_a_cursor_may_hold_times() -> None:
    now = timezone.now()
    assert keyset.decode(keyset.encode([now, 7]), 2) == [now, 7]


def made_up(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


MADE_UP = [
    "x", "!!!!", "é", "=", "a" * 5000, made_up([]), made_up([1]), made_up([1, 2, 3]),
    made_up(["a", "b"]), made_up([1, 1]), made_up([None, None]), made_up([["a"], 1]),
    made_up([{"t": "no"}, 1]), made_up([{"t": 5}, 1]), made_up([{}, 1]), made_up({"t": 1}),
    made_up(["a\x00", 1]), made_up(["a", 2**70]), made_up(["a", 1.5]), made_up(["a", True]),
    made_up([{"t": "2026-01-01T00:00:00"}, 1]), made_up("ab"), made_up("[" * 100),
]  # fmt: skip


@pytest.mark.parametrize("cursor", MADE_UP, ids=range(len(MADE_UP)))
def test_a_made_up_cursor_gives_the_first_page(events: list[int], cursor: str) -> None:
    found, earlier, later = page(keyset.decode(cursor, 2))
    assert [r.pk for r in found] == events[:5]
    assert (earlier, later) == (False, True)


def test_a_cursor_with_a_naive_time_is_refused() -> None:
    fields = ("at", "id")
    naive = [datetime.datetime(2026, 1, 1), 1]
    assert keyset.valid_cursor(Event, fields, naive) is None
    aware = [timezone.now(), 1]
    assert keyset.valid_cursor(Event, fields, aware) == aware


def test_list_pages_accept_made_up_cursors() -> None:
    world = factories.make_world()
    graduate = factories.make_graduate(world)
    client = world.client(Role.SCHOOL_ADMIN)
    for address in ("/console/graduates/", "/console/destinations/"):
        for cursor in MADE_UP:
            for side in ("after", "before"):
                response = client.get(address, {side: cursor})
                assert response.status_code == 200, cursor
                assert graduate.student_no in response.content.decode(), cursor


@given(st.text(max_size=60))
def test_decoding_never_raises(cursor: str) -> None:
    keyset.decode(cursor, 2)


@given(st.lists(st.one_of(st.integers(), st.text(), st.none(), st.booleans()), max_size=3))
def test_decoding_returns_the_encoded_values(values: list[Any]) -> None:
    assert keyset.decode(keyset.encode(values), len(values)) == values


def test_a_cursor_does_not_show_the_values() -> None:
    """Addresses get into logs and histories."""
    cursor = keyset.encode(["340103200402290017", 7])
    padded = cursor + "=" * (-len(cursor) % 4)
    assert b"340103200402290017" not in base64.urlsafe_b64decode(padded)
    assert keyset.encode(["340103200402290017", 7]) != cursor


@pytest.mark.parametrize(
    "made_by_hand",
    ['["\\ud800",1]', '["a",1]', '[{"t":"2027-01-01T00:00:00+08:00"},1]', "[" * 5000, "[1,"],
)
def test_a_cursor_that_somebody_made_is_no_cursor(made_by_hand: str) -> None:
    assert keyset.decode(base64.urlsafe_b64encode(made_by_hand.encode()).decode(), 2) is None
