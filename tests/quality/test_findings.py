"""Findings: who may take which step in which state, what a later run does, and what waits meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from core.errors import DomainError, Invalid
from core.models import Event
from destinations.actions import dispute, enter
from quality.actions import findings
from quality.finding_steps import FINDING, RUN
from quality.models import Finding, Rule
from quality.queries import findings_for, findings_overdue, findings_waiting, together_with
from quality.states import CLOSED, FindingOwner, FindingState
from schools.roles import LEVELS, Role
from tests import factories
from tests.factories import World, make_world
from tests.quality import scene

pytestmark = pytest.mark.django_db
S = FindingState
STAFF = (Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE)
ACTIONS = ("begin", "confirm", "correct", "dismiss", "dispute", "reopen", "pass_on")


def refused(code: str, call: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code, refusal.value
    return refusal.value.message


def take(action: str, finding: Finding, by: User, note: str = "已核对档案") -> Finding:
    values: dict[str, Any] = {"finding_id": finding.pk, "version": None, "note": note, "by": by}
    if action == "begin":
        return findings.begin(**values)
    if action == "reopen":
        return findings.reopen(**values)
    if action == "pass_on":
        to = findings.may_pass_to(by, finding)[0]
        return findings.pass_on(to=to, **values)
    return findings.settle(action=action, **values)


def disputed(world: World, **values: Any) -> Finding:
    """A finding about a graduate who has objected to the destination."""
    graduate = factories.make_graduate(world)
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.department_admin)
    raised = dispute.raise_dispute(
        graduate_id=graduate.pk, reason="不是我的去向", by=factories.activate(graduate)
    )
    if values.get("state") == S.DISPUTED:
        values["dispute"] = raised
    return scene.make_finding(world, values.pop("state", S.OPEN), graduate=graduate, **values)


@pytest.mark.parametrize("role", [*STAFF, Role.COUNSELLOR])
@pytest.mark.parametrize("action", ACTIONS)
def test_every_step_from_every_state_by_every_role(world: World, role: str, action: str) -> None:
    """The action obeys the table: it takes the step where the table has it, and nowhere else."""
    user = world.user(role)
    for state in S:
        finding = disputed(world, state=state)
        steps = [
            s for s in FINDING.steps_of(action) if LEVELS[role] in s.roles and state in s.sources
        ]
        before = Finding.objects.get(pk=finding.pk)
        if not steps:
            with pytest.raises((DomainError, IndexError)):
                take(action, finding, user)
            after = Finding.objects.get(pk=finding.pk)
            assert (after.state, after.version) == (state, before.version)
            continue
        done = take(action, finding, user)
        assert done.state == (steps[0].target or state)
        assert (done.closed_at is not None) == (done.state in CLOSED)
        event = Event.objects.filter(object_type="finding", object_id=finding.pk).latest("id")
        assert (event.action, event.actor_id) == (f"quality.{action}", user.pk)


def test_a_reason_is_asked_where_the_table_asks_for_one(world: World) -> None:
    for action in ("confirm", "dismiss", "reopen", "pass_on"):
        state = S.TRUE if action == "reopen" else S.OPEN
        finding = scene.make_finding(world, state)
        with pytest.raises(Invalid):
            take(action, finding, world.school_admin, note=" \n ")
    finding = scene.make_finding(world)
    with pytest.raises(Invalid):
        take("dismiss", finding, world.school_admin, note="长" * 301)
    assert take("correct", finding, world.school_admin, note="").state == S.CORRECTED


def test_a_department_leaves_to_the_school_what_is_the_schools(world: World) -> None:
    finding = scene.make_finding(world, owner=FindingOwner.SCHOOL)
    sentence = refused("owner", findings.settle, action="dismiss", finding_id=finding.pk, version=None,
                       note="看过", by=world.department_admin)  # fmt: skip
    assert "学校核实" in sentence
    assert take("dismiss", finding, world.school_admin).state == S.FALSE_ALARM
    of_province = scene.make_finding(world, owner=FindingOwner.PROVINCE)
    refused("owner", findings.begin, finding_id=of_province.pk, version=None, by=world.school_admin)
    # Passing it on is open to those who see it.
    assert take("pass_on", of_province, world.department_admin).owner == FindingOwner.SCHOOL


def test_nobody_outside_the_scope_takes_a_step(world: World) -> None:
    other = make_world()
    finding = scene.make_finding(world, graduate=scene.make_job(world, department=1))
    for by in (world.department_admin, other.school_admin):
        refused("scope", findings.begin, finding_id=finding.pk, version=None, by=by)
        assert findings.dismiss_one(finding.pk, 1, by, "看过") is None


def test_whom_a_finding_names_does_not_declare_it_a_false_alarm(world: World) -> None:
    admin = world.school_admin
    finding = scene.make_finding(world, rule="burst", evidence={"staff_ids": [admin.pk]})
    refused("same_person", findings.settle, action="dismiss", finding_id=finding.pk, version=None,
            note="是我录的", by=admin)  # fmt: skip
    assert take("confirm", finding, admin).state == S.TRUE
    again = take("reopen", finding, admin)
    assert take("dismiss", again, world.user(Role.PROVINCE)).state == S.FALSE_ALARM


def test_a_stale_page_changes_nothing(world: World) -> None:
    finding = scene.make_finding(world)
    take("begin", finding, world.school_admin)
    refused("stale", findings.settle, action="dismiss", finding_id=finding.pk,
            version=finding.version, note="误报", by=world.school_admin)  # fmt: skip
    assert Finding.objects.get(pk=finding.pk).state == S.CHECKING


def test_only_the_graduates_own_dispute_takes_a_finding_over(world: World) -> None:
    finding = scene.make_finding(world)
    sentence = refused("no_dispute", findings.settle, action="dispute", finding_id=finding.pk,
                       version=None, note="", by=world.school_admin)  # fmt: skip
    assert "本人" in sentence
    for upheld, state in ((True, S.CORRECTED), (False, S.CHECKING)):
        finding = disputed(world)
        joined = take("dispute", finding, world.school_admin)
        assert joined.dispute is not None
        dispute.settle(
            dispute=joined.dispute, upheld=upheld, answer="已核实", by=world.school_admin
        )
        after = Finding.objects.get(pk=finding.pk)
        assert after.state == state
        assert "已核实" in after.note


def test_the_clock_and_runs_take_their_own_steps_alone() -> None:
    own = {s.action for s in FINDING.steps if RUN in s.roles}
    assert own == {"find", "vanish", "find_again", "dispute_upheld", "dispute_dismissed"}
    assert all(s.roles == {RUN} for s in FINDING.steps if s.action in own)


def test_the_database_refuses_what_makes_no_sense(world: World) -> None:
    finding = scene.make_finding(world)
    for values in (
        {"state": "elsewhere"}, {"owner": "class"}, {"state": S.FALSE_ALARM, "note": ""},
        {"state": S.GONE}, {"state": S.DISPUTED},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Finding.objects.filter(pk=finding.pk).update(**values)


# --- who sees what ------------------------------------------------------------------------------


def test_each_sees_the_findings_of_the_scope(world: World) -> None:
    other = make_world()
    mine = scene.make_finding(world)
    beside = scene.make_finding(world, graduate=scene.make_job(world, department=1))
    elsewhere = scene.make_finding(other)
    of_department = scene.make_finding(
        world, rule="share_jump", graduate=beside.graduate, department=world.departments[0]
    )
    Finding.objects.filter(pk=of_department.pk).update(graduate=None)
    of_school = scene.make_finding(world, rule="late_wave")
    Finding.objects.filter(pk=of_school.pk).update(graduate=None)

    def seen(user: User) -> set[int]:
        return set(findings_for(user).values_list("pk", flat=True))

    assert seen(world.department_admin) == {mine.pk, of_department.pk}
    every = {mine.pk, beside.pk, of_department.pk, of_school.pk}
    assert seen(world.school_admin) == every
    assert seen(world.user(Role.PROVINCE)) == every | {elsewhere.pk}
    assert seen(world.counsellor) == set()


def test_what_waits_is_what_is_the_levels_own_and_not_settled(world: World) -> None:
    mine = scene.make_finding(
        world, due_on=factories.today() - factories.datetime.timedelta(days=1)
    )
    scene.make_finding(world, owner=FindingOwner.SCHOOL)
    scene.make_finding(world, S.TRUE)
    assert [f.pk for f in findings_waiting(world.department_admin)] == [mine.pk]
    assert [f.pk for f in findings_overdue(world.department_admin)] == [mine.pk]
    assert not findings_overdue(world.school_admin).exists()


def test_what_belongs_together_is_named_in_the_scope_and_counted_outside(world: World) -> None:
    other = make_world()
    first, second, foreign = (
        scene.make_finding(w, subject="s" * 64) for w in (world, world, other)
    )
    scene.make_finding(world, subject="t" * 64)
    shown, outside = together_with(first, world.school_admin)
    assert ([f.pk for f in shown], outside) == ([second.pk], 1)
    shown, outside = together_with(first, world.user(Role.PROVINCE))
    assert ([f.pk for f in shown], outside) == ([second.pk, foreign.pk], 0)


# --- several at once ----------------------------------------------------------------------------


def test_several_are_dismissed_and_each_is_answered(world: World) -> None:
    able = [scene.make_finding(world) for _ in range(2)]
    settled = scene.make_finding(world, S.TRUE)
    seen = [(f.pk, f.version) for f in (*able, settled)]
    answers = findings.dismiss_many(seen=seen, note="统一核实过", by=world.school_admin)
    assert [a.ok for a in answers] == [True, True, False]
    states = Finding.objects.filter(pk__in=[f.pk for f in able]).values_list("state", "note")
    assert set(states) == {(S.FALSE_ALARM, "统一核实过")}
    with pytest.raises(Invalid):
        findings.dismiss_many(seen=seen, note="", by=world.school_admin)


def test_a_graduate_who_moves_takes_the_findings_along(world: World) -> None:
    from graduates import hooks

    finding = scene.make_finding(world)
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    graduate = finding.graduate
    assert graduate is not None
    graduate.cohort_id = later.pk
    hooks.moved.run(graduate=graduate)
    assert Finding.objects.get(pk=finding.pk).cohort_id == later.pk


def test_every_rule_of_the_book_has_its_row() -> None:
    from quality import rule_book
    from quality.screening import QUERIES
    from quality.states import RunKind

    stored = {r.key: r for r in Rule.objects.all()}
    assert set(stored) == set(rule_book.BY_KEY)
    for declared in rule_book.ALL:
        assert stored[declared.key].label == declared.label
        assert rule_book.settings_of(stored[declared.key]) == declared.defaults()
    assert {d.key for d in rule_book.ALL if d.kind == RunKind.SCREENING} == set(QUERIES)


def test_what_the_province_set_stays_when_the_rules_are_loaded_again() -> None:
    from quality import rule_book

    scene.set_rule("burst", least=50)
    Rule.objects.filter(pk="burst").update(holds_uploads=True, label="旧名")
    rule_book.load_rules()
    rule = Rule.objects.get(pk="burst")
    assert (rule.thresholds["least"], rule.holds_uploads) == (50, True)
    assert rule.label == rule_book.BY_KEY["burst"].label
