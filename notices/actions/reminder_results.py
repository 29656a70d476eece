"""What follows a reminder: text messages to those who have not read theirs, and counting who has acted."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from django.db import connection, transaction

from core import frame, outbox
from core.clock import database_now
from core.db.bulk import any_of
from core.models import Channel
from graduates.models import Graduate
from graduates.states import Standing
from notices import recipients
from notices.models import Reminder, ReminderRecipient
from notices.rules import hours
from notices.states import ReminderState, TextState

TEXT_EVERY = datetime.timedelta(days=3)
COUNTED_FOR = datetime.timedelta(days=7)
_TEXTS = 2_000
# Kind of the lock under which text messages are handed over, one process at a time.
_TEXTING = 2_071_042


# --- text messages -----------------------------------------------------------------------------


def send_due_texts(*, now: datetime.datetime | None = None) -> int:
    """Hand over the text messages whose time has come, of those who have not read their message and for
    whom the matter is still open; returns how many."""
    if not outbox.can_send(Channel.SMS):
        return 0
    sent = 0
    while True:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TEXTING])
            moment = now or database_now()
            due = ReminderRecipient.objects.filter(
                text_state=TextState.DUE, text_due_at__lte=moment
            )
            rows = list(due.select_related("reminder").order_by("text_due_at", "pk")[:_TEXTS])
            if not rows:
                return sent
            sent += _text(rows, moment)


def _text(rows: list[ReminderRecipient], now: datetime.datetime) -> int:
    read = _read_among(rows)
    people = [row.person_id for row in rows]
    lately = ReminderRecipient.objects.filter(
        any_of("person_id", people), text_state=TextState.SENT, text_at__gt=now - TEXT_EVERY
    )
    texted = set(lately.values_list("person_id", flat=True))
    still_open = _open_among(rows)
    answers: dict[str, list[int]] = {state: [] for state in TextState.values}
    to_send: dict[int, tuple[Reminder, list[int]]] = {}
    for row in rows:
        if row.pk in read:
            answers[TextState.READ].append(row.pk)
        elif row.pk not in still_open:
            answers[TextState.DONE].append(row.pk)
        elif row.person_id in texted:
            answers[TextState.CAPPED].append(row.pk)
        else:
            texted.add(row.person_id)
            to_send.setdefault(row.reminder_id, (row.reminder, []))[1].append(row.pk)
    for state, keys in answers.items():
        ReminderRecipient.objects.filter(any_of("pk", keys)).update(
            text_state=state, text_due_at=None
        )
    for reminder, keys in to_send.values():
        chosen = ReminderRecipient.objects.filter(any_of("pk", keys))
        outbox.post_to_each(
            Channel.SMS,
            chosen.annotate(key=recipients.outbox_key("sms", reminder)).values_list(
                "graduate__mobile", "key"
            ),
            hours.text_of(reminder.text, reminder.link),
            due_at=hours.texting_time(now),
        )
        chosen.update(text_state=TextState.SENT, text_due_at=None, text_at=now)
    return sum(len(keys) for _, keys in to_send.values())


def _read_among(rows: list[ReminderRecipient]) -> set[int]:
    chosen = ReminderRecipient.objects.filter(any_of("pk", [row.pk for row in rows]))
    return set(
        recipients.with_reading(chosen).filter(message_read=True).values_list("pk", flat=True)
    )


def _by_topic(rows: Iterable[ReminderRecipient]) -> Iterator[tuple[str, list[ReminderRecipient]]]:
    groups: dict[str, list[ReminderRecipient]] = {}
    for row in rows:
        groups.setdefault(row.topic, []).append(row)
    yield from groups.items()


def _open_among(rows: list[ReminderRecipient]) -> set[int]:
    """The keys of the recipients for whom the matter is still open."""
    found: set[int] = set()
    for key, group in _by_topic(rows):
        topic = frame.reminder_topics().get(key)
        if topic is None:
            continue
        people = Graduate.objects.filter(any_of("pk", [row.graduate_id for row in group]))
        still = people.filter(standing=Standing.ENROLLED)
        still_open = set(topic.open_for(still).order_by().values_list("pk", flat=True))
        found |= {row.pk for row in group if row.graduate_id in still_open}
    return found


# --- what became of it -------------------------------------------------------------------------


def count_lately_sent(*, now: datetime.datetime | None = None) -> int:
    """Count what became of the reminders of the last seven days; returns how many there are."""
    moment = now or database_now()
    # An hour more, so that the last day is counted to its end.
    since = moment - COUNTED_FOR - datetime.timedelta(hours=1)
    reminders = list(Reminder.objects.filter(state=ReminderState.SENT, sent_at__gt=since))
    for reminder in reminders:
        count(reminder, now=moment)
    return len(reminders)


def count(reminder: Reminder, *, now: datetime.datetime | None = None) -> None:
    """Note who has acted since, within seven days, and how many were told, have read and have acted."""
    moment = now or database_now()
    told = ReminderRecipient.objects.filter(reminder=reminder, skipped="")
    topic = frame.reminder_topics().get(reminder.topic)
    if topic is not None and reminder.sent_at and moment <= reminder.sent_at + COUNTED_FOR:
        waiting = told.filter(acted_at__isnull=True)
        still = Graduate.objects.filter(pk__in=waiting.values("graduate_id"))
        still_open = topic.open_for(still).order_by().values("pk")
        waiting.exclude(graduate_id__in=still_open).update(acted_at=moment)
    Reminder.objects.filter(pk=reminder.pk).update(
        told=told.count(),
        read=recipients.with_reading(told).filter(message_read=True).count(),
        acted=told.filter(acted_at__isnull=False).count(),
        counted_at=moment,
    )
