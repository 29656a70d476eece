"""Résumés changed and delivered at the same instant, on parallel database connections."""

from __future__ import annotations

import json

from django.core.files.storage import default_storage

from core.errors import DomainError
from recruiting import snapshots
from recruiting.actions import applications, resume_choices, unit_applications
from recruiting.actions.resume_choices import Choice
from recruiting.models import Application, Resume, ResumeReading
from recruiting.states import ApplicationState, PostingState
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import scene


def test_a_photo_replaced_while_it_is_delivered_stays_with_the_application(
    committed_world: World,
) -> None:
    member = scene.make_recruiter()
    graduate = scene.make_applicant(committed_world)
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=committed_world)
    scene.upload_photo(graduate)
    run_at_once(
        lambda: scene.apply(graduate, posting), lambda: scene.upload_photo(graduate, width=500)
    )
    application = Application.objects.select_related("photo").get(graduate=graduate)
    assert application.photo is not None
    assert application.photo.sha256 == json.loads(application.snapshot)["photo"]
    assert default_storage.exists(application.photo.key)


def test_six_resumes_made_at_once_stay_five(committed_world: World) -> None:
    graduate = scene.make_applicant(committed_world)
    by = scene.account_of(graduate)

    def make(title: str) -> Resume:
        choice = Choice(title=title, layout=1, entries=(), facts=())
        return resume_choices.make(graduate=graduate, choice=choice, by=by)

    answers = run_at_once(*[lambda n=n: make(f"第{n}份") for n in range(6)])
    assert sum(isinstance(a, Resume) for a in answers) == 4
    assert Resume.objects.filter(graduate=graduate).count() == 5


def test_the_last_two_deleted_at_once_leave_one_default(committed_world: World) -> None:
    graduate = scene.make_applicant(committed_world)
    by = scene.account_of(graduate)
    choice = Choice(title="技术岗", layout=1, entries=(), facts=())
    resume_choices.make(graduate=graduate, choice=choice, by=by)
    run_at_once(
        *[
            lambda pk=r.pk: resume_choices.delete(graduate=graduate, resume_id=pk, by=by)
            for r in Resume.objects.filter(graduate=graduate)
        ]
    )
    assert Resume.objects.filter(graduate=graduate, is_default=True).count() == 1
    assert Resume.objects.filter(graduate=graduate).count() == 1


def test_two_made_default_at_once_are_one_default(committed_world: World) -> None:
    graduate = scene.make_applicant(committed_world)
    by = scene.account_of(graduate)
    for title in ("甲", "乙"):
        choice = Choice(title=title, layout=1, entries=(), facts=())
        resume_choices.make(graduate=graduate, choice=choice, by=by)
    run_at_once(
        *[
            lambda pk=r.pk: resume_choices.make_default(graduate=graduate, resume_id=pk, by=by)
            for r in Resume.objects.filter(graduate=graduate, is_default=False)
        ]
    )
    assert Resume.objects.filter(graduate=graduate, is_default=True).count() == 1


def test_a_resume_recalled_at_the_moment_of_opening_is_read_before_or_not_at_all(
    committed_world: World,
) -> None:
    member = scene.make_recruiter()
    graduate = scene.make_applicant(committed_world)
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=committed_world)
    made = scene.apply(graduate, posting)
    by = scene.account_of(graduate)
    opened, _ = run_at_once(
        lambda: unit_applications.open_application(application_id=made.pk, by=member, prints=True),
        lambda: applications.withdraw(application_id=made.pk, by=by),
    )
    assert not isinstance(opened, DomainError)
    made.refresh_from_db()
    assert not unit_applications.may_print(made)
    # Whoever opened it before the recall is written down, and nobody else.
    printed = ResumeReading.objects.filter(reader__endswith="（打印）").count()
    assert printed == int(opened.state != ApplicationState.WITHDRAWN)
    assert snapshots.read(made.snapshot)["contact"]
