"""The same workbook sent twice at once, and a worker that is killed: each invitation is sent once.

Control tests switch the locks off and show that the races then happen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from core import jobs, spreadsheets
from employers.models import Membership, UnitMember
from esign.actions import imports
from esign.models import Invitation, InvitationImport
from tests import factories
from tests.esign.test_races import run_at_once
from tests.esign.workbooks import confirm_workbook, make_row, make_workbook
from tests.factories import World, client_of
from tests.removal import clear_own_cache
from workbooks.states import ImportState


@pytest.fixture
def member(committed_world: World) -> Iterator[UnitMember]:
    clear_own_cache()
    unit = factories.make_unit(factories.make_unit_code(body="MA2N0RAC"))
    made = factories.make_member(unit, state=Membership.VERIFIED)
    yield made
    InvitationImport.objects.filter(member=made).delete()


def make_rows(world: World, count: int) -> list[list[Any]]:
    return [make_row(factories.make_graduate(world)) for _ in range(count)]


def count_invitations(world: World) -> list[int]:
    """How many invitations each graduate of the school holds."""
    graduates = list(Invitation.objects.filter(school=world.school).values_list("graduate_id"))
    return [graduates.count(one) for one in set(graduates)]


def two_posts(member: UnitMember, content: bytes) -> list[Callable[[], str]]:
    """Two requests that post the same form."""

    def post() -> str:
        file = SimpleUploadedFile("a.xlsx", content, content_type=spreadsheets.CONTENT_TYPE)
        client = client_of(member.user)
        return client.post("/employer/invitations/workbook/", {"file": file})["Location"]

    return [post, post]


def test_a_workbook_posted_twice_at_once_makes_one_import(
    committed_world: World, member: UnitMember
) -> None:
    for _ in range(3):
        content = make_workbook(make_rows(committed_world, 1))
        first, second = run_at_once(*two_posts(member, content))
        assert first == second, (first, second)
        InvitationImport.objects.get(member=member).delete()


def test_control_without_the_lock_two_imports_are_made(
    committed_world: World, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_both(monkeypatch, "_just_uploaded")
    monkeypatch.setattr(imports, "_lock_sender", lambda member: None)
    first, second = run_at_once(*two_posts(member, make_workbook(make_rows(committed_world, 1))))
    assert first != second
    assert InvitationImport.objects.filter(member=member).count() == 2


def prepare_two_runs(world: World, member: UnitMember) -> list[Callable[[], Any]]:
    """Two confirmed workbooks with the same rows but different bytes."""
    rows = make_rows(world, 3)
    made = [
        confirm_workbook(member, make_workbook(rows)),
        confirm_workbook(member, make_workbook([*rows, ["", "", ""]])),
    ]
    assert made[0].pk != made[1].pk
    return [lambda m=m: imports.apply(m.pk) for m in made]


def test_two_workbooks_at_once_invite_each_graduate_once(
    committed_world: World, member: UnitMember
) -> None:
    assert run_at_once(*prepare_two_runs(committed_world, member)) == [None, None]
    assert count_invitations(committed_world) == [1, 1, 1]
    found = InvitationImport.objects.filter(member=member)
    assert {i.state for i in found} == {ImportState.DONE}
    assert sum(i.counts["sent"] for i in found) == 3
    assert sum(i.counts["again"] for i in found) == 3


def test_control_without_the_lock_each_graduate_is_invited_twice(
    committed_world: World, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = prepare_two_runs(committed_world, member)
    wait_for_both(monkeypatch, "_find_open_invitation")
    monkeypatch.setattr(imports, "_lock_graduate", lambda row: row.graduate)
    assert run_at_once(*jobs) == [None, None]
    assert count_invitations(committed_world) == [2, 2, 2]


def test_two_runs_of_one_workbook_send_each_row_once(
    committed_world: World, member: UnitMember
) -> None:
    """A worker whose lease expired is refused, and the one that took over sends the rows."""
    made = confirm_workbook(member, make_workbook(make_rows(committed_world, 3)))
    pks = list(made.rows.values_list("pk", flat=True))

    def claim() -> InvitationImport:
        (leased,) = jobs.claim(imports.INVITATION_IMPORTS, pk=made.pk)
        return leased

    def run(leased: InvitationImport) -> None:
        for pk in pks:
            imports.send_row(leased, pk)

    stopped = claim()
    InvitationImport.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    successor = claim()
    refused, done = run_at_once(lambda: run(stopped), lambda: run(successor))
    assert (type(refused), done) == (jobs.LeaseLost, None)
    assert count_invitations(committed_world) == [1, 1, 1]
    assert {r.outcome for r in made.rows.all()} == {"sent"}


def test_after_a_worker_was_killed_the_remaining_rows_are_sent_once(
    committed_world: World, member: UnitMember
) -> None:
    made = confirm_workbook(member, make_workbook(make_rows(committed_world, 4)))
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    env = {
        **os.environ, "DATABASE_URL": f"{database}/{settings.DATABASES['default']['NAME']}",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.esign.paused_sender", str(made.pk)], env=env,
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "paused\n", process.communicate(timeout=20)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert count_invitations(committed_world) == [1], "the row that was not committed is not sent"
    imports.apply(made.pk)
    assert count_invitations(committed_world) == [1], (
        "the killed worker's lease has not expired yet"
    )
    InvitationImport.objects.filter(pk=made.pk).update(
        leased_until=timezone.now() - timedelta(minutes=1)
    )
    assert [pk for pk, _ in jobs.overdue(imports.INVITATION_IMPORTS)] == [made.pk]
    imports.apply(made.pk)
    made.refresh_from_db()
    assert (made.state, made.counts["sent"], made.counts["again"]) == (ImportState.DONE, 4, 0)
    assert count_invitations(committed_world) == [1, 1, 1, 1]


def wait_for_both(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let both threads call the function `name` before either of them continues."""
    original, barrier = getattr(imports, name), threading.Barrier(2)

    def look(*args: Any) -> Any:
        found = original(*args)
        barrier.wait(10)
        return found

    monkeypatch.setattr(imports, name, look)
