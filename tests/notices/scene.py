"""Notices, written and published by the actions."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from notices.actions import notices
from notices.models import Notice
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
