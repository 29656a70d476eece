"""Two members of staff remind the same people at the same instant, and two workers send text messages."""

from __future__ import annotations

import datetime

from accounts.models import Message
from core.models import Channel, OutboxMessage
from graduates.models import Graduate
from notices.actions import reminder_results, reminders
from notices.models import Reminder, ReminderRecipient
from notices.states import Skipped
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.notices.scene import topic


def send(world: World) -> Reminder:
    rows = Graduate.objects.filter(school=world.school)
    return reminders.send(
        topic=topic(), rows=rows, text=topic().text, with_mail=False, with_texts=True,
        expected=rows.count(), came_from="", list_title="生源信息", by=world.school_admin,
    )  # fmt: skip


def test_two_reminders_at_once_are_one_message_and_one_text(committed_world: World) -> None:
    world = committed_world
    people = [factories.make_graduate(world) for _ in range(3)]
    for _ in range(2):
        send(world)
    answers = run_at_once(reminders.run_waiting, reminders.run_waiting)
    assert not [a for a in answers if isinstance(a, BaseException)], answers
    assert Reminder.objects.filter(state="sent").count() == 2
    told = ReminderRecipient.objects.filter(skipped="")
    assert sorted(told.values_list("graduate_id", flat=True)) == sorted(g.pk for g in people)
    assert ReminderRecipient.objects.filter(skipped=Skipped.TODAY).count() == 3
    assert Message.objects.filter(dedupe_key__contains=":remind:").count() == 3
    newest = Reminder.objects.latest("sent_at").sent_at
    assert newest is not None
    later = newest + datetime.timedelta(hours=25)

    def text() -> int:
        return reminder_results.send_due_texts(now=later)

    sent = run_at_once(text, text)
    assert sorted(sent) == [0, 3]
    texts = OutboxMessage.objects.filter(channel=Channel.SMS, dedupe_key__startswith="sms:remind:")
    assert texts.count() == 3
    texts.delete()
