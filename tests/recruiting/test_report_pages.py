"""The pages of reports, sanctions and appeals, as graduates, units and staff see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import Event
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting.actions import reports, sanctions
from recruiting.models import Posting, RecruitingRules, Sanction, UnitReport
from recruiting.states import AppealState, PostingState, ReportState, SanctionKind
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
TEXT = "面试时要求交五百元服装费。"


@pytest.fixture
def posting(world: World) -> Posting:
    return scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)


@pytest.fixture
def reporter(world: World) -> Graduate:
    return factories.make_graduate(world, name="举报同学")


def signed_in(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def photo(name: str = "收据.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.make_photo(), "image/jpeg")


def send(client: Client, posting: Posting, **typed: Any) -> Any:
    values = {"reason": "1", "text": TEXT} | typed
    return client.post(reverse("job-report", args=[posting.pk]), values)


# --- the graduate -----------------------------------------------------------------------------


def test_a_graduate_reports_with_pictures_and_follows_it(
    posting: Posting, reporter: Graduate
) -> None:
    client = signed_in(reporter)
    page = client.get(reverse("job", args=[posting.pk])).content.decode()
    assert reverse("job-report", args=[posting.pk]) in page
    form = client.get(reverse("job-report", args=[posting.pk])).content.decode()
    assert "12333" in form
    response = send(client, posting, images=[photo(), photo()])
    report = UnitReport.objects.get()
    assert response["Location"] == reverse("unit-report", args=[report.pk])
    page = client.get(response["Location"]).content.decode()
    assert TEXT in page
    image = report.images.first()
    assert image is not None
    picture = client.get(reverse("unit-report-image", args=[report.pk, image.pk]))
    assert picture["Content-Type"] == "image/jpeg"
    assert posting.unit.name in client.get(reverse("unit-reports")).content.decode()
    client.post(reverse("unit-report-withdraw", args=[report.pk]))
    report.refresh_from_db()
    assert report.state == ReportState.WITHDRAWN


def test_pictures_stay_when_something_else_is_missing(posting: Posting, reporter: Graduate) -> None:
    client = signed_in(reporter)
    refused = send(client, posting, text="", images=[photo()])
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "请写明时间、经过和涉及的人员。" in page
    assert "已收到1张" in page
    token = refused.context["form"]["kept"].value()
    send(client, posting, kept=token)
    assert UnitReport.objects.get().images.count() == 1


def test_somebody_elses_token_brings_no_pictures(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    token = send(signed_in(reporter), posting, text="", images=[photo()]).context["form"]["kept"]
    other = factories.make_graduate(world)
    send(signed_in(other), posting, kept=token.value())
    assert UnitReport.objects.get().images.count() == 0


def test_more_than_six_pictures_or_something_else_is_refused(
    posting: Posting, reporter: Graduate
) -> None:
    client = signed_in(reporter)
    many = send(client, posting, images=[photo() for _ in range(7)])
    assert "最多上传6张图片" in many.content.decode()
    wrong = SimpleUploadedFile("说明.txt", b"text", "text/plain")
    answer = send(client, posting, images=[photo(), wrong])
    assert answer.status_code == 422
    assert "说明.txt：" in answer.content.decode()
    assert not UnitReport.objects.exists()


def test_what_was_typed_is_escaped(world: World, posting: Posting, reporter: Graduate) -> None:
    client = signed_in(reporter)
    send(client, posting, text="<script>alert(1)</script> http://example.com")
    report = UnitReport.objects.get()
    for page in (
        client.get(reverse("unit-report", args=[report.pk])),
        world.client(Role.PROVINCE).get(reverse("console:unit-report", args=[report.pk])),
    ):
        assert "<script>alert" not in page.content.decode()
        assert 'href="http://example.com' not in page.content.decode()


def test_without_a_hotline_and_without_reports_the_list_says_what_to_do(
    reporter: Graduate,
) -> None:
    RecruitingRules.objects.create(hotline="")
    page = signed_in(reporter).get(reverse("unit-reports")).content.decode()
    assert "没有举报记录" in page
    assert "举报电话" not in page


# --- staff ------------------------------------------------------------------------------------


def test_the_console_shows_the_school_and_the_text_and_the_name_by_a_logged_click(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    report = scene.report(reporter, posting, reason="1", text=TEXT)
    client = world.client(Role.PROVINCE)
    listing = client.get(reverse("console:unit-reports")).content.decode()
    page = client.get(reverse("console:unit-report", args=[report.pk])).content.decode()
    assert TEXT in page
    for html in (listing, page):
        assert world.school.name in html
        assert "举报同学" not in html
        assert reporter.student_no not in html
    answer = client.post(reverse("console:unit-report-reveal", args=[report.pk]))
    assert "举报同学" in answer.json()["value"]
    event = Event.objects.get(action="recruiting.reveal_reporter")
    assert (event.object_id, event.actor_id) == (report.pk, world.user(Role.PROVINCE).pk)
    assert client.get(reverse("console:unit-report-reveal", args=[report.pk])).status_code == 405


def test_a_report_is_begun_and_upheld_in_the_console(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    report = scene.report(reporter, posting)
    client = world.client(Role.PROVINCE)
    client.post(reverse("console:unit-report-begin", args=[report.pk]))
    address = reverse("console:unit-report-uphold", args=[report.pk])
    typed = {"kind": "suspend", "days": "", "reason": "虚假宣传", "answer": "属实。"}
    refused = client.post(address, typed)
    assert refused.status_code == 422
    assert "暂停招聘请填写1至180天。" in refused.content.decode()
    assert "虚假宣传" in refused.content.decode()
    assert client.post(address, typed | {"days": "30"}).status_code == 302
    report.refresh_from_db()
    assert report.state == ReportState.UPHELD
    again = client.post(address, typed | {"days": "30"})
    assert again.status_code == 409
    assert Sanction.objects.count() == 1
    shown = client.get(reverse("console:sanctions")).content.decode()
    assert posting.unit.name in shown


def test_one_person_alone_can_not_blacklist_and_reads_why(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    report = scene.report(reporter, posting)
    client = world.client(Role.PROVINCE)
    client.post(reverse("console:unit-report-begin", args=[report.pk]))
    typed = {"kind": "blacklist", "days": "365", "reason": "传销", "answer": "属实。"}
    refused = client.post(reverse("console:unit-report-uphold", args=[report.pk]), typed)
    assert refused.status_code == 409
    assert "须先由一人开始核查，再由另一位省级人员决定" in refused.content.decode()


def test_a_report_is_dismissed_and_the_reporter_reads_the_answer(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    report = scene.report(reporter, posting)
    client = world.client(Role.PROVINCE)
    address = reverse("console:unit-report-dismiss", args=[report.pk])
    assert client.post(address, {"answer": " "}).status_code == 422
    client.post(address, {"answer": "经核实没有收费。"})
    page = signed_in(reporter).get(reverse("unit-report", args=[report.pk])).content.decode()
    assert "经核实没有收费。" in page
    assert "不属实" in page


def test_the_list_is_filtered_by_state_reason_overdue_and_unit(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    report = scene.report(reporter, posting, reason="1")
    UnitReport.objects.filter(pk=report.pk).update(due_on=factories.month_ago().date())
    scene.report(
        factories.make_graduate(world),
        scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world), reason="2",
    )  # fmt: skip
    client, address = world.client(Role.PROVINCE), reverse("console:unit-reports")
    link = reverse("console:unit-report", args=[report.pk])
    for query in ("reason=1", "due=over", f"q={posting.unit.code}"):
        page = client.get(f"{address}?{query}").content.decode()
        assert link in page, query
        assert page.count("<tr data-key") == 1
    assert link not in client.get(f"{address}?state=upheld").content.decode()
    assert "已逾期" in client.get(address).content.decode()


def test_lists_cost_the_same_with_more_rows(world: World, posting: Posting) -> None:
    def cost(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    client = world.client(Role.PROVINCE)
    addresses = [reverse("console:unit-reports"), reverse("console:sanctions")]
    few = []
    for n in (1, 4):
        for _ in range(n):
            report = scene.report(factories.make_graduate(world), posting)
            reports.uphold(
                report_id=report.pk, kind="warning", days=None, reason="核实", answer="属实",
                by=world.user(Role.PROVINCE),
            )  # fmt: skip
        few.append([cost(address) for address in addresses])
    assert few[0] == few[1]


# --- the unit ---------------------------------------------------------------------------------


def sanctioned(world: World, posting: Posting, reporter: Graduate) -> Sanction:
    report = scene.report(reporter, posting, text=TEXT)
    reports.uphold(
        report_id=report.pk, kind=SanctionKind.SUSPEND, days=30, reason="核实存在虚假宣传",
        answer="属实，已暂停。", by=world.user(Role.PROVINCE),
    )  # fmt: skip
    return Sanction.objects.get()


def test_the_unit_reads_the_sanction_but_nothing_of_the_report_and_appeals(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    sanction = sanctioned(world, posting, reporter)
    client = client_of(UnitMember.objects.get(unit=posting.unit).user)
    assert reverse("employer-sanctions") in client.get(reverse("employer-unit")).content.decode()
    pages = [
        reverse("employer-sanctions"), reverse("employer-sanction", args=[sanction.pk]),
        reverse("employer-posting", args=[posting.pk]), reverse("employer-messages"),
    ]  # fmt: skip
    for address in pages:
        html = client.get(address).content.decode()
        for secret in ("举报同学", reporter.student_no, TEXT, "属实，已暂停", world.school.name):
            assert secret not in html, address
    assert "核实存在虚假宣传" in client.get(pages[1]).content.decode()
    empty = client.post(pages[1], {"appeal": " "})
    assert empty.status_code == 422
    assert client.post(pages[1], {"appeal": "情况不实"}).status_code == 302
    twice = client.post(pages[1], {"appeal": "情况不实"})
    assert twice.status_code == 409
    sanction.refresh_from_db()
    assert sanction.appeal_state == AppealState.WAITING


def test_the_appeal_is_answered_by_another_person_in_the_console(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    sanction = sanctioned(world, posting, reporter)
    member = UnitMember.objects.get(unit=posting.unit)
    sanctions.appeal(sanction_id=sanction.pk, text="情况不实", by=member)
    address = reverse("console:sanction", args=[sanction.pk])
    answer = reverse("console:sanction-answer", args=[sanction.pk])
    own = world.client(Role.PROVINCE)
    assert "此处理由您作出" in own.get(address).content.decode()
    assert own.post(answer, {"answer": "撤销", "do": "revoke"}).status_code == 409
    second = client_of(factories.make_staff(Role.PROVINCE, world))
    assert second.post(answer, {"answer": "", "do": "revoke"}).status_code == 422
    assert second.post(answer, {"answer": "证据不足", "do": "revoke"}).status_code == 302
    sanction.refresh_from_db()
    assert sanction.appeal_state == AppealState.REVOKED
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_an_unverified_person_of_the_unit_reads_no_sanctions(
    world: World, posting: Posting, reporter: Graduate
) -> None:
    sanction = sanctioned(world, posting, reporter)
    client = client_of(factories.make_member(posting.unit).user)
    assert client.get(reverse("employer-sanction", args=[sanction.pk])).status_code == 404
    assert "核实存在虚假宣传" not in client.get(reverse("employer-sanctions")).content.decode()
