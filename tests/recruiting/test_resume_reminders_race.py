"""Two members of staff remind the same graduates at the same instant."""

from __future__ import annotations

from graduates.models import Graduate
from recruiting.actions import resume_reminders
from schools.roles import Role
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World


def test_two_reminders_at_once_are_one(committed_world: World) -> None:
    for _ in range(3):
        factories.make_graduate(committed_world)
    by = [committed_world.user(role) for role in (Role.SCHOOL_ADMIN, Role.COUNSELLOR)]
    answers = run_at_once(
        *(lambda u=u: resume_reminders.remind(graduates=Graduate.objects.all(), by=u) for u in by)
    )
    assert sorted((a.told, a.earlier) for a in answers) == [(0, 3), (3, 0)]
