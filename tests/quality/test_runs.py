"""Runs: begun once, taken up again after a worker's death, and closing what is gone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Message
from core import jobs
from core.errors import DomainError
from core.models import Event
from destinations.models import Destination
from quality.actions import findings, runs, sighting
from quality.models import Finding, Rule, Run
from quality.states import FindingState, RunKind, RunState
from schools.roles import Role
from tests.factories import World, make_world
from tests.quality import scene
from tests.quality.scene import found, make_job, run, set_rule, units

pytestmark = pytest.mark.django_db
S = FindingState


def planted(world: World) -> list[int]:
    set_rule("wage_same", least=2)
    code = units(1)[0]
    return [make_job(world, unit_code=code, monthly_wage=5001).pk for _ in range(2)]


def ask(world: World, **values: Any) -> Run:
    values = {"kind": RunKind.SCREENING, "school": world.school, "by": world.school_admin} | values
    return runs.ask(year=world.cohort.year, **values)


def refused(code: str, call: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code, refusal.value
    return refusal.value.message


def test_one_run_of_a_scope_at_a_time(world: World) -> None:
    first = ask(world)
    refused("running", ask, world)
    ask(world, school=None, by=world.user(Role.PROVINCE))
    refused("running", ask, world, school=None, by=world.user(Role.PROVINCE))
    assert runs.do(first.pk)
    assert ask(world).pk != first.pk


def test_a_school_runs_over_itself_and_the_province_over_all(world: World) -> None:
    other = make_world()
    for values in (
        {"school": None}, {"school": other.school}, {"by": world.department_admin},
        {"by": world.counsellor},
    ):  # fmt: skip
        refused("role", ask, world, **values)
    refused("invalid", runs.ask, kind=RunKind.SCREENING, school=world.school, year=1999,
            by=world.school_admin)  # fmt: skip
    refused("invalid", ask, world, kind="elsewhere")
    refused("invalid", ask, world, kind=RunKind.ROLL)


def test_a_later_run_knows_what_was_found_and_closes_what_is_gone(world: World) -> None:
    pks = planted(world)
    first = run(world)
    assert (first.counts["found"], first.counts["new"]) == (2, 2)
    again = run(world)
    assert (again.counts["found"], again.counts["new"], again.counts["gone"]) == (2, 0, 0)
    assert Finding.objects.filter(rule="wage_same").count() == 2
    Destination.objects.filter(pk=pks[0]).update(monthly_wage=6000)
    third = run(world)
    assert (third.counts["found"], third.counts["gone"]) == (0, 2)
    assert set(Finding.objects.values_list("state", flat=True)) == {S.GONE}
    assert Event.objects.filter(action="quality.vanish").count() == 2
    Destination.objects.filter(pk=pks[0]).update(monthly_wage=5001)
    fourth = run(world)
    assert (fourth.counts["found"], fourth.counts["new"], fourth.counts["again"]) == (2, 0, 2)
    assert set(Finding.objects.values_list("state", "closed_at")) == {(S.OPEN, None)}


@pytest.mark.parametrize(
    ("action", "after"),
    [("dismiss", S.FALSE_ALARM), ("confirm", S.TRUE), ("correct", S.OPEN)],
)
def test_what_was_settled_and_is_found_again(world: World, action: str, after: str) -> None:
    """A false alarm stays one and what is true stays true; what was not corrected after all is open."""
    planted(world)
    run(world)
    finding = Finding.objects.all()[0]
    findings.settle(
        action=action, finding_id=finding.pk, version=None, note="看过", by=world.school_admin
    )
    run(world)
    assert Finding.objects.get(pk=finding.pk).state == after


def test_whoever_asked_for_a_run_is_told_once(world: World) -> None:
    planted(world)
    done = run(world)
    told = Message.objects.get(to=f"user:{world.staff[Role.SCHOOL_ADMIN].pk}")
    assert "可疑筛查已完成" in told.title
    assert "查到2个问题" in told.text
    assert told.link == f"/console/quality/runs/{done.pk}/"


def test_what_was_settled_and_is_not_found_any_more(world: World) -> None:
    pks = planted(world)
    run(world)
    first, second = Finding.objects.order_by("pk")
    findings.settle(
        action="confirm", finding_id=first.pk, version=None, note="有误", by=world.school_admin
    )
    findings.settle(
        action="dismiss", finding_id=second.pk, version=None, note="无误", by=world.school_admin
    )
    Destination.objects.filter(pk__in=pks).update(monthly_wage=None)
    run(world)
    states = dict(Finding.objects.values_list("pk", "state"))
    assert states == {first.pk: S.GONE, second.pk: S.FALSE_ALARM}


def test_another_school_and_a_rule_that_is_off_are_left_alone(world: World) -> None:
    other = make_world()
    planted(world)
    run(world)
    run(other)
    assert set(Finding.objects.values_list("state", flat=True)) == {S.OPEN}
    Rule.objects.filter(pk="wage_same").update(enabled=False)
    Destination.objects.filter(school=world.school).update(monthly_wage=None)
    run(world)
    assert set(Finding.objects.values_list("state", flat=True)) == {S.OPEN}


def test_the_province_runs_over_every_school(world: World) -> None:
    other = make_world()
    set_rule("wage_same", least=2)
    code = units(1)[0]
    both = {make_job(w, unit_code=code, monthly_wage=5001).pk for w in (world, other)}
    run(world)
    assert found("wage_same") == both & set(
        Destination.objects.filter(school=world.school).values_list("pk", flat=True)
    )
    run(world, school=None, by=world.user(Role.PROVINCE))
    assert found("wage_same") == both


class Killed(BaseException):
    """The worker's process ends here, without a word."""


