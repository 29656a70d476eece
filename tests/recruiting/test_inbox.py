"""What a unit does with applications: opening, refusing, interviews, and the way to a signature."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, DomainError, Invalid, Refused
from esign.actions import accept, invite
from esign.models import Invitation
from esign.states import Way
from graduates.models import Graduate
from recruiting.actions import (
    applications,
    figures,
    interviews,
    offers,
    posting_review,
    unit_applications,
)
from recruiting.models import (
    Application,
    Interview,
    Posting,
    ResumeReading,
    UnitFigures,
    UnitReport,
)
from recruiting.states import ApplicationState, InterviewState, PostingState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


class Hired:
    """One unit with a published posting, and a graduate who has applied for it."""

    def __init__(self) -> None:
        self.world = factories.make_world()
        self.member = scene.make_recruiter()
        self.posting: Posting = scene.make_posting(
            self.member, PostingState.PUBLISHED, by=self.world
        )
        self.graduate: Graduate = scene.make_applicant(self.world)
        self.user = scene.account_of(self.graduate)
        self.application: Application = scene.apply(self.graduate, self.posting)

    def interview(self, **changes: Any) -> Interview:
        return interviews.invite(
            application_id=self.application.pk, typed=scene.typed_interview(**changes),
            by=self.member,
        )  # fmt: skip

    def state(self) -> str:
        self.application.refresh_from_db()
        return self.application.state


@pytest.fixture
def hired() -> Hired:
    return Hired()


def test_opening_marks_the_application_once_and_each_opening_is_written_down(hired: Hired) -> None:
    first = unit_applications.open_application(
        application_id=hired.application.pk, by=hired.member
    ).first_viewed_at
    assert hired.state() == ApplicationState.VIEWED
    again = unit_applications.open_application(application_id=hired.application.pk, by=hired.member)
    assert again.first_viewed_at == first
    readings = ResumeReading.objects.filter(graduate_id=hired.graduate.pk)
    assert readings.count() == 2
    assert hired.member.name in readings[0].reader


def test_readings_can_neither_be_changed_nor_deleted(hired: Hired) -> None:
    unit_applications.open_application(application_id=hired.application.pk, by=hired.member)
    for wrong in (
        lambda: ResumeReading.objects.update(reader="别人"), ResumeReading.objects.all().delete,
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_another_units_person_does_nothing_with_it(hired: Hired) -> None:
    stranger = scene.make_recruiter()
    steps = (
        lambda: unit_applications.open_application(
            application_id=hired.application.pk, by=stranger
        ),
        lambda: unit_applications.reject(
            application_id=hired.application.pk, reason=1, by=stranger
        ),
        lambda: unit_applications.select(application_id=hired.application.pk, by=stranger),
        lambda: unit_applications.add_note(
            application_id=hired.application.pk, text="好", by=stranger
        ),
        lambda: interviews.invite(
            application_id=hired.application.pk, typed=scene.typed_interview(), by=stranger
        ),
    )
    for step in steps:
        with pytest.raises(DomainError):
            step()
    assert hired.state() == ApplicationState.DELIVERED


def test_a_refusal_needs_a_reason_that_the_graduate_reads(hired: Hired) -> None:
    for reason, words in ((None, ""), (99, ""), (8, ""), (8, "限男性"), (8, "长" * 101)):
        with pytest.raises(Invalid):
            unit_applications.reject(
                application_id=hired.application.pk, reason=reason, reason_text=words,
                by=hired.member,
            )  # fmt: skip
    done = unit_applications.reject(
        application_id=hired.application.pk, reason=3, reason_text="", by=hired.member
    )
    assert unit_applications.reason_words(done) == "技能或经历不符合"
    with pytest.raises(Refused):
        unit_applications.select(application_id=hired.application.pk, by=hired.member)


def test_two_people_of_a_unit_deciding_at_once_make_one_decision(hired: Hired) -> None:
    unit_applications.reject(application_id=hired.application.pk, reason=1, by=hired.member)
    colleague = factories.make_member(hired.member.unit, state="verified")
    with pytest.raises(Refused, match="不合适"):
        unit_applications.select(application_id=hired.application.pk, by=colleague)


def test_a_decided_application_stays_decided_in_the_database(hired: Hired) -> None:
    unit_applications.reject(application_id=hired.application.pk, reason=1, by=hired.member)
    for wrong in ({"state": "viewed", "decided_at": None, "reason": None}, {"snapshot": "{}"},
                  {"snapshot_hash": "0" * 64}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Application.objects.filter(pk=hired.application.pk).update(**wrong)


def test_bulk_refusal_answers_each_row(hired: Hired) -> None:
    other = scene.apply(
        scene.make_applicant(hired.world, student_no="S2", name="试乙乙"), hired.posting
    )
    unit_applications.reject(application_id=other.pk, reason=1, by=hired.member)
    answers = unit_applications.each(
        applications=[hired.application, other],
        take=lambda pk: unit_applications.reject(application_id=pk, reason=6, by=hired.member),
        done="已答复",
    )
    assert [a.done for a in answers] == [True, False]
    with pytest.raises(Invalid):
        unit_applications.each(
            applications=[hired.application] * 101, take=lambda pk: hired.application, done=""
        )


def test_after_a_withdrawal_the_unit_reads_nothing(hired: Hired) -> None:
    applications.withdraw(application_id=hired.application.pk, by=hired.user)
    hired.application.refresh_from_db()
    assert not unit_applications.may_read_resume(hired.application)
    with pytest.raises(DomainError):
        hired.interview()


def test_the_phone_shows_if_ticked_or_after_an_accepted_interview(hired: Hired) -> None:
    assert not unit_applications.phone_is_shown(hired.application)
    invited = hired.interview()
    assert not unit_applications.phone_is_shown(hired.application)
    interviews.accept(interview_id=invited.pk, by=hired.user)
    assert unit_applications.phone_is_shown(hired.application)
    other = scene.apply(
        scene.make_applicant(hired.world, student_no="S2", name="试乙乙"), hired.posting,
        shows_phone=True,
    )  # fmt: skip
    assert unit_applications.phone_is_shown(other)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"way": "x"}, "way"),
        ({"starts_at": None}, "starts_at"),
        ({"place": " "}, "place"),
        ({"way": "video", "link": "http://a.example"}, "link"),
        ({"way": "video", "link": "javascript:alert(1)"}, "link"),
        ({"minutes": 0}, "minutes"),
        ({"contact_name": ""}, "contact_name"),
        ({"contact_phone": "x"}, "contact_phone"),
        ({"note": "请带押金500元"}, "note"),
    ],
)
def test_what_is_wrong_with_an_interview_is_said_beside_its_field(
    hired: Hired, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        hired.interview(**changes)
    assert field in refused.value.errors
    assert hired.state() == ApplicationState.DELIVERED


def test_an_answer_deadline_lies_before_the_start_and_within_14_days(hired: Hired) -> None:
    start = timezone.now() + datetime.timedelta(days=30)
    for deadline in (
        start + datetime.timedelta(minutes=1),
        timezone.now() + datetime.timedelta(15),
    ):
        with pytest.raises(Invalid) as refused:
            hired.interview(starts_at=start, answer_by=deadline)
        assert "answer_by" in refused.value.errors


def test_an_application_has_one_open_interview(hired: Hired) -> None:
    hired.interview()
    with pytest.raises(Conflict):
        hired.interview()


def test_only_the_graduate_answers_and_only_before_the_deadline(hired: Hired) -> None:
    invited = hired.interview()
    other = scene.account_of(scene.make_applicant(hired.world, student_no="S2", name="试乙乙"))
    with pytest.raises(DomainError):
        interviews.accept(interview_id=invited.pk, by=other)
    Interview.objects.filter(pk=invited.pk).update(
        answer_by=timezone.now() - datetime.timedelta(seconds=1)
    )
    with pytest.raises(Refused, match="too_late"):
        interviews.accept(interview_id=invited.pk, by=hired.user)
    assert interviews.expire_due() == 1
    assert interviews.expire_due() == 0
    invited.refresh_from_db()
    assert invited.state == InterviewState.EXPIRED


def test_moving_asks_the_graduate_again_under_the_same_round(hired: Hired) -> None:
    invited = hired.interview()
    interviews.accept(interview_id=invited.pk, by=hired.user)
    later = timezone.now() + datetime.timedelta(days=6)
    moved = interviews.move(
        interview_id=invited.pk, typed=scene.typed_interview(starts_at=later), by=hired.member
    )
    invited.refresh_from_db()
    assert (invited.state, moved.state, moved.round) == ("moved", "waiting", 1)


def test_overlapping_accepted_interviews_are_named(hired: Hired) -> None:
    first = hired.interview()
    interviews.accept(interview_id=first.pk, by=hired.user)
    other = scene.make_recruiter()
    posting = scene.make_posting(other, PostingState.PUBLISHED, by=hired.world)
    application = scene.apply(hired.graduate, posting)
    start = first.starts_at + datetime.timedelta(minutes=20)
    second = interviews.invite(
        application_id=application.pk, typed=scene.typed_interview(starts_at=start), by=other
    )
    assert interviews.clashes(second) == [first]
    after = first.starts_at + datetime.timedelta(minutes=30)
    third = interviews.move(
        interview_id=second.pk, typed=scene.typed_interview(starts_at=after), by=other
    )
    assert interviews.clashes(third) == []


def test_attendance_is_noted_after_the_start_and_absence_may_be_disputed(hired: Hired) -> None:
    invited = hired.interview()
    interviews.accept(interview_id=invited.pk, by=hired.user)
    with pytest.raises(Refused, match="not_begun"):
        interviews.note_attendance(interview_id=invited.pk, came=True, by=hired.member)
    scene.begin_now(invited)
    interviews.note_attendance(interview_id=invited.pk, came=False, by=hired.member)
    disputed = interviews.object_to(interview_id=invited.pk, text="我按时到了", by=hired.user)
    assert disputed.state == InterviewState.DISPUTED


def test_a_passed_interview_leads_to_the_next_round(hired: Hired) -> None:
    first = hired.interview()
    interviews.accept(interview_id=first.pk, by=hired.user)
    scene.begin_now(first)
    interviews.note_attendance(interview_id=first.pk, came=True, by=hired.member)
    with pytest.raises(Invalid):
        interviews.judge(interview_id=first.pk, result="great", by=hired.member)
    interviews.judge(interview_id=first.pk, result="passed", by=hired.member)
    assert hired.interview().round == 2


def test_withdrawing_cancels_the_open_interview(hired: Hired) -> None:
    invited = hired.interview()
    applications.withdraw(application_id=hired.application.pk, by=hired.user)
    invited.refresh_from_db()
    assert invited.state == InterviewState.CANCELLED


def test_taking_a_posting_down_ends_open_applications(hired: Hired) -> None:
    posting_review.take_down(
        posting_id=hired.posting.pk, reason="虚假宣传", by=hired.world.user(Role.PROVINCE)
    )
    assert hired.state() == ApplicationState.ENDED


def test_applications_lapse_30_days_unread_and_60_days_silent(hired: Hired) -> None:
    assert applications.lapse_due() == 0
    week = timezone.now() - datetime.timedelta(days=1)
    Application.objects.filter(pk=hired.application.pk).update(lapses_at=week)
    assert applications.lapse_due() == 1
    assert hired.state() == ApplicationState.LAPSED
    with pytest.raises(DomainError):
        hired.interview()


def test_the_periods_begin_with_delivery_and_with_the_units_steps(hired: Hired) -> None:
    unread = hired.application.lapses_at - hired.application.created_at
    assert unread == datetime.timedelta(days=30)
    seen = unit_applications.open_application(application_id=hired.application.pk, by=hired.member)
    assert seen.lapses_at - seen.unit_acted_at == datetime.timedelta(days=60)


# --- to the signature -------------------------------------------------------------------------


def _offer(hired: Hired) -> Invitation:
    return scene.send_offer(hired.application, hired.member)


def test_an_offer_begins_with_what_the_posting_says(hired: Hired) -> None:
    unit_applications.select(application_id=hired.application.pk, by=hired.member)
    draft = offers.begin_from_application(
        application_id=hired.application.pk, member=hired.member, address=signing.ADDRESS
    )
    assert draft.values["job_title"] == hired.posting.title
    assert draft.way == Way.APPLIED


def test_another_units_code_can_be_neither_typed_nor_begun_with(hired: Hired) -> None:
    with pytest.raises(Refused, match="other_unit"):
        scene.send_offer(
            hired.application, hired.member, unit_code=factories.make_unit_code(body="MA2N0DEF")
        )
    assert not Invitation.objects.exists()
    assert hired.state() == ApplicationState.SELECTED
    elsewhere = scene.make_recruiter().unit
    second_hat = factories.make_member(elsewhere, hired.member.user, state="verified")
    with pytest.raises(Refused, match="other_unit"):
        offers.begin_from_application(
            application_id=hired.application.pk, member=second_hat, address=signing.ADDRESS
        )


def test_the_notice_says_where_it_comes_from_and_warns_of_open_reports(hired: Hired) -> None:
    invitation = _offer(hired)
    page = factories.client_of(hired.user).get(reverse("invitation", args=[invitation.pk]))
    assert f"对职位“{hired.posting.title}”的投递" in page.content.decode()
    assert "举报正在核查" not in page.content.decode()
    UnitReport.objects.create(
        graduate=hired.graduate, school=hired.world.school, cohort=hired.world.cohort,
        unit=hired.member.unit, reason=1, text="收取费用", due_on=timezone.localdate(),
    )  # fmt: skip
    page = factories.client_of(hired.user).get(reverse("invitation", args=[invitation.pk]))
    assert "举报正在核查" in page.content.decode()


def test_mobile_number_and_mail_address_are_hidden_until_an_interview_is_accepted(
    hired: Hired,
) -> None:
    contact = {"mobile": "13912345678", "email": "a@example.com"}
    hidden = unit_applications.contact_shown(hired.application, contact)
    assert hidden == {"mobile": "139****5678", "email": "接受面试后显示"}
    interviews.accept(interview_id=hired.interview().pk, by=hired.user)
    assert unit_applications.contact_shown(hired.application, contact) == contact


def test_nothing_is_noted_once_the_resume_may_not_be_read(hired: Hired) -> None:
    applications.withdraw(application_id=hired.application.pk, by=hired.user)
    with pytest.raises(Refused, match="closed"):
        unit_applications.add_note(application_id=hired.application.pk, text="好", by=hired.member)


def test_the_units_figures_count_answers_and_lapses_of_30_days(hired: Hired) -> None:
    others = [
        scene.apply(scene.make_applicant(hired.world, student_no=f"S{n}", name=name), hired.posting)
        for n, name in ((2, "试乙乙"), (3, "试丙丙"), (4, "试丁丁"))
    ]
    three_days_ago = timezone.now() - datetime.timedelta(days=3)
    Application.objects.filter(pk=others[0].pk).update(lapses_at=three_days_ago)
    applications.lapse_due()
    unit_applications.reject(application_id=others[1].pk, reason=6, by=hired.member)
    unit_applications.mark_viewed(application_id=others[2].pk, by=hired.member)
    figures.compute_unit_figures()
    shown = UnitFigures.objects.get(unit=hired.member.unit)
    assert (shown.due, shown.answered) == (2, 1), "a view is no answer"
    assert shown.median_days == pytest.approx(0, abs=0.01)
    old = timezone.now() - datetime.timedelta(days=31)
    Application.objects.update(unit_acted_at=old)
    Application.objects.filter(state="lapsed").update(decided_at=old)
    figures.compute_unit_figures()
    assert not UnitFigures.objects.exists()


def _accept(invitation: Invitation, hired: Hired) -> None:
    signing.read_notice(invitation, hired.user)
    code = signing.request_code(invitation, hired.user)
    signing.accept_invitation(invitation, hired.user, code)


def test_an_offer_fills_the_draft_and_the_signature_ends_the_application(hired: Hired) -> None:
    invitation = _offer(hired)
    assert hired.state() == ApplicationState.OFFERED
    _accept(invitation, hired)
    assert hired.state() == ApplicationState.SIGNED
    assert hired.application.decided_at is not None


@pytest.mark.parametrize("how", ["declined", "withdrawn", "expired"])
def test_an_offer_that_comes_to_nothing_leads_back_to_selected(hired: Hired, how: str) -> None:

    invitation = _offer(hired)
    if how == "declined":
        accept.decline(invitation=invitation, by=hired.user, reason="另有安排")
    elif how == "withdrawn":
        invite.withdraw(invitation=invitation, by=hired.member.user)
    else:
        past = timezone.now() - datetime.timedelta(minutes=1)
        Invitation.objects.filter(pk=invitation.pk).update(valid_until=past)
        invite.expire_due()
    assert hired.state() == ApplicationState.SELECTED
    assert hired.application.invitation is None


def test_a_draft_is_not_sent_for_an_application_that_was_withdrawn_meanwhile(hired: Hired) -> None:
    unit_applications.select(application_id=hired.application.pk, by=hired.member)
    draft = offers.begin_from_application(
        application_id=hired.application.pk, member=hired.member, address=signing.ADDRESS
    )
    scene.fill_as_unit(draft, hired.member)
    applications.withdraw(application_id=hired.application.pk, by=hired.user)
    with pytest.raises(Refused):
        invite.send(draft=draft)
    assert not Invitation.objects.filter(graduate=hired.graduate).exists()


def test_a_begun_offer_is_taken_up_again(hired: Hired) -> None:
    unit_applications.select(application_id=hired.application.pk, by=hired.member)
    one, two = (
        offers.begin_from_application(
            application_id=hired.application.pk, member=hired.member, address=signing.ADDRESS
        )
        for _ in range(2)
    )
    assert one.pk == two.pk


def test_an_offer_while_the_graduate_signs_elsewhere_can_be_sent_but_not_accepted(
    hired: Hired,
) -> None:
    signing.sign_agreement_with(factories.make_member(factories.make_unit(
        code=factories.make_unit_code(body="MA2N0DEF"))), hired.graduate)  # fmt: skip
    invitation = _offer(hired)
    with pytest.raises(DomainError):
        _accept(invitation, hired)
    assert hired.state() == ApplicationState.OFFERED
