"""The same workbook twice at the same instant, and a worker killed in the middle of one: each
invitation once. Controls show that the races are real when the guards are off."""

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
from tests.esign.test_races import at_once
from tests.esign.workbooks import book, confirmed, row
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


def rows_of(world: World, count: int) -> list[list[Any]]:
    return [row(factories.make_graduate(world)) for _ in range(count)]


def invited(world: World) -> list[int]:
    """How many invitations each graduate of the school holds."""
    graduates = list(Invitation.objects.filter(school=world.school).values_list("graduate_id"))
    return [graduates.count(one) for one in set(graduates)]


def posts(member: UnitMember, content: bytes) -> list[Callable[[], str]]:
    """The same form from two windows."""

    def post() -> str:
        file = SimpleUploadedFile("a.xlsx", content, content_type=spreadsheets.CONTENT_TYPE)
        client = client_of(member.user)
        return client.post("/employer/invitations/workbook/", {"file": file})["Location"]

    return [post, post]


def test_posted_twice_at_once_it_is_one_import_with_one_answer(
    committed_world: World, member: UnitMember
) -> None:
    for _ in range(3):
        content = book(rows_of(committed_world, 1))
        first, second = at_once(*posts(member, content))
        assert first == second, (first, second)
        InvitationImport.objects.get(member=member).delete()


def test_control_without_the_lock_it_is_taken_twice(
    committed_world: World, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_looked(monkeypatch, "_just_uploaded")
    monkeypatch.setattr(imports, "_lock_sender", lambda member: None)
    first, second = at_once(*posts(member, book(rows_of(committed_world, 1))))
    assert first != second
    assert InvitationImport.objects.filter(member=member).count() == 2


def twice(world: World, member: UnitMember) -> list[Callable[[], Any]]:
    """One workbook, saved again in between: two files that say the same, both confirmed."""
    rows = rows_of(world, 3)
    made = [confirmed(member, book(rows)), confirmed(member, book([*rows, ["", "", ""]]))]
    assert made[0].pk != made[1].pk
    return [lambda m=m: imports.apply(m.pk) for m in made]


def test_sent_twice_at_once_each_is_invited_once(
    committed_world: World, member: UnitMember
) -> None:
    assert at_once(*twice(committed_world, member)) == [None, None]
    assert invited(committed_world) == [1, 1, 1]
    found = InvitationImport.objects.filter(member=member)
    assert {i.state for i in found} == {ImportState.DONE}
    assert sum(i.counts["sent"] for i in found) == 3
    assert sum(i.counts["again"] for i in found) == 3


def test_control_without_the_lock_each_is_invited_twice(
    committed_world: World, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = twice(committed_world, member)
    both_looked(monkeypatch, "_open_with")
    monkeypatch.setattr(imports, "_lock_graduate", lambda row: row.graduate)
    assert at_once(*jobs) == [None, None]
    assert invited(committed_world) == [2, 2, 2]


def test_two_runs_of_one_workbook_send_each_row_once(
    committed_world: World, member: UnitMember
) -> None:
    """A worker whose lease ran out is refused beside the one that took over."""
    made = confirmed(member, book(rows_of(committed_world, 3)))
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
    refused, done = at_once(lambda: run(stopped), lambda: run(successor))
    assert (type(refused), done) == (jobs.LeaseLost, None)
    assert invited(committed_world) == [1, 1, 1]
    assert {r.outcome for r in made.rows.all()} == {"sent"}


def test_killed_in_the_middle_the_rest_goes_out_once(
    committed_world: World, member: UnitMember
) -> None:
    made = confirmed(member, book(rows_of(committed_world, 4)))
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    env = {
        **os.environ, "DATABASE_URL": f"{database}/{settings.DATABASES['default']['NAME']}",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.esign.standing_sender", str(made.pk)], env=env,
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "standing\n", process.communicate(timeout=20)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert invited(committed_world) == [1], "what was not committed is not there"
    imports.apply(made.pk)
    assert invited(committed_world) == [1], "the run may still be alive"
    InvitationImport.objects.filter(pk=made.pk).update(
        leased_until=timezone.now() - timedelta(minutes=1)
    )
    assert [pk for pk, _ in jobs.overdue(imports.INVITATION_IMPORTS)] == [made.pk]
    imports.apply(made.pk)
    made.refresh_from_db()
    assert (made.state, made.counts["sent"], made.counts["again"]) == (ImportState.DONE, 4, 0)
    assert invited(committed_world) == [1, 1, 1, 1]


def both_looked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Both have looked before either goes on."""
    original, barrier = getattr(imports, name), threading.Barrier(2)

    def look(*args: Any) -> Any:
        found = original(*args)
        barrier.wait(10)
        return found

    monkeypatch.setattr(imports, name, look)
