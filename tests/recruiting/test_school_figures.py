"""招聘统计 by school: each figure counts what its heading says, for who may see it."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.models import Event
from esign.models import Agreement, Draft
from recruiting import school_figures
from recruiting.actions import interviews, posting_review, postings, unit_applications
from recruiting.models import Application, OfferDraft, Posting
from recruiting.school_figures import SchoolRow
from recruiting.states import ApplicationState, PostingState, RejectReason
from schools.models import School
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
PAGE = "console:recruiting-figures"


@pytest.fixture
def world() -> World:
    return factories.make_world()


def counted(
    world: World, role: str = Role.PROVINCE, **more: Any
) -> tuple[SchoolRow, SchoolRow, SchoolRow]:
    """The row of the whole province, that of the world's school, and the sum."""
    today = timezone.localdate()
    period = {"first": today - datetime.timedelta(days=30), "last": today}
    found = school_figures.figures(world.user(role), **(period | more))
    own = next(row for row in found.schools if row.school_id == world.school.pk)
    return found.province, own, found.total


def counts(row: SchoolRow, *keys: str) -> list[int]:
    return [row[key] for key in keys]


def in_days(posting: Posting, submitted: datetime.datetime) -> None:
    """Move a waiting posting back to when it was handed in."""
    Posting.objects.filter(pk=posting.pk).update(submitted_at=submitted)


def at(day: datetime.date, hour: int = 10) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


# --- postings ---------------------------------------------------------------------------------


def test_a_posting_counts_for_each_of_its_schools_and_once_in_the_sum(world: World) -> None:
    other = factories.make_world()
    member, both = scene.make_recruiter(), (world.school.pk, other.school.pk)
    scene.make_posting(member, PostingState.PUBLISHED, by=world)
    scene.make_posting(member, PostingState.WAITING, school_ids=both)
    scene.make_posting(member, PostingState.PUBLISHED, by=world, school_ids=both[:1])
    scene.make_posting(member)  # a draft was never handed in
    province, own, total = counted(world)
    keys = ("submitted", "published", "waiting")
    assert counts(province, *keys) == [1, 1, 0]
    assert counts(own, *keys) == [2, 1, 1]
    assert counts(counted(other)[1], *keys) == [1, 0, 1]
    assert counts(total, *keys) == [3, 2, 1]


def test_a_school_sees_its_own_postings_and_those_for_all(world: World) -> None:
    other, member = factories.make_world(), scene.make_recruiter()
    scene.make_posting(member, PostingState.WAITING)
    scene.make_posting(member, PostingState.WAITING, school_ids=(world.school.pk,))
    scene.make_posting(member, PostingState.WAITING, school_ids=(other.school.pk,))
    province, own, total = counted(world, Role.SCHOOL_ADMIN)
    assert [row["submitted"] for row in (province, own, total)] == [1, 1, 2]


