"""Answers, ends and publishing at the same instant, and a worker that is killed."""

from __future__ import annotations

import pytest
from django.db import connection

from core.errors import DomainError
from surveys.actions import answers, invitations, surveys
from surveys.models import Answer, Draft, Invitation, Survey
from surveys.states import InvitationState, SurveyState
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.surveys import scene


def test_an_answer_is_sent_once(committed_world: World) -> None:
    graduate = factories.make_graduate(committed_world)
    survey = scene.run(committed_world)
    sent = run_at_once(*[lambda n=n: scene.send(survey, graduate, {"q1": n}) for n in (0, 1, 2)])
    assert sorted(type(a).__name__ for a in sent) == ["Closed", "Closed", "NoneType"]
    assert Draft.objects.filter(survey=survey, is_sent=True).count() == 1
    assert scene.invitation_of(survey, graduate).state == InvitationState.DONE


def test_sent_or_declined_but_not_both(committed_world: World) -> None:
    graduate = factories.make_graduate(committed_world)
    survey = scene.run(committed_world)
    token = scene.token_of(survey, graduate)
    outcome = run_at_once(
        lambda: scene.send(survey, graduate, {"q1": 0}), lambda: answers.decline(token=token)
    )
    assert [type(a).__name__ for a in outcome if a is not None] == ["Closed"]
    done = scene.invitation_of(survey, graduate).state == InvitationState.DONE
    assert Draft.objects.filter(survey=survey).exists() == done


def test_nothing_is_sent_after_the_end(committed_world: World) -> None:
    people = scene.make_graduates(committed_world, 4)
    survey = scene.run(committed_world)
    admin = committed_world.school_admin
    outcome = run_at_once(
        lambda: surveys.end(survey_id=survey.pk, reason="结束", by=admin),
        *[lambda g=g: scene.send(survey, g, {"q1": 0}) for g in people],
    )
    assert not [
        a for a in outcome if isinstance(a, BaseException) and not isinstance(a, DomainError)
    ]
    answers.collect_due()
    done = Invitation.objects.filter(survey=survey, state=InvitationState.DONE).count()
    assert Answer.objects.filter(survey=survey).count() == done
    assert not Draft.objects.filter(survey=survey).exists()


def test_two_people_publish_once(committed_world: World) -> None:
    factories.make_graduate(committed_world)
    draft = scene.write(committed_world.school_admin)
    admin = committed_world.school_admin
    made = run_at_once(
        *[lambda: surveys.publish(survey_id=draft.pk, edition=draft.edition, by=admin)] * 2
    )
    assert sum(isinstance(one, Survey) for one in made) == 1
    assert Invitation.objects.filter(survey=draft).count() == 1


def test_two_workers_collect_each_answer_once(committed_world: World) -> None:
    people = scene.make_graduates(committed_world, 10)
    survey = scene.run(committed_world)
    for graduate in people:
        scene.send(survey, graduate, {"q1": 0})
    moved = run_at_once(*[lambda: answers.collect(survey.pk)] * 3)
    assert sorted(moved) == [0, 0, 10]
    assert Answer.objects.filter(survey=survey).count() == 10


def test_two_workers_remind_once(committed_world: World) -> None:
    scene.make_graduates(committed_world, 3)
    survey = scene.run(committed_world)
    scene.let_days_pass(survey, 7)
    assert sum(run_at_once(invitations.remind_due, invitations.remind_due)) == 3


def test_a_worker_killed_while_publishing_leaves_the_draft(
    committed_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_graduate(committed_world)
    draft = scene.write(committed_world.school_admin)

    def killed(survey: Survey) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(invitations, "tell_all", killed)
        outcome = run_at_once(
            lambda: surveys.publish(
                survey_id=draft.pk, edition=draft.edition, by=committed_world.school_admin
            )
        )
    assert isinstance(outcome[0], Exception)
    left = Survey.objects.get(pk=draft.pk)
    assert (left.state, left.number) == (SurveyState.DRAFT, 0)
    assert not Invitation.objects.filter(survey=draft).exists()
    admin = committed_world.school_admin
    assert surveys.publish(survey_id=draft.pk, edition=left.edition, by=admin).invited == 1
