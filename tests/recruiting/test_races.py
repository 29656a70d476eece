"""Recruiting at the same instant, on parallel database connections."""

from __future__ import annotations

from core.errors import Refused
from recruiting.actions import posting_review
from recruiting.models import Application
from recruiting.states import PostingState
from schools.roles import Role
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import scene


def test_two_deliveries_at_once_make_one_application(committed_world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=committed_world)
    graduate = scene.make_applicant(committed_world)
    answers = run_at_once(*[lambda: scene.apply(graduate, posting)] * 4)
    assert [isinstance(a, Application) for a in answers].count(True) == 1
    assert {a.code for a in answers if isinstance(a, Refused)} == {"applied"}
    assert Application.objects.filter(graduate=graduate).count() == 1


def test_a_posting_taken_down_at_the_moment_of_applying_keeps_no_open_application(
    committed_world: World,
) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=committed_world)
    graduate = scene.make_applicant(committed_world)
    province = committed_world.user(Role.PROVINCE)
    run_at_once(
        lambda: scene.apply(graduate, posting),
        lambda: posting_review.take_down(posting_id=posting.pk, reason="虚假宣传", by=province),
    )
    posting.refresh_from_db()
    assert posting.state == PostingState.TAKEN_DOWN
    assert not Application.objects.filter(graduate=graduate, decided_at=None).exists()
