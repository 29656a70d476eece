"""Reminding graduates (催办) of what is still to be done: the people of a list are frozen, and a job
writes their messages. Text messages and the counting follow in `reminder_results`.

The rules (DOMAIN-AROUND §10): a message and an e-mail first; a text message only to somebody who has not
read the message within 24 hours, or at once if the matter is due within three days; text messages between
9 and 20 o'clock; one message a matter, person and day, and one text message a person in three days,
whoever sends them.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.urls import reverse
from django.utils.timezone import localtime

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core import audit, frame, jobs, outbox
from core.clock import database_now
from core.db.bulk import any_of
from core.errors import Invalid, NotPermitted, Refused
from core.frame import ReminderTopic
from core.jobs import JobKind
from core.models import Channel
from core.wake import wake
from graduates.models import Graduate
from graduates.states import Standing
from notices import recipients
from notices.actions import reminder_results
from notices.models import Reminder, ReminderRecipient
from notices.rules import wording
from notices.states import ReminderState, Skipped, TextState
from schools.scope import staff_of, visible_to

_RUN = "notices.tasks.run_reminders"
REMINDERS = JobKind(
    name="reminders",
    label="催办",
    model=Reminder,
    phases={ReminderState.WAITING: ReminderState.SENDING},
    finished={ReminderState.SENDING: ReminderState.SENT},
    parked=ReminderState.PARKED,
    owner="运维人员",
    task=_RUN,
    most_attempts=5,
    interrupted="发送时进程多次中断。重试时接着发送，已收到的人不会再收到。",
)
LONGEST_TEXT = 70
MOST_PEOPLE = 1_000_000
UNREAD_FOR = datetime.timedelta(hours=24)
SOON_DUE = datetime.timedelta(days=3)
# So many people are written to in one transaction.
_CHUNK = 20_000


def people_of(topic: ReminderTopic, rows: QuerySet[Any], by: User) -> QuerySet[Graduate]:
    """The graduates that rows of a list name, within the scope of `by`."""
    names = rows.order_by().values(f"{topic.path}_id" if topic.path else "pk")
    return visible_to(Graduate.objects.filter(pk__in=names), by)


def check_text(text: str) -> str:
    """The cleaned words of a reminder. Raises `Invalid` naming what is not allowed."""
    text = texts.clean(text)
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid({"text": [f"请填写内容，最多{LONGEST_TEXT}个字。"]})
    if found := wording.findings(text):
        raise Invalid({"text": found})
    return text


def send(
    *, topic: ReminderTopic, rows: QuerySet[Any], text: str, with_mail: bool, with_texts: bool,
    expected: int, came_from: str, list_title: str, by: User,
) -> Reminder:  # fmt: skip
    """Freeze the people whom the list's `rows` name now and let a job remind them. `expected` is the
    number that the sender confirmed. Raises `Invalid` for the words, `Refused` if the number has
    changed."""
    staff = staff_of(by)
    if staff is None or not by.has_perm("notices.remind"):
        raise NotPermitted("role", "您的角色不能催办。")
    text = check_text(text)
    if with_mail and not outbox.can_send(Channel.EMAIL):
        raise Refused("no_mail", "平台没有配置邮件发送，不能发邮件。")
    if with_texts and not outbox.can_send(Channel.SMS):
        raise Refused("no_texts", "平台没有配置短信发送，不能发短信。")
    people = people_of(topic, rows, by).order_by("pk").values_list("pk", flat=True)
    ids = list(people[: MOST_PEOPLE + 1])
    if not ids:
        raise Refused("none", "列表中没有可以催办的人，请返回调整筛选条件。")
    if len(ids) != expected:
        raise Refused("changed", f"列表中现在有{len(ids)}人，请核对后再确认。")
    with transaction.atomic():
        reminder = Reminder.objects.create(
            school_id=staff.school_id, topic=topic.key, came_from=came_from, list_title=list_title,
            title=topic.title, text=text, link=reverse(topic.link), with_mail=with_mail,
            with_texts=with_texts, graduate_ids=ids, total=len(ids), by=by, by_label=by.label,
        )  # fmt: skip
        audit.record(
            "notices.remind", by=by, obj=reminder, data={"topic": topic.key, "people": len(ids)}
        )
        wake(_RUN)
    return reminder


# --- the job -----------------------------------------------------------------------------------


def run_waiting(*, most: int = 20) -> int:
    """Work off up to `most` reminders that wait; returns how many were sent."""
    count = 0
    for _ in range(most):
        claimed = jobs.claim(REMINDERS)
        if not claimed:
            break
        count += run(claimed[0])
    return count


def run(reminder: Reminder) -> bool:
    """Write the messages of a claimed reminder; returns whether all are written. A reminder that is
    taken up again goes on with the people who come next."""
    topic = frame.reminder_topics().get(reminder.topic)
    if topic is None:
        jobs.park(REMINDERS, reminder, "平台已没有这一催办事项。")
        return False
    try:
        while ids := reminder.graduate_ids[reminder.done : reminder.done + _CHUNK]:
            with jobs.writing(reminder):
                _remind(reminder, topic, ids)
                done = reminder.done + len(ids)
                progress = min(99, 100 * done // reminder.total)
                jobs.renew(REMINDERS, reminder, done=done, progress=progress)
        with jobs.writing(reminder):
            jobs.finish(
                reminder, ReminderState.SENT, progress=100, problem="", graduate_ids=[],
                sent_at=database_now(),
            )  # fmt: skip
    except jobs.LeaseLost:
        return False
    reminder_results.count(reminder)
    return True


def _remind(reminder: Reminder, topic: ReminderTopic, ids: list[int]) -> None:
    """Write down what becomes of these graduates, and the messages and mails of those reminded."""
    now = database_now()
    facts = _facts(reminder, topic, ids, now)
    _add(facts)
    # Whoever is not there now had a message about this matter today: the unique index left them out.
    mine = ReminderRecipient.objects.filter(reminder=reminder, graduate=OuterRef("pk"))
    again = facts.filter(~Exists(mine)).annotate(
        why=Value(Skipped.TODAY.value), mail=Value(False), text=Value(""),
        text_from=Value(None, DateTimeField()),
    )  # fmt: skip
    _add(again)
    told = ReminderRecipient.objects.filter(
        any_of("graduate_id", ids), reminder=reminder, skipped=""
    )
    key = Value(f"remind:{reminder.pk}")
    people = told.annotate(name=recipients.name_in_messages(), key=key).values_list("name", "key")
    inbox.tell_each(people, reminder.title, text=reminder.text, link=reminder.link)
    if reminder.with_mail:
        mailed = told.filter(mailed=True).annotate(key=recipients.outbox_key("mail", reminder))
        outbox.post_to_each(
            Channel.EMAIL, mailed.values_list("graduate__email", "key"),
            inbox.mail_text(reminder.title, reminder.link), subject=reminder.title, due_at=now,
        )  # fmt: skip


# The columns of a new recipient, and where `_facts` has them.
_COLUMNS = {
    "reminder_id": "of", "graduate_id": "pk", "person_id": "person_id", "school_id": "school_id",
    "cohort_id": "cohort_id", "topic": "about", "day": "day", "skipped": "why", "mailed": "mail",
    "text_state": "text", "text_due_at": "text_from",
}  # fmt: skip


def _facts(
    reminder: Reminder, topic: ReminderTopic, ids: list[int], now: datetime.datetime
) -> QuerySet[Graduate]:
    """The graduates with what is to be written down of each."""
    people = Graduate.objects.filter(any_of("pk", ids)).order_by("pk")
    reached = Q(person__activated_at__isnull=False)
    mail = ~Q(email="") if reminder.with_mail else Q(pk__in=[])
    text = ~Q(mobile="") if reminder.with_texts else Q(pk__in=[])
    still_open = topic.open_for(Graduate.objects.filter(any_of("pk", ids))).order_by().values("pk")
    told = Q(why="")
    soon = _cohorts_due(topic, people, now + SOON_DUE)
    return people.annotate(
        of=Value(reminder.pk),
        about=Value(topic.key),
        day=Value(localtime(now).date()),
        why=Case(
            When(~Q(standing=Standing.ENROLLED), then=Value(Skipped.LEFT.value)),
            When(~Q(pk__in=still_open), then=Value(Skipped.DONE.value)),
            When(~(reached | mail | text), then=Value(Skipped.UNREACHABLE.value)),
            default=Value(""),
        ),
    ).annotate(
        mail=Case(
            When(told & mail, then=Value(True)), default=Value(False), output_field=BooleanField()
        ),
        text=Case(When(told & text, then=Value(TextState.DUE.value)), default=Value("")),
        text_from=Case(
            When(told & text & Q(cohort_id__in=soon), then=Value(now)),
            When(told & text, then=Value(now + UNREAD_FOR)),
            default=Value(None),
            output_field=DateTimeField(),
        ),
    )


def _cohorts_due(
    topic: ReminderTopic, people: QuerySet[Graduate], until: datetime.datetime
) -> list[int]:
    """The cohorts of these people for which the matter is due by then."""
    cohorts = people.order_by().values_list("cohort_id", flat=True).distinct()
    last = localtime(until).date()
    return [pk for pk, day in topic.due_on(list(cohorts)).items() if day <= last]


def _add(facts: QuerySet[Graduate]) -> None:
    sql, params = facts.values_list(*_COLUMNS.values()).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO notices_reminderrecipient ({', '.join(_COLUMNS)}) {sql}"
            " ON CONFLICT DO NOTHING",
            params,
        )


def sweep() -> bool:
    """Whether reminders wait to be sent, so that a lost message is made good."""
    return bool(jobs.overdue(REMINDERS, delivery=datetime.timedelta(0)))
