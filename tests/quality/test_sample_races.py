"""Two people act on one sample or one call at the same instant."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.utils import timezone

from core.errors import DomainError
from quality.actions import calls, samples
from quality.models import CallBack, CallTry, Finding, Stratum
from quality.states import CallOutcome, CallState
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.quality import scene
from tests.quality.sampling import ANSWERS


def refusals(answers: list[Any]) -> list[str]:
    """The codes of those that were refused; anything else that was raised fails the test."""
    raised = [a for a in answers if isinstance(a, BaseException)]
    assert all(isinstance(a, DomainError) for a in raised), answers
    return [a.code for a in raised]


def test_two_draws_at_once_are_one(committed_world: World) -> None:
    world = committed_world
    for _ in range(4):
        scene.make_job(world)
    sample = scene.make_sample(world, by=world.school_admin)

    def draw() -> object:
        return samples.draw(sample_id=sample.pk, version=sample.version, by=world.school_admin)

    assert refusals(run_at_once(draw, draw)) == ["stale"]
    assert Stratum.objects.filter(sample=sample).count() == 1
    assert CallBack.objects.filter(sample=sample).count() == 4


def test_a_double_click_on_a_call_is_one_try_and_one_finding(committed_world: World) -> None:
    world = committed_world
    call = scene.make_call(world)
    noon = timezone.localtime().replace(hour=12)

    def reach() -> object:
        return calls.reach(
            call_id=call.pk, answers=ANSWERS, outcome=CallOutcome.DIFFERS, note="不在这家单位",
            version=call.version, by=world.counsellor,
        )  # fmt: skip

    with mock.patch.object(calls, "database_now", lambda: noon):
        assert refusals(run_at_once(reach, reach)) == ["stale"]
    call.refresh_from_db()
    assert call.state == CallState.REACHED
    assert CallTry.objects.filter(call=call).count() == 1
    assert Finding.objects.filter(rule="callback").count() == 1
