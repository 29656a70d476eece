"""Reports of units at the same instant, on parallel database connections."""

from __future__ import annotations

from core.errors import Refused
from core.models import Event
from recruiting.actions import posting_review, postings, reports
from recruiting.models import Sanction, UnitReport
from recruiting.states import PauseCause, PostingState, ReportState, SanctionKind
from schools.roles import Role
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import scene


def test_two_examiners_at_once_decide_once(committed_world: World) -> None:
    world = committed_world
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    report = scene.report(factories.make_graduate(world), posting)
    first, second = world.user(Role.PROVINCE), factories.make_staff(Role.PROVINCE, world)
    answers = run_at_once(
        lambda: reports.dismiss(report_id=report.pk, answer="未发现问题。", by=first),
        lambda: reports.uphold(
            report_id=report.pk, kind=SanctionKind.WARNING, days=None, reason="虚假宣传",
            answer="属实。", by=second,
        ),
    )  # fmt: skip
    assert [a.code for a in answers if isinstance(a, Refused)] == ["state"]
    report.refresh_from_db()
    upheld = report.state == ReportState.UPHELD
    assert upheld == Sanction.objects.exists() == (report.sanction_id is not None)


def test_two_examiners_begin_once(committed_world: World) -> None:
    world = committed_world
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    report = scene.report(factories.make_graduate(world), posting)
    people = [world.user(Role.PROVINCE), factories.make_staff(Role.PROVINCE, world)]
    answers = run_at_once(
        *[lambda by=by: reports.begin(report_id=report.pk, by=by) for by in people]
    )
    assert [a.code for a in answers if isinstance(a, Refused)] == ["state"]
    assert Event.objects.filter(action="recruiting.begin_report").count() == 1


def test_a_report_is_withdrawn_or_begun_but_not_both(committed_world: World) -> None:
    world = committed_world
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    report = scene.report(factories.make_graduate(world), posting, reason="1")
    user, province = scene.account_of(report.graduate), world.user(Role.PROVINCE)
    answers = run_at_once(
        lambda: reports.withdraw(report_id=report.pk, by=user),
        lambda: reports.begin(report_id=report.pk, by=province),
    )
    assert [a.code for a in answers if isinstance(a, Refused)] == ["state"]
    report.refresh_from_db()
    posting.refresh_from_db()
    withdrawn = report.state == ReportState.WITHDRAWN
    assert posting.state == (PostingState.PUBLISHED if withdrawn else PostingState.PAUSED)


def test_a_posting_that_its_unit_pauses_or_resumes_meanwhile_is_paused_by_the_report(
    committed_world: World,
) -> None:
    world = committed_world
    member = scene.make_recruiter()
    shown = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    paused = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    waiting = scene.make_posting(member, PostingState.WAITING)
    postings.pause(posting_id=paused.pk, by=member)
    graduate, province = factories.make_graduate(world), world.user(Role.PROVINCE)
    scene.account_of(graduate)
    answers = run_at_once(
        lambda: scene.report(graduate, shown, reason="1"),
        lambda: postings.pause(posting_id=shown.pk, by=member),
        lambda: postings.resume(posting_id=paused.pk, by=member),
        lambda: posting_review.approve(posting_id=waiting.pk, version=waiting.version, by=province),
    )
    assert isinstance(answers[0], UnitReport)
    # Whichever comes first: a posting that the report has paused can't be paused by the unit.
    assert {a.code for a in answers if isinstance(a, Refused)} <= {"state"}
    for posting in (shown, paused, waiting):
        posting.refresh_from_db()
        assert PauseCause.REPORTED in posting.pause_causes


def test_two_reports_at_once_by_one_graduate_make_one(committed_world: World) -> None:
    world = committed_world
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    graduate = factories.make_graduate(world)
    scene.account_of(graduate)
    answers = run_at_once(*[lambda: scene.report(graduate, posting)] * 3)
    assert {a.code for a in answers if isinstance(a, Refused)} == {"reported"}
    assert UnitReport.objects.count() == 1
