"""Reports of units: what pauses, what staff decide, what the unit may appeal, and who learns what."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Message
from core.errors import DomainError, Invalid
from core.models import Event
from employers.models import Membership, UnitMember
from graduates.actions import account
from recruiting import queries
from recruiting.actions import posting_review, postings, reports, sanctions
from recruiting.models import Posting, ReviewingSchool, Sanction, UnitReport
from recruiting.states import (
    AppealState,
    ApplicationState,
    PauseCause,
    PostingState,
    ReportState,
    SanctionKind,
)
from recruiting.unit_standing import check_may_recruit
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
REASON, ANSWER = "核实存在虚假宣传", "经核查属实，感谢反映。"


def published(world: World, member: UnitMember | None = None, **more: Any) -> Posting:
    return scene.make_posting(
        member or scene.make_recruiter(), PostingState.PUBLISHED, by=world, **more
    )


def causes(posting: Posting) -> list[str]:
    posting.refresh_from_db()
    return posting.pause_causes


def uphold(report: UnitReport, by: Any, kind: str = SanctionKind.WARNING, **more: Any) -> Sanction:
    values = {"days": None, "reason": REASON, "answer": ANSWER} | more
    upheld = reports.uphold(report_id=report.pk, kind=kind, by=by, **values)
    assert upheld.sanction is not None
    return upheld.sanction


def blacklist(report: UnitReport, world: World, **more: Any) -> Sanction:
    reports.begin(report_id=report.pk, by=world.user(Role.PROVINCE))
    second = factories.make_staff(Role.PROVINCE, world)
    return uphold(report, second, SanctionKind.BLACKLIST, **({"days": 365} | more))


def refused(code: str, call: Any, *args: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code


def told(address: str) -> list[str]:
    return list(Message.objects.filter(to=address).order_by("pk").values_list("title", flat=True))


def said_to_unit(member: UnitMember) -> str:
    rows = Message.objects.filter(to=f"user:{member.user_id}")
    return " ".join(f"{m.title} {m.text}" for m in rows)


# --- what pauses postings ---------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["1", "5", "8", "10"])
def test_a_serious_report_pauses_all_postings_of_the_unit_at_once(
    world: World, reason: str
) -> None:
    member = scene.make_recruiter()
    first, second = published(world, member), published(world, member)
    foreign = published(world)
    scene.report(factories.make_graduate(world), first, reason=reason)
    assert causes(first) == causes(second) == [PauseCause.REPORTED]
    assert causes(foreign) == []


def test_one_report_of_another_kind_pauses_nothing_and_two_people_do(world: World) -> None:
    posting = published(world)
    first = scene.report(factories.make_graduate(world), posting)
    assert causes(posting) == []
    scene.report(factories.make_graduate(world), posting, reason="2")
    assert causes(posting) == [PauseCause.REPORTED]
    reports.dismiss(report_id=first.pk, answer="未发现问题。", by=world.user(Role.PROVINCE))
    assert causes(posting) == [], "one reporter is left"


def test_two_reports_more_than_thirty_days_apart_pause_nothing(world: World) -> None:
    posting = published(world)
    first = scene.report(factories.make_graduate(world), posting)
    long_ago = timezone.now() - datetime.timedelta(days=31)
    UnitReport.objects.filter(pk=first.pk).update(created_at=long_ago)
    scene.report(factories.make_graduate(world), posting)
    assert causes(posting) == []


def test_other_causes_stay_when_the_report_is_closed(world: World) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    postings.pause(posting_id=posting.pk, by=member)
    report = scene.report(factories.make_graduate(world), posting, reason="1")
    assert causes(posting) == [PauseCause.UNIT, PauseCause.REPORTED]
    reports.dismiss(report_id=report.pk, answer="未发现收费。", by=world.user(Role.PROVINCE))
    assert causes(posting) == [PauseCause.UNIT]


def test_a_posting_approved_while_a_serious_report_is_open_is_paused_at_once(world: World) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting, reason="1")
    later = scene.make_posting(member, PostingState.WAITING)
    posting_review.approve(posting_id=later.pk, version=later.version, by=world.user(Role.PROVINCE))
    assert causes(later) == [PauseCause.REPORTED]
    reports.withdraw(report_id=report.pk, by=scene.account_of(report.graduate))
    assert causes(later) == causes(posting) == []


def test_applicants_are_warned_once_and_without_the_reporter(world: World) -> None:
    posting = published(world)
    applicant = scene.make_applicant(world)
    scene.apply(applicant, posting)
    reporter = factories.make_graduate(world, name="举报同学")
    scene.report(reporter, posting, reason="1")
    scene.report(factories.make_graduate(world), posting, reason="5")
    warnings = Message.objects.filter(
        to=f"person:{applicant.person_id}", title__contains="有举报正在核查"
    )
    assert warnings.count() == 1
    assert "举报同学" not in warnings.get().text
    assert "有举报正在核查" not in " ".join(told(f"person:{reporter.person_id}"))


# --- reporting --------------------------------------------------------------------------------


def test_one_report_of_a_graduate_and_unit_is_open_at_a_time(world: World) -> None:
    posting, graduate = published(world), factories.make_graduate(world)
    report = scene.report(graduate, posting)
    refused("reported", scene.report, graduate, posting)
    reports.withdraw(report_id=report.pk, by=scene.account_of(graduate))
    assert scene.report(graduate, posting).state == ReportState.SUBMITTED


def test_a_graduate_sends_at_most_three_reports_a_day(world: World) -> None:
    graduate = factories.make_graduate(world)
    for _ in range(reports.MOST_A_DAY):
        scene.report(graduate, published(world))
    refused("daily_limit", scene.report, graduate, published(world))


def test_what_is_missing_or_too_long_is_refused(world: World) -> None:
    posting, graduate = published(world), factories.make_graduate(world)
    for wrong, field in (
        ({"reason": "13"}, "reason"), ({"reason": ""}, "reason"), ({"text": " "}, "text"),
        ({"text": "长" * 251}, "text"), ({"evidence": [None] * 7}, "images"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            scene.report(graduate, posting, **wrong)
        assert list(refusal.value.errors) == [field]


def test_nobody_reports_in_another_graduates_name(world: World) -> None:
    graduate, other = factories.make_graduate(world), factories.make_graduate(world)
    refused("not_yours", scene.report, graduate, published(world), by=scene.account_of(other))


def test_a_report_is_due_in_five_working_days(world: World) -> None:
    report = scene.report(factories.make_graduate(world), published(world))
    days = (timezone.localdate() + datetime.timedelta(days=n + 1) for n in range(14))
    assert report.due_on == [d for d in days if d.weekday() < 5][4]


def test_a_report_that_was_begun_cannot_be_withdrawn(world: World) -> None:
    report = scene.report(factories.make_graduate(world), published(world))
    reports.begin(report_id=report.pk, by=world.user(Role.PROVINCE))
    refused("state", reports.withdraw, report_id=report.pk, by=scene.account_of(report.graduate))


# --- who examines -----------------------------------------------------------------------------


def test_a_delegated_school_examines_reports_about_postings_for_its_own_graduates(
    world: World,
) -> None:
    ReviewingSchool.objects.create(school=world.school, by="试用省级")
    graduate = factories.make_graduate(world)
    own = scene.report(graduate, published(world, school_ids=(world.school.pk,)))
    for_all = scene.report(graduate, published(world))
    admin = world.user(Role.SCHOOL_ADMIN)
    assert set(queries.reports_for(admin)) == {own}
    assert set(queries.reports_for(world.user(Role.PROVINCE))) == {own, for_all}
    assert not queries.reports_for(world.user(Role.COUNSELLOR)).exists()
    assert reports.begin(report_id=own.pk, by=admin).state == ReportState.EXAMINING
    refused("other_examiner", reports.begin, report_id=for_all.pk, by=admin)
    refused("role", reports.begin, report_id=own.pk, by=world.user(Role.COUNSELLOR))
    refused(
        "province_only", uphold, own, factories.make_staff(Role.SCHOOL_ADMIN, world),
        SanctionKind.BLACKLIST, days=30,
    )  # fmt: skip


def test_who_reset_the_reporters_account_does_not_decide(world: World) -> None:
    ReviewingSchool.objects.create(school=world.school, by="试用省级")
    graduate = factories.make_graduate(world)
    report = scene.report(graduate, published(world, school_ids=(world.school.pk,)))
    admin = world.user(Role.SCHOOL_ADMIN)
    account.reset_account(graduate_id=graduate.pk, by=admin)
    refused("reset_by_you", uphold, report, admin)
    refused("reset_by_you", reports.dismiss, report_id=report.pk, answer="无", by=admin)


# --- what follows -----------------------------------------------------------------------------


def test_a_warning_resumes_the_postings_and_tells_both_sides_their_own_part(world: World) -> None:
    member = scene.make_recruiter()
    posting, reporter = published(world, member), factories.make_graduate(world, name="举报同学")
    report = scene.report(reporter, posting, reason="1", text="面试时收取五百元服装费")
    uphold(report, world.user(Role.PROVINCE))
    assert causes(posting) == []
    mine = Message.objects.filter(to=f"person:{reporter.person_id}").latest("pk")
    assert ("属实" in mine.title, mine.text) == (True, ANSWER)
    unit = said_to_unit(member)
    assert REASON in unit
    for secret in ("举报同学", ANSWER, "五百元", reporter.student_no):
        assert secret not in unit


def test_no_event_names_the_reporter(world: World) -> None:
    reporter = factories.make_graduate(world, name="举报同学")
    report = scene.report(reporter, published(world), reason="1", text="收取服装费五百元")
    reports.withdraw(report_id=report.pk, by=scene.account_of(reporter))
    events = Event.objects.filter(action__startswith="recruiting.")
    assert events.filter(object_type="unitreport").count() == 2
    written = [f"{e.actor_id} {e.actor_label} {e.object_label} {e.reason} {e.data}" for e in events]
    secrets = ("举报同学", "五百元", reporter.student_no, f"{scene.account_of(reporter).pk} ")
    assert not [line for line in written if any(secret in line for secret in secrets)]


@pytest.mark.parametrize("word", ["name", "student_no", "mobile"])
def test_the_reason_for_the_unit_must_not_name_the_reporter(world: World, word: str) -> None:
    reporter = factories.make_graduate(world, name="举报同学")
    report = scene.report(reporter, published(world))
    with pytest.raises(Invalid) as refusal:
        uphold(report, world.user(Role.PROVINCE), reason=f"据 {getattr(reporter, word)} 反映属实")
    assert "举报人" in refusal.value.errors["reason"][0]


def test_a_suspension_pauses_until_its_last_day_is_over(world: World) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting, reason="1")
    sanction = uphold(report, world.user(Role.PROVINCE), SanctionKind.SUSPEND, days=10)
    assert causes(posting) == [PauseCause.SUSPENDED]
    refused("sanctioned", check_may_recruit, member.unit)
    assert sanctions.release_lapsed() == 0
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Sanction.objects.filter(pk=sanction.pk).update(until=yesterday)
    assert sanctions.release_lapsed() == 1
    assert causes(posting) == []
    check_may_recruit(member.unit)


@pytest.mark.parametrize(
    ("kind", "days"), [("suspend", None), ("suspend", 181), ("blacklist", 0), ("exile", 3)]
)
def test_a_sanction_needs_a_known_kind_and_a_sensible_term(
    world: World, kind: str, days: int | None
) -> None:
    report = scene.report(factories.make_graduate(world), published(world))
    with pytest.raises(Invalid):
        uphold(report, world.user(Role.PROVINCE), kind, days=days)


def test_taking_down_ends_the_reported_posting_alone(world: World) -> None:
    member = scene.make_recruiter()
    posting, other = published(world, member), published(world, member)
    application = scene.apply(scene.make_applicant(world), posting)
    report = scene.report(factories.make_graduate(world), posting)
    uphold(report, world.user(Role.PROVINCE), SanctionKind.TAKE_DOWN)
    for row in (posting, other, application):
        row.refresh_from_db()
    assert (posting.state, other.state) == (PostingState.TAKEN_DOWN, PostingState.PUBLISHED)
    assert application.state == ApplicationState.ENDED


def test_a_posting_that_is_not_shown_any_more_cannot_be_taken_down(world: World) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting)
    postings.close(posting_id=posting.pk, by=member)
    refused("not_on_show", uphold, report, world.user(Role.PROVINCE), SanctionKind.TAKE_DOWN)
    report.refresh_from_db()
    assert report.state == ReportState.SUBMITTED
    assert not Sanction.objects.exists()


def test_blacklisting_needs_another_person_than_who_began(world: World) -> None:
    report = scene.report(factories.make_graduate(world), published(world))
    province = world.user(Role.PROVINCE)
    refused("second_person", uphold, report, province, SanctionKind.BLACKLIST, days=365)
    reports.begin(report_id=report.pk, by=province)
    refused("second_person", uphold, report, province, SanctionKind.BLACKLIST, days=365)
    second = factories.make_staff(Role.PROVINCE, world)
    assert uphold(report, second, SanctionKind.BLACKLIST, days=365).until is not None


def test_blacklisting_ends_what_is_before_an_offer_and_warns_those_who_were_invited(
    world: World,
) -> None:
    invitation = scene.make_offer(world)
    member = UnitMember.objects.get(unit=invitation.unit, state=Membership.VERIFIED)
    posting = Posting.objects.get(unit=invitation.unit)
    waiting = scene.apply(scene.make_applicant(world), posting)
    report = scene.report(factories.make_graduate(world), posting)
    blacklist(report, world)
    waiting.refresh_from_db()
    assert waiting.state == ApplicationState.ENDED
    offered = invitation.application
    offered.refresh_from_db()
    assert offered.state == ApplicationState.OFFERED, (
        "the invitation stays the graduate's to decide"
    )
    warned = " ".join(told(f"person:{invitation.graduate.person_id}"))
    assert "已被列入黑名单" in warned
    selected = scene.apply
    refused("not_open", selected, scene.make_applicant(world), posting)
    refused("sanctioned", check_may_recruit, member.unit)


# --- appeals ----------------------------------------------------------------------------------


def appealed(sanction: Sanction, member: UnitMember) -> Sanction:
    return sanctions.appeal(sanction_id=sanction.pk, text="我单位没有收费。", by=member)


def suspended(world: World) -> tuple[Sanction, UnitMember, Posting]:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting)
    sanction = uphold(report, world.user(Role.PROVINCE), SanctionKind.SUSPEND, days=30)
    return sanction, member, posting


def test_an_appeal_is_answered_by_another_person_and_revoking_resumes_recruiting(
    world: World,
) -> None:
    sanction, member, posting = suspended(world)
    appealed(sanction, member)
    values = {"sanction_id": sanction.pk, "answer": "证据不足，撤销处理。"}
    refused("same_person", sanctions.revoke, by=world.user(Role.PROVINCE), **values)
    second = factories.make_staff(Role.PROVINCE, world)
    assert sanctions.revoke(by=second, **values).appeal_state == AppealState.REVOKED
    assert causes(posting) == []
    check_may_recruit(member.unit)
    assert "申诉成立，处理已撤销" in said_to_unit(member)


def test_a_sanction_that_is_kept_goes_on(world: World) -> None:
    sanction, member, posting = suspended(world)
    appealed(sanction, member)
    second = factories.make_staff(Role.PROVINCE, world)
    sanctions.keep(sanction_id=sanction.pk, answer="维持。", by=second)
    assert causes(posting) == [PauseCause.SUSPENDED]
    refused("state", appealed, sanction, member)


def test_a_unit_appeals_once_and_within_fifteen_days(world: World) -> None:
    sanction, member, _ = suspended(world)
    refused("member_not_verified", appealed, sanction, scene.make_recruiter())
    Sanction.objects.filter(pk=sanction.pk).update(
        decided_at=timezone.now() - datetime.timedelta(days=15, minutes=1)
    )
    refused("too_late", appealed, sanction, member)
    Sanction.objects.filter(pk=sanction.pk).update(decided_at=timezone.now())
    appealed(sanction, member)
    refused("state", appealed, sanction, member)


def test_revoking_one_of_two_suspensions_leaves_the_other_in_force(world: World) -> None:
    sanction, member, posting = suspended(world)
    again = scene.report(factories.make_graduate(world), posting_of_member(world, member))
    uphold(again, world.user(Role.PROVINCE), SanctionKind.SUSPEND, days=10)
    appealed(sanction, member)
    second = factories.make_staff(Role.PROVINCE, world)
    sanctions.revoke(sanction_id=sanction.pk, answer="撤销。", by=second)
    assert causes(posting) == [PauseCause.SUSPENDED]


def posting_of_member(world: World, member: UnitMember) -> Posting:
    return Posting.objects.filter(unit=member.unit).latest("pk")


def test_revoking_restores_the_posting_that_was_taken_down(world: World) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting)
    sanction = uphold(report, world.user(Role.PROVINCE), SanctionKind.TAKE_DOWN)
    appealed(sanction, member)
    second = factories.make_staff(Role.PROVINCE, world)
    sanctions.revoke(sanction_id=sanction.pk, answer="撤销。", by=second)
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_a_restored_posting_whose_last_day_is_over_stays_down_and_the_unit_reads_why(
    world: World,
) -> None:
    member = scene.make_recruiter()
    posting = published(world, member)
    report = scene.report(factories.make_graduate(world), posting)
    sanction = uphold(report, world.user(Role.PROVINCE), SanctionKind.TAKE_DOWN)
    Posting.objects.filter(pk=posting.pk).update(valid_until=factories.month_ago().date())
    appealed(sanction, member)
    second = factories.make_staff(Role.PROVINCE, world)
    sanctions.revoke(sanction_id=sanction.pk, answer="撤销。", by=second)
    posting.refresh_from_db()
    assert posting.state == PostingState.TAKEN_DOWN
    assert "有效期已过，没有恢复显示" in said_to_unit(member)


def test_a_school_answers_no_appeal(world: World) -> None:
    sanction, member, _ = suspended(world)
    appealed(sanction, member)
    admin = world.user(Role.SCHOOL_ADMIN)
    refused("role", sanctions.keep, sanction_id=sanction.pk, answer="维持", by=admin)
