"""A claim and a settlement, or two settlements, at the same instant."""

from __future__ import annotations

from core.errors import DomainError
from national_sync.actions.claim import claim
from national_sync.mapping import Mapped, load_simulated
from quality.actions import findings
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.quality import scene
from tests.quality.test_holding import hold_uploads, ready, state_of


def test_a_claim_and_a_settlement_at_once_leave_nothing_held(committed_world: World) -> None:
    world = committed_world
    load_simulated()
    mapped = Mapped.load(simulated=True)
    hold_uploads()
    try:
        for _ in range(4):
            graduate = ready(world)
            finding = scene.make_finding(world, graduate=graduate)
            by = world.school_admin
            answers = run_at_once(
                lambda: claim(mapped),
                lambda f=finding, u=by: findings.settle(
                    action="dismiss", finding_id=f.pk, version=None, note="无误", by=u
                ),
            )
            assert not [a for a in answers if isinstance(a, BaseException)], answers
            assert state_of(graduate) in ("waiting", "sent")
    finally:
        hold_uploads(on=False)


def test_two_settle_one_finding_at_once(committed_world: World) -> None:
    world = committed_world
    finding = scene.make_finding(world)
    by = world.school_admin
    answers = run_at_once(*[
        lambda a=action: findings.settle(
            action=a, finding_id=finding.pk, version=1, note="看过", by=by
        )
        for action in ("confirm", "dismiss")
    ])  # fmt: skip
    refused = [a for a in answers if isinstance(a, BaseException)]
    assert len(refused) == 1, answers
    assert isinstance(refused[0], DomainError)
    assert refused[0].code == "stale"
