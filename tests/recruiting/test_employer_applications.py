"""The unit's pages of applications and interviews, and the graduate's page of an interview."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from core.models import Event
from employers.models import Membership
from graduates.models import Graduate
from recruiting.actions import application_export, applications, interviews, unit_applications
from recruiting.models import Application, ApplicationNote, Interview, ResumeReading
from recruiting.states import ApplicationState, InterviewState, PostingState
from tests import factories
from tests.factories import client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
PHONE = "13440837476"


class Received:
    """A unit with one application, and the sessions of its people."""

    def __init__(self) -> None:
        self.world = factories.make_world()
        self.member = scene.make_recruiter()
        self.posting = scene.make_posting(self.member, PostingState.PUBLISHED, by=self.world)
        self.graduate = scene.make_applicant(self.world, mobile=PHONE)
        self.application: Application = scene.apply(self.graduate, self.posting)
        self.client: Client = client_of(self.member.user)
        self.phone: Client = client_of(scene.account_of(self.graduate))

    def url(self, name: str = "employer-application", pk: int | None = None) -> str:
        return reverse(name, args=[pk or self.application.pk])

    def page(self) -> str:
        answer = self.client.get(self.url())
        assert answer.status_code == 200
        return answer.content.decode()

    def state(self) -> str:
        self.application.refresh_from_db()
        return self.application.state

    def invite(self, **changes: Any) -> Interview:
        return interviews.invite(
            application_id=self.application.pk, typed=scene.typed_interview(**changes),
            by=self.member,
        )  # fmt: skip


@pytest.fixture
def received() -> Received:
    return Received()


def typed_form(**changes: str) -> dict[str, str]:
    day = timezone.localdate() + datetime.timedelta(days=5)
    return {
        "way": "on_site", "day": day.isoformat(), "time": "14:30", "minutes": "30",
        "place": "虚构路1号", "link": "", "contact_name": "试用招聘",
        "contact_phone": "0551-60000000", "answer_day": "", "note": "",
    } | changes  # fmt: skip


def test_the_list_names_applicant_school_major_and_posting(received: Received) -> None:
    page = received.client.get(reverse("employer-applications")).content.decode()
    for words in (received.graduate.name, received.graduate.school.name,
                  received.graduate.major_name, received.posting.title):  # fmt: skip
        assert words in page
    assert not ResumeReading.objects.exists()


def test_the_list_is_narrowed_by_state_and_posting(received: Received) -> None:
    address, name = reverse("employer-applications"), received.graduate.name
    other = scene.make_posting(received.member, PostingState.PUBLISHED, by=received.world)
    assert name in received.client.get(f"{address}?posting={received.posting.pk}").content.decode()
    for query in (f"posting={other.pk}", "state=rejected"):
        assert name not in received.client.get(f"{address}?{query}").content.decode()


def test_each_showing_of_the_resume_is_written_down(received: Received) -> None:
    page = received.page()
    assert f"仅供{received.member.unit.name}招聘使用" in page
    assert "踏实认真" in page
    received.page()
    assert ResumeReading.objects.filter(graduate_id=received.graduate.pk).count() == 2
    assert received.state() == ApplicationState.VIEWED


def test_a_refused_form_that_shows_the_resume_again_is_written_down_too(received: Received) -> None:
    answer = received.client.post(received.url("employer-application-reject"), {"reason": ""})
    assert answer.status_code == 422
    assert "踏实认真" in answer.content.decode()
    assert ResumeReading.objects.count() == 1


def test_the_phone_is_masked_until_an_interview_was_accepted(received: Received) -> None:
    assert PHONE not in received.page()
    assert "134****7476" in received.page()
    invited = received.invite()
    assert PHONE not in received.page()
    interviews.accept(interview_id=invited.pk, by=scene.account_of(received.graduate))
    assert PHONE in received.page()


def test_after_a_withdrawal_the_page_has_name_and_decision_alone(received: Received) -> None:
    applications.withdraw(
        application_id=received.application.pk, by=scene.account_of(received.graduate)
    )
    page = received.page()
    assert received.graduate.name in page
    assert "已撤回" in page
    for hidden in ("踏实认真", received.graduate.school.name, "134****7476", PHONE):
        assert hidden not in page
    assert not ResumeReading.objects.exists()
    listed = received.client.get(reverse("employer-applications")).content.decode()
    assert received.graduate.major_name not in listed


def _addresses(received: Received) -> list[tuple[str, str]]:
    pk, interview = received.application.pk, received.invite().pk
    return [
        ("get", reverse("employer-application", args=[pk])),
        ("get", reverse("employer-application-file", args=[pk, 1])),
        ("get", reverse("employer-interview-new", args=[pk])),
        ("get", reverse("employer-interview", args=[interview])),
        ("get", reverse("employer-interview-ics", args=[interview])),
        *[("post", reverse(f"employer-application-{step}", args=[pk]))
          for step in ("note", "reject", "select", "offer")],
        *[("post", reverse(f"employer-interview-{step}", args=[interview]))
          for step in ("move", "cancel", "attendance", "result")],
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["another unit's", "a claimed colleague"])
def test_neither_another_unit_nor_a_claimed_colleague_sees_anything(
    received: Received, who: str
) -> None:
    if who == "another unit's":
        member = scene.make_recruiter()
    else:
        member = factories.make_member(received.member.unit, state=Membership.CLAIMED)
    client, name = client_of(member.user), received.graduate.name
    before = received.state()
    for method, address in _addresses(received):
        assert getattr(client, method)(address).status_code == 404, address
    assert name not in client.get(reverse("employer-applications")).content.decode()
    data = {"pick": [received.application.pk], "do": "reject", "reason": "1"}
    answer = client.post(reverse("employer-applications-bulk"), data)
    assert name not in answer.content.decode()
    data = {"pick": [received.application.pk], "do": "send"} | typed_form()
    invited = client.post(reverse("employer-applications-interview"), data, follow=True)
    assert name not in invited.content.decode()
    assert received.application.interviews.count() == 1, "the unit's own, sent before"
    assert (before, received.state()) == ("delivered", "interviewing")
    assert not ResumeReading.objects.exists()


def test_bulk_refusal_answers_each_row(received: Received) -> None:
    second = scene.make_applicant(received.world, student_no="S2", name="试乙乙")
    other = scene.apply(second, received.posting)
    unit_applications.reject(application_id=other.pk, reason=1, by=received.member)
    data = {"pick": [received.application.pk, other.pk], "do": "reject", "reason": "6"}
    page = received.client.post(reverse("employer-applications-bulk"), data).content.decode()
    assert "共2份投递，成功1份" in page
    assert "未执行" in page
    assert received.state() == ApplicationState.REJECTED
    assert not ResumeReading.objects.exists()


def test_bulk_refusal_without_a_reason_refuses_nobody(received: Received) -> None:
    data = {"pick": [received.application.pk], "do": "reject", "reason": ""}
    page = received.client.post(reverse("employer-applications-bulk"), data).content.decode()
    assert "成功0份" in page
    assert received.state() == ApplicationState.DELIVERED


def test_bulk_viewing_opens_no_resume(received: Received) -> None:
    data = {"pick": [received.application.pk], "do": "viewed"}
    received.client.post(reverse("employer-applications-bulk"), data)
    assert received.state() == ApplicationState.VIEWED
    assert not ResumeReading.objects.exists()


def test_several_applicants_are_invited_on_the_same_terms(received: Received) -> None:
    """One of them has an open invitation already, which leaves the other one alone."""
    second = scene.make_applicant(received.world, student_no="S2", name="试乙乙")
    other = scene.apply(second, received.posting)
    received.invite()
    address = reverse("employer-applications-interview")
    pick = {"pick": [received.application.pk, other.pk]}
    form = received.client.post(address, pick).content.decode()
    assert "邀请2人" in form
    assert "试乙乙" in form
    wrong = received.client.post(address, pick | typed_form(place="") | {"do": "send"})
    assert wrong.status_code == 422
    assert "现场面试请填写地点" in wrong.content.decode()
    assert Interview.objects.count() == 1
    page = received.client.post(address, pick | typed_form() | {"do": "send"}).content.decode()
    assert "共2份投递，成功1份" in page
    assert "已有进行中的面试邀请" in page
    assert other.interviews.get().place == "虚构路1号"


def test_nobody_is_invited_without_a_tick_or_beyond_the_limit(
    received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("employer-applications-interview")
    answer = received.client.post(address, {"do": "send"} | typed_form(), follow=True)
    assert "没有选择任何投递" in answer.content.decode()
    monkeypatch.setattr(unit_applications, "MOST_AT_ONCE", 1)
    second = scene.make_applicant(received.world, student_no="S2", name="试乙乙")
    picked = [received.application.pk, scene.apply(second, received.posting).pk]
    answer = received.client.post(address, {"pick": picked, "do": "send"} | typed_form())
    assert "一次最多处理1份投递" in answer.content.decode()
    assert not Interview.objects.exists()


def exported(client: Client, query: str = "") -> list[tuple[str, ...]]:
    answer = client.get(f"{reverse('employer-applications-export')}{query}")
    assert "no-store" in answer["Cache-Control"]
    book = load_workbook(io.BytesIO(answer.content))
    return [tuple(cell or "" for cell in row) for row in book.active.iter_rows(values_only=True)]


def test_the_export_has_phones_only_after_an_accepted_interview(received: Received) -> None:
    mobile = received.graduate.mobile
    second = scene.make_applicant(received.world, student_no="S2", name="试乙乙")
    scene.apply(second, received.posting)
    Graduate.objects.filter(pk=second.pk).update(name="=1+1")
    withdrawn = scene.make_applicant(received.world, student_no="S3", name="试丙丙")
    gone = scene.apply(withdrawn, received.posting)
    applications.withdraw(application_id=gone.pk, by=scene.account_of(withdrawn))
    header, *rows = exported(received.client)
    assert header[-1] == "手机号码"
    assert [row[0] for row in rows] == ["试丙丙", "'=1+1", received.graduate.name]
    assert rows[0][1:4] == ("", "", ""), "of a withdrawn one the name and the decision alone"
    assert {row[-1] for row in rows} == {""}
    interviews.accept(interview_id=received.invite().pk, by=scene.account_of(received.graduate))
    assert exported(received.client)[-1][-1] == mobile
    assert len(exported(received.client, "?state=withdrawn")) == 2
    assert Event.objects.filter(action="recruiting.export_applications").count() == 3


def test_another_units_person_exports_nothing_of_it(received: Received) -> None:
    other = client_of(scene.make_recruiter().user)
    assert exported(other, f"?posting={received.posting.pk}") == exported(other)
    assert len(exported(other)) == 1, "the header alone"


def test_an_export_of_too_many_or_too_often_is_refused_with_a_sentence(
    received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = reverse("employer-applications-export")
    monkeypatch.setattr(application_export, "MOST_ROWS", 0)
    assert "符合条件的超过0份" in received.client.get(address, follow=True).content.decode()
    for _ in range(9):
        received.client.get(address)
    assert "每小时最多导出10次" in received.client.get(address, follow=True).content.decode()


def test_notes_are_escaped_and_not_shown_to_the_graduate(received: Received) -> None:
    received.client.post(received.url("employer-application-note"), {"text": "<b>好</b>"})
    assert ApplicationNote.objects.count() == 1
    assert "&lt;b&gt;好&lt;/b&gt;" in received.page()


def test_a_selected_applicant_is_led_to_the_first_step_of_an_invitation(received: Received) -> None:
    assert "发签约邀约" not in received.page()
    received.client.post(received.url("employer-application-select"))
    assert "发签约邀约" in received.page()
    answer = received.client.post(received.url("employer-application-offer"))
    assert answer.status_code == 302
    again = received.client.post(received.url("employer-application-offer"))
    assert again["Location"] == answer["Location"]


def test_a_graduate_met_elsewhere_is_invited_for_a_posting(received: Received) -> None:
    address = reverse("employer-posting-invite", args=[received.posting.pk])
    right = {"school": received.graduate.school.name, "name": received.graduate.name,
             "student_no": received.graduate.student_no}  # fmt: skip
    wrong = received.client.post(address, right | {"student_no": "不存在"})
    assert wrong.status_code == 422
    assert "没有找到" in wrong.content.decode()
    assert received.client.post(address, right).status_code == 302
    stranger = client_of(scene.make_recruiter().user)
    assert stranger.post(address, right).status_code == 404


def test_an_interview_is_invited_to_moved_and_cancelled(received: Received) -> None:
    address = received.url("employer-interview-new")
    wrong = received.client.post(address, typed_form(time="", place=""))
    assert wrong.status_code == 422
    assert received.client.post(address, typed_form()).status_code == 302
    assert received.client.post(address, typed_form()).status_code == 409
    first = Interview.objects.get()
    assert f"{timezone.localtime(first.starts_at):%H:%M}" == "14:30"
    received.client.post(
        received.url("employer-interview-move", first.pk), typed_form(time="15:00")
    )
    moved = Interview.objects.get(state=InterviewState.WAITING)
    assert moved.replaces_id == first.pk
    cancel = received.url("employer-interview-cancel", moved.pk)
    assert received.client.post(cancel, {"reason": ""}).status_code == 422
    assert received.client.post(cancel, {"reason": "已招满"}).status_code == 302
    moved.refresh_from_db()
    assert moved.state == InterviewState.CANCELLED


def test_attendance_and_result_are_noted_on_the_page(received: Received) -> None:
    invited = received.invite()
    interviews.accept(interview_id=invited.pk, by=scene.account_of(received.graduate))
    scene.begin_now(invited)
    attendance = received.url("employer-interview-attendance", invited.pk)
    received.client.post(attendance, {"came": "maybe"})
    invited.refresh_from_db()
    assert invited.state == InterviewState.ACCEPTED
    received.client.post(attendance, {"came": "yes"})
    received.client.post(
        received.url("employer-interview-result", invited.pk), {"result": "passed"}
    )
    invited.refresh_from_db()
    assert (invited.state, invited.result) == ("attended", "passed")


def test_the_graduate_accepts_an_interview(received: Received) -> None:
    invited = received.invite()
    page = received.phone.get(reverse("interview", args=[invited.pk])).content.decode()
    assert "接受后单位可以看到您的手机号码" in page
    received.phone.post(reverse("interview-accept", args=[invited.pk]))
    invited.refresh_from_db()
    assert invited.state == InterviewState.ACCEPTED


def test_the_graduate_declines_or_objects(received: Received) -> None:
    invited = received.invite()
    received.phone.post(reverse("interview-decline", args=[invited.pk]), {"reason": ""})
    invited.refresh_from_db()
    assert invited.state == InterviewState.DECLINED
    second = received.invite()
    interviews.accept(interview_id=second.pk, by=scene.account_of(received.graduate))
    scene.begin_now(second)
    interviews.note_attendance(interview_id=second.pk, came=False, by=received.member)
    address = reverse("interview-object", args=[second.pk])
    assert received.phone.post(address, {"reason": ""}).status_code == 422
    received.phone.post(address, {"reason": "我按时到了"})
    second.refresh_from_db()
    assert second.state == InterviewState.DISPUTED


def test_another_graduate_finds_no_interview(received: Received) -> None:
    invited = received.invite()
    other = scene.make_applicant(received.world, student_no="S2", name="试乙乙")
    client = client_of(scene.account_of(other))
    for name in ("interview", "interview-ics"):
        assert client.get(reverse(name, args=[invited.pk])).status_code == 404
    for name in ("interview-accept", "interview-decline", "interview-object"):
        assert client.post(reverse(name, args=[invited.pk])).status_code == 404


def test_an_accepted_interview_at_the_same_time_is_named(received: Received) -> None:
    first = received.invite()
    interviews.accept(interview_id=first.pk, by=scene.account_of(received.graduate))
    other = scene.make_recruiter()
    posting = scene.make_posting(other, PostingState.PUBLISHED, by=received.world)
    application = scene.apply(received.graduate, posting)
    typed = scene.typed_interview(starts_at=first.starts_at)
    second = interviews.invite(application_id=application.pk, typed=typed, by=other)
    page = received.phone.get(reverse("interview", args=[second.pk])).content.decode()
    assert "时间重叠" in page


def test_typed_text_begins_no_new_property_in_the_calendar_file(received: Received) -> None:
    invited = received.invite(
        note="请带作品；一、二,三;四\nATTENDEE:mailto:a@example.com" + "长" * 60
    )
    for client, name in ((received.phone, "interview-ics"),
                         (received.client, "employer-interview-ics")):  # fmt: skip
        answer = client.get(reverse(name, args=[invited.pk]))
        assert answer["Content-Type"].startswith("text/calendar")
        lines = answer.content.decode().split("\r\n")
        assert not any(line.startswith("ATTENDEE") for line in lines)
        assert all(len(line.encode()) <= 75 for line in lines)
        whole = answer.content.decode().replace("\r\n ", "")
        assert "二\\,三\\;四\\nATTENDEE" in whole
