"""The access table's cases of notices."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from notices.actions import notices
from notices.models import Notice
from notices.states import Readers
from schools.roles import Role
from tests import factories
from tests.access_cases import AddressCase
from tests.factories import World
from tests.notices import scene

_ALL = frozenset({"counsellor", "department_admin", "school_admin"})
_SCHOOL = frozenset({"school_admin"})
_PROVINCE = frozenset({"province"})


def _with_file(world: World, role: str, **changes: Any) -> Notice:
    picture = SimpleUploadedFile("安排.png", factories.make_photo(), "image/png")
    draft = notices.write(typed=scene.typed(**changes), uploads=[picture], by=world.user(role))
    return notices.publish(notice_id=draft.pk, version=draft.version, by=world.user(role))


def _kwargs(notice: Notice, *, file: bool) -> dict[str, Any]:
    more = {"file": notice.attachments.get().pk} if file else {}
    return {"pk": notice.pk, **more}


def _for_staff(o: Any, *, file: bool = False) -> list[AddressCase]:
    """Notices for staff: one of the school, one for the other department, one of another school, one of
    the province that is addressed to school admins."""
    staff = {"readers": Readers.STAFF, "must_read": True}
    second = [o.world.departments[1].pk]
    made = [
        (_with_file(o.world, Role.SCHOOL_ADMIN, **staff), _ALL),
        (_with_file(o.world, Role.SCHOOL_ADMIN, department_ids=second, **staff), _SCHOOL),
        (_with_file(o.other, Role.SCHOOL_ADMIN, **staff), frozenset()),
    ]
    return [
        *(
            AddressCase(f"for staff {number}", _kwargs(notice, file=file), seen)
            for number, (notice, seen) in enumerate(made)
        ),
        AddressCase("nobody's", _kwargs(made[0][0], file=file) | {"pk": 2**40}, frozenset()),
    ]


def for_staff(o: Any) -> list[AddressCase]:
    return _for_staff(o)


def files_for_staff(o: Any) -> list[AddressCase]:
    return _for_staff(o, file=True)


def managed(o: Any) -> list[AddressCase]:
    """Notices that a school, a department and the province manage."""
    own = [o.world.departments[0].pk]
    return [
        AddressCase("the school's", {"pk": scene.publish_as(o.world).pk}, _SCHOOL),
        AddressCase(
            "the department's",
            {"pk": scene.publish_as(o.world, Role.DEPARTMENT_ADMIN, department_ids=own).pk},
            _SCHOOL | {"department_admin"},
        ),
        AddressCase("another school's", {"pk": scene.publish_as(o.other).pk}, frozenset()),
        AddressCase(
            "the province's", {"pk": scene.publish_as(o.world, Role.PROVINCE).pk}, _PROVINCE
        ),
    ]


def reminders_sent(o: Any) -> list[AddressCase]:
    """Reminders: one of the school admin, one of the counsellor, one of another school."""
    made = [
        (scene.remind(o.world, Role.SCHOOL_ADMIN), _SCHOOL),
        (scene.remind(o.world, Role.COUNSELLOR), frozenset({"counsellor", "school_admin"})),
        (scene.remind(o.other, Role.SCHOOL_ADMIN), frozenset()),
    ]
    return [
        AddressCase(f"reminder {number}", {"pk": reminder.pk}, seen)
        for number, (reminder, seen) in enumerate(made)
    ]


def _for_graduates(o: Any, *, file: bool = False) -> list[AddressCase]:
    mine = _with_file(o.world, Role.SCHOOL_ADMIN, must_read=True)
    second = _with_file(o.world, Role.SCHOOL_ADMIN, department_ids=[o.world.departments[1].pk])
    foreign = _with_file(o.other, Role.SCHOOL_ADMIN)
    reads = frozenset({"graduate"})
    return [
        AddressCase("the school's", _kwargs(mine, file=file), reads),
        AddressCase("the other department's", _kwargs(second, file=file), frozenset()),
        AddressCase("another school's", _kwargs(foreign, file=file), frozenset()),
    ]


def for_graduates(o: Any) -> list[AddressCase]:
    return _for_graduates(o)


def files_for_graduates(o: Any) -> list[AddressCase]:
    return _for_graduates(o, file=True)


OBJECTS = {
    "console:notice": for_staff,
    "console:notice-confirm": for_staff,
    "console:notice-file": files_for_staff,
    "console:notice-edit": managed,
    "console:notice-publish": managed,
    "console:notice-pin": managed,
    "console:notice-withdraw": managed,
    "console:notice-discard": managed,
    "console:notice-copy": managed,
    "console:notice-readers": managed,
    "console:reminder": reminders_sent,
    "notice": for_graduates,
    "notice-confirm": for_graduates,
    "notice-file": files_for_graduates,
}
