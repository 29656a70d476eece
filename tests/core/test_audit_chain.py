"""The audit chain: whatever the owner of the database changes in old events shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from core import audit, audit_chain
from core.models import AuditAnchor, AuditLink, Event
from core.time_stamps import NoTimeStamp
from tests.esign.time_stamp_authority import Authority, run_authority
from tests.removal import committed, connect_unguarded


@pytest.fixture
def anchors(tmp_path: Path, settings: Any) -> Path:
    """The folder of the anchors' files."""
    settings.STORAGES = settings.STORAGES | {
        "anchors": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "anchors")},
        }
    }
    return tmp_path / "anchors"


@pytest.fixture
def chained(django_db_blocker: Any, db_ready: None) -> Iterator[list[int]]:
    """Ids of six committed events, three of each of two schools, that are in the chain."""
    with django_db_blocker.unblock(), committed():
        tamper("DELETE FROM core_event")  # what other tests of this process committed
        ids = [log(school) for school in (1, 2) for _ in range(3)]
        assert audit_chain.extend() == 6
        yield ids


@pytest.fixture
def db_ready(django_db_setup: None) -> None:
    """The database is there; the tests commit."""


def log(school: int | None, label: str = "甲") -> int:
    event = audit.record(
        "test.happened", by=None, object_type="thing", object_id=7, label=label, school_id=school
    )
    return event.pk or Event.objects.order_by("-id").values_list("id", flat=True)[0]


def tamper(statement: str, *values: object) -> None:
    """As the owner, with triggers switched off."""
    with connect_unguarded() as c:
        c.execute(statement.encode(), values)


def move_to_yesterday() -> None:
    """Make all links again as if they had been made yesterday."""
    with connect_unguarded() as c:
        c.execute("DELETE FROM core_auditlink")
    today = timezone.localdate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit_chain.timezone, "localdate", lambda: today - timedelta(days=1))
        audit_chain.extend()


def test_each_school_has_a_chain_of_its_own(chained: list[int]) -> None:
    log(1)
    log(None)
    assert audit_chain.extend() == 2
    links = AuditLink.objects.order_by("school_id", "position")
    assert [(link.school_id, link.position, len(link.event_ids)) for link in links] == [
        (1, 1, 3),
        (1, 2, 1),
        (2, 1, 3),
        (None, 1, 1),
    ]
    assert audit_chain.extend() == 0
    assert list(audit_chain.faults()) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE core_event SET reason = '改' WHERE id = %s", "core_event中的记录{}被改动。"),
        (
            "UPDATE core_event SET at = at + interval '1 s' WHERE id = %s",
            "core_event中的记录{}被改动。",
        ),
        (
            "UPDATE core_event SET data = '{{\"a\": 1}}' WHERE id = %s",
            "core_event中的记录{}被改动。",
        ),
        ("DELETE FROM core_event WHERE id = %s", "core_event中的记录{}被删除。"),
    ],
)
def test_an_event_that_the_owner_changes_or_deletes_is_named(
    chained: list[int], statement: str, fault: str
) -> None:
    tamper(statement.replace("{{", "{").replace("}}", "}"), chained[1])
    assert list(audit_chain.faults()) == [fault.format(chained[1])]


def test_an_event_that_is_added_with_an_old_date_is_named(chained: list[int]) -> None:
    added = log(1)
    assert list(audit_chain.faults()) == [], "it has a day to get into the chain"
    tamper("UPDATE core_event SET at = now() - interval '25 hours' WHERE id = %s", added)
    assert list(audit_chain.faults()) == [f"core_event中的记录{added}不在记录链中。"]


def test_a_link_that_is_made_again_over_a_changed_event_breaks_the_next_one(
    chained: list[int],
) -> None:
    log(1)
    audit_chain.extend()
    tamper("UPDATE core_event SET reason = '改' WHERE id = %s", chained[0])
    first = AuditLink.objects.get(school_id=1, position=1)
    events = Event.objects.filter(pk__in=first.event_ids).order_by("pk")
    first.digests = b"".join(audit_chain.digest(event) for event in events.values())
    tamper(
        "UPDATE core_auditlink SET digests = %s, hash = %s WHERE id = %s",
        first.digests, audit_chain.link_hash(first, b""), first.pk,
    )  # fmt: skip
    assert list(audit_chain.faults()) == ["学校1的记录链第2节被改动。"]