def test_a_run_whose_worker_dies_is_taken_up_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(world)
    set_rule("job_mismatch", least=1)
    made = ask(world)
    write, calls = sighting.write, []

    def die_later(run: Run, rule: Rule, *args: Any) -> Any:
        calls.append(rule.key)
        written = write(run, rule, *args)
        if rule.key == "wage_same":
            raise Killed
        return written

    monkeypatch.setattr(sighting, "write", die_later)
    # The rule before the last is written and committed; in this test's transaction it stays written.
    with pytest.raises(Killed):
        runs.do(made.pk)
    monkeypatch.undo()
    made.refresh_from_db()
    assert made.state == RunState.RUNNING
    assert runs.do(made.pk) is False, "its lease still runs"
    Run.objects.filter(pk=made.pk).update(
        leased_until=timezone.now() - datetime.timedelta(minutes=1)
    )
    assert runs.overdue() == [made.pk]
    assert runs.do(made.pk)
    made.refresh_from_db()
    assert (made.state, made.attempts) == (RunState.DONE, 2)
    assert Finding.objects.filter(rule="wage_same").count() == 2


def test_a_worker_that_lost_its_lease_writes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(world)
    made = ask(world)

    def taken_over(work: runs.Work) -> None:
        Run.objects.filter(pk=made.pk).update(token=99)
        runs.screen(work)

    monkeypatch.setitem(runs.KINDS, RunKind.SCREENING, taken_over)
    assert runs.do(made.pk) is False
    assert not Finding.objects.exists()


def test_an_unexpected_error_is_tried_again_and_then_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ask(world)

    def broken(work: runs.Work) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(runs.KINDS, RunKind.SCREENING, broken)
    for state in (RunState.WAITING, RunState.WAITING, RunState.FAILED):
        with pytest.raises(ZeroDivisionError):
            runs.do(made.pk)
        made.refresh_from_db()
        assert made.state == state
    assert "运维人员" in made.problem
    assert made.finished_at is not None
    assert jobs.figures(runs.RUNS).parked == 0
    ask(world)


def test_many_findings_take_no_more_statements(world: World) -> None:
    planted(world)

    def cost() -> int:
        made = ask(world)
        with CaptureQueriesContext(connection) as captured:
            assert runs.do(made.pk)
        return len(captured)

    cost()
    few = cost()
    code = units(2)[1]
    for _ in range(6):
        make_job(world, unit_code=code, monthly_wage=5002)
    assert cost() == few
    assert len(scene.found("wage_same")) == 8
