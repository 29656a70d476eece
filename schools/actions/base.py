"""What all actions on a school's set-up share: permission check, lock, changed values."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model

from accounts.models import User
from codes import text
from core.errors import Invalid, NotPermitted, Refused
from schools.models import School
from schools.scope import staff_of

# What a value looks like in the audit trail.
Plain = bool | int | str | None


def require(by: User, permission: str, school_id: int | None) -> None:
    """Raise `NotPermitted` unless `by` has the permission for this school or for all schools."""
    staff = staff_of(by)
    if staff is None or not by.has_perm(permission) or staff.school_id not in (None, school_id):
        raise NotPermitted("role", "您没有此项操作的权限。")


def locked_school(school_id: int) -> School:
    """The school's row, locked, so that changes of its staff and dictionaries happen one by one."""
    school = School.objects.select_for_update(no_key=True).get(pk=school_id)
    if not school.is_open:
        raise Refused("school_closed", f"{school.name}已停用，不能修改设置。")
    return school


def set_values(row: Model, values: Mapping[str, object]) -> dict[str, list[Plain]]:
    """Set `values` on `row`, without saving. Returns {field: [old, new]} of what changed, for the
    audit trail."""
    changes: dict[str, list[Plain]] = {}
    for key, value in values.items():
        old = getattr(row, key)
        if old != value:
            changes[key] = [_plain(old), _plain(value)]
            setattr(row, key, value)
    return changes


def _plain(value: object) -> Plain:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def required_text(typed: str, field: str, label: str, most: int) -> str:
    """A required line of text, cleaned. Raises `Invalid`."""
    value = text.clean(typed)
    if not value:
        raise Invalid({field: [f"请填写{label}。"]})
    if len(value) > most:
        raise Invalid({field: [f"{label}不能超过{most}个字。"]})
    return value
