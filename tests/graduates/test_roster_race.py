"""Two imports of overlapping rosters of one school at the same time, on two connections."""

from __future__ import annotations

import threading
from typing import Any

from django.db import connections

from destinations.models import Destination
from graduates.actions import roster
from graduates.models import Graduate, Person, RosterImport
from tests.factories import World, typed_record
from tests.graduates.workbooks import check, roster_book


def at_once(*jobs: Any) -> list[BaseException]:
    """Run each job in a thread with its own connection; returns the exceptions."""
    ready, raised = threading.Barrier(len(jobs)), []

    def run(job: Any) -> None:
        try:
            ready.wait(10)
            job()
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


def test_two_imports_of_one_school_at_once_add_each_graduate_once(committed_world: World) -> None:
    world = committed_world
    shared = [typed_record(world) for _ in range(20)]
    one = check(world, roster_book(*shared, *[typed_record(world) for _ in range(5)]))
    two = check(world, roster_book(*shared, *[typed_record(world) for _ in range(5)]))
    assert one.counts["created"] == two.counts["created"] == 25
    for imported in (one, two):
        roster.confirm(roster_import=imported, by=world.school_admin)
    assert at_once(lambda: roster.apply(one.pk), lambda: roster.apply(two.pk)) == []
    one.refresh_from_db()
    two.refresh_from_db()
    assert [one.state, two.state] == ["done", "done"]
    assert sorted((m.counts["created"], m.counts["unchanged"]) for m in (one, two)) == [
        (5, 20),
        (25, 0),
    ]
    rows = Graduate.objects.filter(school=world.school)
    assert rows.count() == 30
    assert rows.values("student_no").distinct().count() == 30
    assert Person.objects.filter(school=world.school).count() == 30
    assert Destination.objects.filter(school=world.school).count() == 30


def test_two_workers_do_not_apply_one_import_twice(committed_world: World) -> None:
    world = committed_world
    imported = check(world, roster_book(*[typed_record(world) for _ in range(20)]))
    roster.confirm(roster_import=imported, by=world.school_admin)
    jobs = [lambda: roster.apply(imported.pk)] * 4
    assert at_once(*jobs) == []
    after = RosterImport.objects.get(pk=imported.pk)
    assert (after.state, after.counts["created"]) == ("done", 20)
    assert Graduate.objects.filter(school=world.school).count() == 20