def test_a_posting_that_appeared_before_its_review_waits(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    Posting.objects.filter(pk=posting.pk).update(review_pending=True)
    assert counts(counted(world)[0], "published", "waiting") == [1, 1]


# Monday to Sunday of a week, and how many days later is still in time.
LATEST = (2, 2, 2, 4, 4, 3, 2)


@pytest.mark.parametrize("weekday", range(7))
def test_a_review_is_in_time_within_two_working_days(world: World, weekday: int) -> None:
    today = timezone.localdate()
    monday = today - datetime.timedelta(days=today.weekday() + 21)
    day = monday + datetime.timedelta(days=weekday)
    late, in_time = (
        scene.make_posting(scene.make_recruiter(), PostingState.WAITING) for _ in range(2)
    )
    for posting, days in ((in_time, LATEST[weekday]), (late, LATEST[weekday] + 1)):
        in_days(posting, at(day, 23))
        decided(posting, at(day + datetime.timedelta(days=days), 23))
    province = counted(world)[0]
    assert counts(province, "submitted", "due", "in_time") == [2, 2, 1]
    assert province.review_share == 50.0


def decided(posting: Posting, when: datetime.datetime) -> None:
    """The event of a decision at a given time; events can't be changed afterwards."""
    Event.objects.create(
        action="recruiting.approve_posting", object_type="posting", object_id=posting.pk, at=when
    )


def test_what_waits_past_its_time_counts_and_what_waits_within_does_not(world: World) -> None:
    fresh, overdue = (
        scene.make_posting(scene.make_recruiter(), PostingState.WAITING) for _ in range(2)
    )
    assert fresh.state == PostingState.WAITING
    in_days(overdue, timezone.now() - datetime.timedelta(days=10))
    province = counted(world)[0]
    assert counts(province, "waiting", "due", "in_time") == [2, 1, 0]
    assert province.review_share == 0.0


def test_a_return_is_a_review_and_a_later_decision_changes_nothing(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.WAITING)
    by = world.user(Role.PROVINCE)
    posting_review.give_back(posting_id=posting.pk, version=posting.version, reason="请补充", by=by)
    assert counts(counted(world)[0], "due", "in_time") == [1, 1]
    # Handed in again, it waits anew.
    postings.submit(posting_id=posting.pk, by=member)
    assert counts(counted(world)[0], "waiting", "due") == [1, 0]
    posting.refresh_from_db()
    posting_review.approve(posting_id=posting.pk, version=posting.version, by=by)
    posting_review.take_down(posting_id=posting.pk, reason="虚假宣传", by=by)
    assert counts(counted(world)[0], "published", "due", "in_time") == [1, 1, 1]


# --- graduates --------------------------------------------------------------------------------


def test_applications_are_counted_by_what_became_of_them(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    first, second, third, fourth, _ = (
        scene.apply(scene.make_applicant(world), posting) for _ in range(5)
    )
    unit_applications.mark_viewed(application_id=first.pk, by=member)
    interviews.invite(application_id=first.pk, typed=scene.typed_interview(), by=member)
    unit_applications.reject(
        application_id=second.pk, reason=RejectReason.FILLED, reason_text="", by=member
    )
    for lapsed in (third, fourth):
        Application.objects.filter(pk=lapsed.pk).update(
            state=ApplicationState.LAPSED, decided_at=timezone.now()
        )
    _, own, total = counted(world)
    keys = ("delivered", "answered", "lapsed", "interviews", "offers")
    assert counts(own, *keys) == [5, 2, 2, 1, 0]
    assert own["opened"] >= 1
    assert own.answer_share == 50.0
    assert counts(total, *keys) == counts(own, *keys)


def test_a_moved_interview_counts_once(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    application = scene.apply(scene.make_applicant(world), posting)
    made = interviews.invite(
        application_id=application.pk, typed=scene.typed_interview(), by=member
    )
    later = scene.typed_interview(starts_at=timezone.now() + datetime.timedelta(days=6))
    interviews.move(interview_id=made.pk, typed=later, by=member)
    assert counted(world)[1]["interviews"] == 1


def test_agreements_are_counted_by_the_way_they_came_about(world: World) -> None:
    signing.sign_agreement(factories.make_graduate(world))
    by_unit = signing.sign_agreement(factories.make_graduate(world))
    by_posting = signing.sign_agreement(factories.make_graduate(world))
    for agreement in (by_unit, by_posting):
        type(agreement.invitation).objects.filter(pk=agreement.invitation_id).update(
            way="registered"
        )
    draft = Draft.objects.get(invitation=by_posting.invitation_id)
    posting = scene.make_posting(scene.make_recruiter())
    OfferDraft.objects.create(draft=draft, posting=posting)
    invitation = scene.make_offer(world)
    assert counted(world)[1]["offers"] == 1
    own = counted(world)[1]
    assert counts(own, "card", "registered", "posting", "applied") == [1, 1, 1, 0]
    assert own.signed == 3
    user = signing.account_of(invitation.graduate)
    signing.read_notice(invitation, user)
    signing.accept_invitation(invitation, user, signing.request_code(invitation, user))
    assert counts(counted(world)[1], "applied", "offers") == [1, 1]
    assert Agreement.objects.count() == counted(world)[2].signed == 4


def test_the_period_and_the_cohort_narrow_the_figures(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    scene.apply(scene.make_applicant(world), posting)
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    assert counted(world, last=yesterday)[1]["delivered"] == 0
    assert counted(world, last=yesterday)[2]["submitted"] == 0
    assert counted(world, first=today)[1]["delivered"] == 1
    assert counted(world, year=world.cohort.year)[1]["delivered"] == 1
    assert counted(world, year=world.cohort.year + 1)[1]["delivered"] == 0
    assert counted(world, year=world.cohort.year + 1)[2]["submitted"] == 1  # of no cohort


def test_a_department_sees_the_graduates_of_its_scope(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    for department in (0, 0, 1):
        scene.apply(scene.make_applicant(world, department=department), posting)
    assert counted(world, Role.SCHOOL_ADMIN)[1]["delivered"] == 3
    assert counted(world, Role.DEPARTMENT_ADMIN)[1]["delivered"] == 2
    page = world.client(Role.COUNSELLOR).get(reverse(PAGE)).content.decode()
    assert "只计您管理范围内的毕业生" in page
    assert "只计您管理范围" not in world.client(Role.PROVINCE).get(reverse(PAGE)).content.decode()


# --- the page ---------------------------------------------------------------------------------


def test_the_province_sees_all_schools_and_a_school_itself(world: World) -> None:
    other = factories.make_world()
    for role, sees in ((Role.PROVINCE, True), (Role.SCHOOL_ADMIN, False)):
        page = world.client(role).get(reverse(PAGE)).content.decode()
        for words in ("面向全省的职位", world.school.name, "合计", "网签合计", "回复率"):
            assert words in page
        assert (other.school.name in page) is sees


def test_what_is_wrong_with_the_period_is_said_beside_the_field(world: World) -> None:
    client = world.client(Role.PROVINCE)
    wrong = {
        "截止日期不能早于起始日期。": {"first": "2026-05-01", "last": "2026-04-01"},
        "统计时间最长3年，请缩短。": {"first": "2021-01-01", "last": "2026-01-01"},
        "日期不正确": {"first": "昨天", "last": "2026-01-01"},
        "日期超出范围，请核对。": {"last": "0001-01-01"},
        "请选择届别。": {"cohort": "1999"},
    }
    for sentence, query in wrong.items():
        response = client.get(reverse(PAGE), query)
        assert response.status_code == 422, query
        assert sentence in response.content.decode()
        assert response.context["tables"] == []
    fits = client.get(reverse(PAGE), {"first": "2026-01-01", "last": ""})
    assert fits.status_code == 200


def test_the_export_is_the_table_of_the_page(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    scene.apply(scene.make_applicant(world), posting)
    School.objects.filter(pk=world.school.pk).update(name="=1+1学院")
    client = world.client(Role.SCHOOL_ADMIN)
    response = client.get(reverse(PAGE), {"export": "1"})
    assert "no-store" in response["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    rows = [[c.value for c in row] for row in sheet.rows]
    assert rows[0][:5] == ["学校", "提交审核", "已发布", "待审核", "2个工作日内审核（%）"]
    assert rows[1][:5] == ["面向全省的职位", 1, 1, 0, 100]
    assert rows[2][0] == "'=1+1学院"
    assert rows[2][rows[0].index("投递")] == 1
    assert rows[3][0] == "合计"
    assert Event.objects.filter(action="core.export", object_type="recruiting-figures").exists()


def test_more_schools_and_more_applications_need_no_more_queries(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    client = world.client(Role.PROVINCE)

    def cost() -> int:
        client.get(reverse(PAGE))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(PAGE)).status_code == 200
        return len(captured)

    few = cost()
    for _ in range(3):
        scene.apply(scene.make_applicant(factories.make_world()), posting)
    assert cost() == few <= 16
