"""A finding holds uploads back only where the province wants it, and lets them go when it is settled."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from destinations.actions import enter
from graduates.actions import origin
from graduates.models import Graduate
from national_sync.actions.claim import HELD_BY_CHECK, claim
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Entry
from quality.actions import findings, rules
from quality.models import Finding, Rule
from quality.rule_book import settings_of
from quality.states import FindingState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of
from tests.quality import scene

pytestmark = pytest.mark.django_db
S = FindingState


def ready(world: World) -> Graduate:
    """A graduate whose origin and destination are ready to be sent."""
    graduate = factories.make_graduate(world)
    signing.confirm_origin(graduate)
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    return graduate


def hold_uploads(rule: str = "contact_self", on: bool = True) -> None:
    Rule.objects.filter(pk=rule).update(holds_uploads=on)


def state_of(graduate: Graduate, part: str = "destination") -> str:
    return Entry.objects.get(graduate=graduate, part=part).state


def claim_all() -> None:
    load_simulated()
    claim(Mapped.load(simulated=True))


def test_a_finding_blocks_nothing_by_itself(world: World) -> None:
    graduate = ready(world)
    scene.make_finding(world, graduate=graduate)
    claim_all()
    assert {state_of(graduate), state_of(graduate, "origin")} == {"sent"}


@pytest.mark.parametrize("state", [S.OPEN, S.CHECKING, S.TRUE])
def test_a_rule_that_holds_uploads_holds_its_part(world: World, state: str) -> None:
    hold_uploads()
    graduate, other = ready(world), ready(world)
    scene.make_finding(world, state, graduate=graduate)
    claim_all()
    assert state_of(graduate) == "held"
    assert state_of(graduate, "origin") == "sent"
    assert state_of(other) == "sent"
    entry = Entry.objects.get(graduate=graduate, part="destination")
    assert [p["rule"] for p in entry.problems] == [HELD_BY_CHECK]
    assert "单位联系方式为本人" in entry.problems[0]["message"]
    assert entry.owner == "department"


def test_a_finding_about_the_origin_holds_the_origin(world: World) -> None:
    hold_uploads("roll_differs")
    graduate = ready(world)
    scene.make_finding(world, graduate=graduate, rule="roll_differs")
    claim_all()
    assert state_of(graduate, "origin") == "held"


@pytest.mark.parametrize("action", ["dismiss", "correct"])
def test_it_goes_up_once_the_finding_is_settled(world: World, action: str) -> None:
    hold_uploads()
    graduate = ready(world)
    finding = scene.make_finding(world, graduate=graduate)
    claim_all()
    findings.settle(
        action=action, finding_id=finding.pk, version=None, note="已核实", by=world.school_admin
    )
    assert state_of(graduate) == "waiting"
    claim_all()
    assert state_of(graduate) == "sent"


def test_what_a_run_no_longer_finds_goes_up(world: World) -> None:
    hold_uploads("wage_same")
    scene.set_rule("wage_same", least=2)
    code = factories.make_unit_code()
    graduates = [ready(world) for _ in range(2)]
    for graduate in graduates:
        scene.make_job(world, graduate, unit_code=code, monthly_wage=5001)
    scene.run(world)
    claim_all()
    assert {state_of(g) for g in graduates} == {"held"}
    scene.set_rule("wage_same", least=3)
    scene.run(world)
    assert not Finding.objects.exclude(state=S.GONE).exists()
    assert "held" not in {state_of(g) for g in graduates}


def test_switching_the_rule_lets_go_and_does_not_recall(world: World) -> None:
    hold_uploads()
    graduate = ready(world)
    scene.make_finding(world, graduate=graduate)
    claim_all()
    rule = Rule.objects.get(pk="contact_self")
    typed = {"enabled": True, "holds_uploads": False, "owner": "department", "due_days": 5}
    rules.set_rule(
        key=rule.key, typed=typed | settings_of(rule), version=rules.version_of(rule),
        by=world.user(Role.PROVINCE),
    )  # fmt: skip
    claim_all()
    assert state_of(graduate) == "sent"
    hold_uploads()
    claim_all()
    assert state_of(graduate) == "sent"


def test_a_claim_asks_once_however_many_there_are(world: World) -> None:
    load_simulated()
    mapped = Mapped.load(simulated=True)
    costs = []
    for count in (1, 4):
        for _ in range(count):
            scene.make_finding(world, graduate=ready(world))
        with CaptureQueriesContext(connection) as captured:
            claim(mapped)
        costs.append(sum("quality_finding" in (q["sql"] or "") for q in captured))
    assert costs == [1, 1]


def test_the_graduate_reads_that_it_is_checked_and_not_what(world: World) -> None:
    hold_uploads()
    graduate = ready(world)
    scene.make_finding(world, graduate=graduate)
    claim_all()
    user = Graduate.objects.select_related("person__user").get(pk=graduate.pk).person.user
    assert user is not None
    shown = client_of(user).get("/national/").content.decode()
    assert "登记信息正在由学校核对" in shown
    assert "联系方式" not in shown
    ledger = world.client(Role.SCHOOL_ADMIN).get("/console/national/ledger/").content.decode()
    assert "尚未核实清楚" in ledger
