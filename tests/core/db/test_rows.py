"""Rows written by compiled statements are the same as those the ORM writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from core.db import rows
from core.models import Channel, Event, OutboxMessage
from graduates.models import Graduate
from tests import factories

pytestmark = pytest.mark.django_db


def an_event(label: str) -> Event:
    return Event(
        action="core.test", object_type="test", object_id=1, object_label=label,
        data={"changes": {"name": ["旧", "新"]}},
    )  # fmt: skip


def test_an_inserted_row_gets_its_key_and_database_defaults() -> None:
    with CaptureQueriesContext(connection) as captured:
        made = an_event("甲")
        assert rows.insert(made)
    assert len(captured) == 1
    stored = Event.objects.get(pk=made.pk)
    plain = [f.attname for f in Event._meta.concrete_fields]
    assert {k: getattr(stored, k) for k in plain} == {k: getattr(made, k) for k in plain}
    assert stored.at is not None


def test_inserting_once_leaves_an_existing_row_unchanged() -> None:
    values = {"channel": Channel.SMS, "address": "13900000001", "dedupe_key": "once"}
    assert rows.insert(OutboxMessage(text="第一", **values), once=True)
    assert not rows.insert(OutboxMessage(text="第二", **values), once=True)
    assert OutboxMessage.objects.get(dedupe_key="once").text == "第一"
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(OutboxMessage(text="第三", **values))


def test_an_update_writes_only_the_named_fields() -> None:
    graduate = factories.make_graduate(factories.make_world())
    graduate.qq, graduate.email = "12345", "a@example.com"
    rows.update(graduate, "qq")
    graduate.refresh_from_db()
    assert (graduate.qq, graduate.email == "a@example.com") == ("12345", False)
    graduate.email = "b@example.com"
    rows.update(graduate)
    graduate.refresh_from_db()
    assert graduate.email == "b@example.com"


def test_updating_a_deleted_row_raises() -> None:
    graduate = factories.make_graduate(factories.make_world())
    graduate.pk = 2**40
    with pytest.raises(Graduate.DoesNotExist):
        rows.update(graduate, "qq")
    with pytest.raises(AssertionError):
        rows.update(graduate, "no_such_field")


def test_pipelined_writes_are_done_at_the_end_of_the_block() -> None:
    events = [an_event(label) for label in "甲乙丙"]
    twice = OutboxMessage(channel=Channel.SMS, address="13900000001", dedupe_key="k", text="第一")
    rows.insert(twice)
    again = OutboxMessage(channel=Channel.SMS, address="13900000001", dedupe_key="k", text="第二")
    with transaction.atomic(), rows.pipelined():
        for event in events:
            rows.insert(event, later=True)
        rows.insert(again, once=True, later=True)
        at_once = an_event("丁")
        rows.insert(at_once)
        assert at_once.pk, "whose key is needed waits for it"
        twice.text = "第三"
        rows.update(twice, "text")
    assert all(e.pk and e.at and not e._state.adding for e in events)
    assert again._state.adding
    assert OutboxMessage.objects.get(dedupe_key="k").text == "第三"


def test_updating_a_deleted_row_undoes_the_pipelined_writes() -> None:
    graduate = factories.make_graduate(factories.make_world())
    graduate.pk = 2**40
    with pytest.raises(Graduate.DoesNotExist), transaction.atomic(), rows.pipelined():
        rows.insert(an_event("甲"), later=True)
        rows.update(graduate, "qq")
        rows.insert(an_event("乙"), later=True)
    assert not Event.objects.filter(action="core.test").exists()


def test_a_failing_statement_undoes_the_pipelined_writes() -> None:
    values = {"channel": Channel.SMS, "address": "13900000001", "dedupe_key": "k"}
    rows.insert(OutboxMessage(text="第一", **values))
    for _ in range(2):  # the second time checks that statements can still be prepared
        with pytest.raises(IntegrityError), transaction.atomic(), rows.pipelined():
            rows.insert(an_event("甲"), later=True)
            rows.insert(OutboxMessage(text="第二", **values), later=True)
            rows.insert(an_event("乙"), later=True)
    with transaction.atomic(), rows.pipelined():
        rows.insert(an_event("丙"), later=True)
    assert [e.object_label for e in Event.objects.filter(action="core.test")] == ["丙"]
    assert OutboxMessage.objects.get().text == "第一"


def test_a_query_inside_a_pipeline_sees_the_earlier_writes() -> None:
    with transaction.atomic(), rows.pipelined():
        rows.insert(an_event("甲"), later=True)
        assert Event.objects.filter(action="core.test").count() == 1


def test_an_exception_inside_a_pipeline_is_raised_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic(), rows.pipelined():
        rows.insert(an_event("甲"), later=True)
        1 / 0  # noqa: B018
    assert not Event.objects.filter(action="core.test").exists()


def test_a_pipeline_outside_a_transaction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(TransactionManagementError), rows.pipelined():
        pass
