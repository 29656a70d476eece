"""Notices and reminders, made by the actions."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from core import frame
from core.frame import ReminderTopic
from graduates.models import Graduate
from notices.actions import notices, reminders
from notices.models import Notice, Reminder
from notices.states import Readers
from schools.roles import Role
from tests.factories import World


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "title": "虚构的通知", "body": "请核对生源信息。", "readers": Readers.GRADUATES,
        "must_read": False, "expires_on": None, "school_ids": [], "years": [], "levels": [],
        "department_ids": [], "roles": [],
    } | changes  # fmt: skip


def write(by: User, **changes: Any) -> Notice:
    return notices.write(typed=typed(**changes), uploads=[], by=by)


def publish(by: User, **changes: Any) -> Notice:
    draft = write(by, **changes)
    return notices.publish(notice_id=draft.pk, version=draft.version, by=by)


def publish_as(world: World, role: str = Role.SCHOOL_ADMIN, **changes: Any) -> Notice:
    return publish(world.user(role), **changes)


def topic(key: str = "register") -> ReminderTopic:
    return frame.reminder_topics()[key]


def remind(world: World, role: str = Role.SCHOOL_ADMIN, **changes: Any) -> Reminder:
    """Remind everybody of the school of the topic, and let the job run."""
    rows = Graduate.objects.filter(school=world.school)
    about = topic(changes.pop("key", "register"))
    people = reminders.people_of(about, rows, world.user(role))
    values = {
        "topic": about, "rows": rows, "text": about.text, "with_mail": True, "with_texts": True,
        "expected": people.count(), "came_from": "/console/graduates/", "list_title": "生源信息",
        "by": world.user(role),
    } | changes  # fmt: skip
    reminder = reminders.send(**values)
    assert reminders.run_waiting() == 1
    reminder.refresh_from_db()
    return reminder
