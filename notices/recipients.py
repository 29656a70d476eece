"""The names and keys under which the messages of a reminder's recipients are written, and which of them
were read."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Message
from notices.models import Reminder, ReminderRecipient


def name_in_messages() -> Concat:
    """The name under which a recipient's messages are written."""
    return Concat(Value("person:"), Cast(F("person_id"), CharField()), output_field=CharField())


def _message_key(number: Any) -> Concat:
    """The key of a recipient's message in the message centre (`inbox.message`)."""
    return Concat(
        Value("person:"), Cast(F("person_id"), CharField()), Value(":remind:"),
        Cast(number, CharField()), output_field=CharField(),
    )  # fmt: skip


def outbox_key(channel: str, reminder: Reminder) -> Concat:
    return Concat(
        Value(f"{channel}:remind:{reminder.pk}:"), Cast(F("person_id"), CharField()),
        output_field=CharField(),
    )  # fmt: skip


def with_reading(rows: QuerySet[ReminderRecipient]) -> QuerySet[Any]:
    """Recipients with `message_read`: whether the message was read."""
    read = Message.objects.filter(dedupe_key=OuterRef("message_key"), read_at__isnull=False)
    return rows.annotate(message_key=_message_key(F("reminder_id"))).annotate(
        message_read=Exists(read)
    )
