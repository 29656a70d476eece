"""Two people of a unit import at once, two workers have one workbook, a worker is killed: each good row
becomes one posting, and the limit of a day holds."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone

from core import jobs
from employers.models import Membership, UnitMember
from recruiting.actions import posting_imports
from recruiting.models import Posting, PostingImport, Recruiter, RecruitingRules
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import scene
from tests.recruiting.posting_workbooks import confirm, make_row, make_workbook, upload
from tests.removal import clear_own_cache
from workbooks.states import ImportState


@pytest.fixture
def member(committed_world: World) -> Iterator[UnitMember]:
    clear_own_cache()
    made = scene.make_recruiter(code=factories.make_unit_code(body="MA2N0MPT"))
    yield made
    PostingImport.objects.filter(member__unit=made.unit_id).delete()
    Posting.objects.filter(unit=made.unit_id).delete()
    Recruiter.objects.filter(unit=made.unit_id).delete()
    RecruitingRules.objects.all().delete()


def rows(count: int) -> list[list[object]]:
    return [make_row(title=f"岗位{n}") for n in range(count)]


def titles(member: UnitMember) -> list[str]:
    found = Posting.objects.filter(unit=member.unit_id)
    return sorted(found.values_list("title", flat=True))


def test_two_people_of_a_unit_import_at_once_within_the_limit_of_the_day(
    committed_world: World, member: UnitMember
) -> None:
    RecruitingRules.objects.create(most_postings=5)
    colleague = factories.make_member(member.unit, state=Membership.VERIFIED)
    made = [confirm(one, *rows(4)) for one in (member, colleague)]
    assert run_at_once(*(lambda m=m: posting_imports.apply(m.pk) for m in made)) == [None, None]
    assert len(titles(member)) == 5
    found = PostingImport.objects.filter(pk__in=[m.pk for m in made])
    assert {i.state for i in found} == {ImportState.DONE}
    assert sum(i.counts["able"] for i in found) == 5
    assert sum(i.counts["rejected"] for i in found) == 3


def test_a_workbook_sent_twice_at_once_is_one_import(
    committed_world: World, member: UnitMember
) -> None:
    content = make_workbook(rows(1))
    first, second = run_at_once(*[lambda: upload(member, content)] * 2)
    assert first.pk == second.pk


def test_two_workers_make_each_row_once(committed_world: World, member: UnitMember) -> None:
    made = confirm(member, *rows(3))
    (stopped,) = jobs.claim(posting_imports.POSTING_IMPORTS, pk=made.pk)
    past = timezone.now() - datetime.timedelta(seconds=1)
    PostingImport.objects.filter(pk=made.pk).update(leased_until=past)
    answers = run_at_once(
        lambda: posting_imports._apply(stopped), lambda: posting_imports.apply(made.pk)
    )
    assert titles(member) == ["岗位0", "岗位1", "岗位2"], answers
    made.refresh_from_db()
    assert (made.state, len(made.counts["made"])) == (ImportState.DONE, 3)


def test_after_a_worker_was_killed_the_remaining_rows_are_made_once(
    committed_world: World, member: UnitMember
) -> None:
    made = confirm(member, *rows(4))
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    env = {
        **os.environ, "DATABASE_URL": f"{database}/{settings.DATABASES['default']['NAME']}",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.recruiting.paused_posting_import", str(made.pk)], env=env,
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "paused\n", process.communicate(timeout=20)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert titles(member) == ["岗位0"], "the row that was not committed is not made"
    posting_imports.apply(made.pk)
    assert titles(member) == ["岗位0"], "the killed worker's lease has not expired yet"
    past = timezone.now() - datetime.timedelta(minutes=1)
    PostingImport.objects.filter(pk=made.pk).update(leased_until=past)
    posting_imports.apply(made.pk)
    made.refresh_from_db()
    assert (made.state, made.counts["able"]) == (ImportState.DONE, 4)
    assert titles(member) == ["岗位0", "岗位1", "岗位2", "岗位3"]
