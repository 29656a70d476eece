"""Two admins deactivate or demote each other at the same time: one of them stays admin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import Realm, User
from core.errors import DomainError
from schools.actions import staff as actions
from schools.models import School, StaffMember
from schools.roles import Role
from schools.scope import staff_of
from tests.factories import make_school
from tests.removal import committed


def make_admin(school: School, login: str) -> User:
    user = User.objects.create_user(Realm.STAFF, login, None, label=f"试{login}")
    StaffMember.objects.create(user=user, role=Role.SCHOOL_ADMIN, school=school)
    return user


def turn_off(staff_id: int, by: User) -> None:
    actions.set_active(staff_id=staff_id, active=False, by=by)


def demote(staff_id: int, by: User) -> None:
    actions.set_role(staff_id=staff_id, role=Role.COUNSELLOR, by=by)


def act(
    do: Callable[[int, User], None],
    staff_id: int,
    by_id: int,
    start: threading.Barrier,
    answers: list[str],
) -> None:
    try:
        by = User.objects.get(pk=by_id)
        staff_of(by)  # the view reads it before the action starts
        start.wait(timeout=10)
        do(staff_id, by)
        answers.append("done")
    except DomainError as refusal:
        answers.append(refusal.code)
    finally:
        connection.close()


@pytest.mark.parametrize("do", [turn_off, demote])
def test_two_admins_cannot_remove_each_other_at_once(
    do: Callable[[int, User], None], django_db_setup: None, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock(), committed() as schools:
        for turn in range(5):
            school = make_school()
            schools.append(school)
            a, b = (make_admin(school, f"race{do.__name__}{turn}{letter}") for letter in "ab")
            answers: list[str] = []
            start = threading.Barrier(2)
            threads = [
                threading.Thread(target=act, args=(do, target.pk, by.pk, start, answers))
                for target, by in ((a, b), (b, a))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            admins = StaffMember.objects.filter(
                school=school, role=Role.SCHOOL_ADMIN, user__is_active=True
            )
            assert admins.count() == 1, answers
            assert sorted(answers) == ["done", "last_admin"]
    connection.close()