def test_a_whole_chain_that_is_made_again_does_not_fit_the_anchor(
    chained: list[int], anchors: Path
) -> None:
    move_to_yesterday()
    yesterday = timezone.localdate() - timedelta(days=1)
    assert audit_chain.anchor() == [yesterday]
    assert audit_chain.anchor() == [], "a day is anchored once"
    assert list(audit_chain.faults()) == []
    tamper("UPDATE core_event SET reason = '改' WHERE id = %s", chained[0])
    move_to_yesterday()
    assert list(audit_chain.faults()) == [f"{yesterday}的日锚与记录链不符。"]


def test_an_anchor_that_is_made_again_does_not_fit_its_file(
    chained: list[int], anchors: Path
) -> None:
    move_to_yesterday()
    [day] = audit_chain.anchor()
    kept = (anchors / f"{day}.json").read_bytes()
    assert json.loads(kept)["hash"] == AuditAnchor.objects.get().hash.hex()
    tamper("UPDATE core_event SET reason = '改' WHERE id = %s", chained[0])
    move_to_yesterday()
    tamper("DELETE FROM core_auditanchor")
    assert audit_chain.anchor() == [day]
    assert list(audit_chain.faults()) == [], "who changes the file as well is not found"
    (anchors / f"{day}.json").write_bytes(kept)  # the copy that lies elsewhere
    assert list(audit_chain.faults()) == [f"{day}的日锚文件与数据库不符。"]
    (anchors / f"{day}.json").unlink()
    assert list(audit_chain.faults()) == [f"{day}的日锚文件不见了。"]


def test_an_anchor_carries_the_time_stamp_of_an_authority(
    chained: list[int], anchors: Path, settings: Any, tmp_path: Path
) -> None:
    with run_authority(Authority(tmp_path)) as authority:
        settings.TIME_STAMP_URL, settings.TIME_STAMP_ROOTS = authority.url, str(authority.roots)
        move_to_yesterday()
        authority.fault = "refused"
        with pytest.raises(NoTimeStamp):
            audit_chain.anchor()
        assert not AuditAnchor.objects.exists(), "the next run tries again"
        authority.fault = ""
        [day] = audit_chain.anchor()
    assert (anchors / f"{day}.tsr").read_bytes() == bytes(AuditAnchor.objects.get().time_stamp)
    assert list(audit_chain.faults()) == []
    settings.TIME_STAMP_ROOTS = str(Authority(tmp_path, "another").roots)
    assert len(list(audit_chain.faults())) == 1, "the stamp is of an unknown authority"


def test_two_processes_put_an_event_into_the_chain_once(chained: list[int]) -> None:
    for _ in range(5):
        log(1)
    done: list[int] = []

    def second() -> None:
        done.append(audit_chain.extend())
        connections.close_all()

    threads = [Thread(target=second) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    audit_chain.extend()
    linked = [pk for link in AuditLink.objects.filter(school_id=1) for pk in link.event_ids]
    assert len(linked) == len(set(linked)) == 8
    assert list(audit_chain.faults()) == []


def test_an_event_that_is_committed_late_gets_into_the_chain(chained: list[int]) -> None:
    with connect_unguarded() as late:
        late.execute(
            "INSERT INTO core_event (actor_realm, actor_label, action, object_type, object_id,"
            " object_label, reason, data, school_id)"
            " VALUES ('system', '', 'late', 'thing', 1, '', '', '{}', 1)"
        )
        newer = log(1)
        assert audit_chain.extend() == 1
        late.commit()
    assert audit_chain.extend() == 1
    first, second = AuditLink.objects.filter(school_id=1, position__gt=1).order_by("position")
    assert first.event_ids == [newer]
    assert second.event_ids[0] < newer


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["core_auditlink", "core_auditanchor"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_links_and_anchors(table: str, statement: str) -> None:
    log(1)
    audit_chain.extend()
    AuditAnchor.objects.create(day=timezone.localdate(), hash=b"0" * 32, chains=1)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
