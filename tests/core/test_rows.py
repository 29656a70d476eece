"""Rows written by a compiled statement: the same rows as the ORM's."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from core import rows
from core.models import Channel, Event, OutboxMessage
from graduates.models import Graduate
from tests import factories

pytestmark = pytest.mark.django_db


def an_event(label: str) -> Event:
    return Event(
        action="core.test", object_type="test", object_id=1, object_label=label,
        data={"changes": {"name": ["旧", "新"]}},
    )  # fmt: skip


def test_an_inserted_row_has_key_and_what_the_database_fills_in() -> None:
    with CaptureQueriesContext(connection) as captured:
        made = an_event("甲")
        assert rows.insert(made)
    assert len(captured) == 1
    stored = Event.objects.get(pk=made.pk)
    plain = [f.attname for f in Event._meta.concrete_fields]
    assert {k: getattr(stored, k) for k in plain} == {k: getattr(made, k) for k in plain}
    assert stored.at is not None


def test_once_leaves_what_is_there() -> None:
    values = {"channel": Channel.SMS, "address": "13900000001", "dedupe_key": "once"}
    assert rows.insert(OutboxMessage(text="第一", **values), once=True)
    assert not rows.insert(OutboxMessage(text="第二", **values), once=True)
    assert OutboxMessage.objects.get(dedupe_key="once").text == "第一"
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(OutboxMessage(text="第三", **values))


def test_an_update_writes_what_is_named_and_nothing_else() -> None:
    graduate = factories.make_graduate(factories.make_world())
    graduate.qq, graduate.email = "12345", "a@example.com"
    rows.update(graduate, "qq")
    graduate.refresh_from_db()
    assert (graduate.qq, graduate.email == "a@example.com") == ("12345", False)
    graduate.email = "b@example.com"
    rows.update(graduate)
    graduate.refresh_from_db()
    assert graduate.email == "b@example.com"


def test_a_row_that_is_gone_is_no_success() -> None:
    graduate = factories.make_graduate(factories.make_world())
    graduate.pk = 2**40
    with pytest.raises(Graduate.DoesNotExist):
        rows.update(graduate, "qq")
    with pytest.raises(AssertionError):
        rows.update(graduate, "no_such_field")
