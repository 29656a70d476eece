"""Graduates' reports of units (举报): submitting, withdrawing, and the examination by staff.

Neither the unit nor counsellors learn who reported: messages to the unit say nothing of a report, and
events name the reporter as 举报人. Who it was stands in `UnitReport.graduate` alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core import audit, files
from core.audit import Actor
from core.errors import DomainError, Invalid, Refused
from core.files import images
from core.models import Event, StoredFile
from employers.models import Unit
from graduates.actions.corrections import due_on
from graduates.models import Graduate
from graduates.queries import has_reset_account
from recruiting.actions import postings, sanctions
from recruiting.models import Application, Posting, ReportImage, ReviewingSchool, UnitReport
from recruiting.models.reports import MOST_IMAGES
from recruiting.report_steps import REPORT
from recruiting.states import (
    LIVE_APPLICATION,
    PauseCause,
    ReportReason,
    ReportState,
    SanctionKind,
)
from recruiting.unit_standing import pausing_reports
from schools.roles import Level
from schools.scope import staff_of

ANSWER_WITHIN = 5  # working days
MOST_A_DAY = 3
LONGEST_TEXT = 250
_LONGEST_ANSWER = 300
_BEGIN = "recruiting.begin_report"
_REPORTER = Actor(None, "graduate", "举报人")


def keep_image(*, content: bytes, by: User) -> list[StoredFile]:
    """Store a picture of the evidence, one file for each of its pages. Raises `DomainError`."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise Refused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    return [
        files.store(
            page, name="举报证据.jpg", content_type="image/jpeg", purpose="report", by_id=by.pk
        )
        for page in images.compress_pages(content, most_pages=MOST_IMAGES)
    ]


def submit(
    *, graduate: Graduate, posting_id: int, reason: str, text: str, evidence: Sequence[StoredFile],
    by: User,
) -> UnitReport:  # fmt: skip
    """Report the unit of a posting. A serious report, or the second one by another person within 30
    days, pauses all postings of the unit at once, and its applicants are told.

    `reason` is a number of `ReportReason` as typed. Raises `Invalid`; of two reports sent at once one
    is refused.
    """
    text = texts.clean_lines(text)
    _check_typed(reason, text, evidence)
    try:
        with transaction.atomic():
            rows = Posting.objects.select_related("unit")
            posting = rows.get(pk=posting_id)
            unit = Unit.objects.select_for_update(no_key=True).get(pk=posting.unit_id)
            graduate = Graduate.objects.select_related("person").get(pk=graduate.pk)
            if graduate.person.user_id != by.pk:
                raise Refused("not_yours", "只有毕业生本人可以举报。")
            _check_daily_limit(graduate)
            was_paused = pausing_reports().filter(unit=unit).exists()
            report = UnitReport.objects.create(
                graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
                unit=unit, posting=posting, reason=int(reason), text=text,
                examined_by_school_id=_examining_school(graduate, posting),
                due_on=due_on(timezone.localdate(), ANSWER_WITHIN),
            )  # fmt: skip
            ReportImage.objects.bulk_create(ReportImage(report=report, file=f) for f in evidence)
            audit.record(
                "recruiting.submit_report", by=_REPORTER, obj=report, data={"reason": report.reason}
            )
            _tell_examiner(report)
            if pausing_reports().filter(unit=unit).exists():
                postings.hold_unit(unit, PauseCause.REPORTED)
                if not was_paused:
                    _warn_applicants(report)
    except IntegrityError as twice:
        raise Refused("reported", "您对此单位的举报正在处理，请等待答复。") from twice
    return report


def _check_typed(reason: str, text: str, evidence: Sequence[StoredFile]) -> None:
    errors: dict[str, list[str]] = {}
    if reason not in {str(value) for value in ReportReason.values}:
        errors["reason"] = ["请选择举报事项。"]
    if not text:
        errors["text"] = ["请写明时间、经过和涉及的人员。"]
    elif len(text) > LONGEST_TEXT:
        errors["text"] = [f"情况说明不能超过{LONGEST_TEXT}个字。"]
    if len(evidence) > MOST_IMAGES:
        errors["images"] = [f"最多上传{MOST_IMAGES}张图片。"]
    if errors:
        raise Invalid(errors)


def _check_daily_limit(graduate: Graduate) -> None:
    since = timezone.now() - datetime.timedelta(days=1)
    sent = UnitReport.objects.filter(graduate__person=graduate.person_id, created_at__gte=since)
    if sent.count() >= MOST_A_DAY:
        raise Refused("daily_limit", f"每天最多举报{MOST_A_DAY}次，紧急情况请拨打举报电话。")


def _examining_school(graduate: Graduate, posting: Posting) -> int | None:
    """The school that examines the report: one to which the province delegated reviews, about a
    posting for its own graduates alone. None for the province."""
    own = posting.school_ids == [graduate.school_id]
    if own and ReviewingSchool.objects.filter(school=graduate.school_id).exists():
        return graduate.school_id
    return None


def _tell_examiner(report: UnitReport) -> None:
    school_id = report.examined_by_school_id
    inbox.tell(
        f"school:{school_id}" if school_id else "province", f"收到对{report.unit.name}的举报",
        text=f"{report.get_reason_display()}，请在{report.due_on:%Y年%m月%d日}前答复。",
        link=reverse("console:unit-report", args=[report.pk]), key=f"report:{report.pk}:submitted",
    )  # fmt: skip


def _warn_applicants(report: UnitReport) -> None:
    """Tell those with live applications at the unit, without a word of who reported."""
    inbox.tell_each(
        applicants(report.unit, f"report:{report.pk}:warning"),
        f"您投递的{report.unit.name}有举报正在核查",
        text="单位的职位已暂停。请不要交纳任何费用，谨慎提供个人信息，慎重决定是否赴约。",
        link=reverse("applications"),
    )


def applicants(unit: Unit, key: str) -> QuerySet[Application, tuple[str, str]]:
    """Those with live applications at the unit, as rows for `inbox.tell_each`."""
    person = Concat(Value("person:"), Cast("graduate__person_id", CharField()))
    rows = Application.objects.filter(unit=unit, state__in=LIVE_APPLICATION).order_by()
    return rows.values_list(person, Value(key)).distinct()


def withdraw(*, report_id: int, by: User) -> UnitReport:
    """Take a report back before anybody began to examine it."""
    with _take_step("withdraw", report_id, by) as report:
        _decide(report, ReportState.WITHDRAWN, None, answer="")
        audit.record("recruiting.withdraw_report", by=_REPORTER, obj=report)
    return report


@contextmanager
def _take_step(action: str, report_id: int, by: User) -> Iterator[UnitReport]:
    """A transaction for one step on a report: lock the unit, then the report, and ask the transition
    table. At its end postings are shown again that no open report pauses any more."""
    with transaction.atomic():
        unit_id = UnitReport.objects.values_list("unit_id", flat=True).get(pk=report_id)
        unit = Unit.objects.select_for_update(no_key=True).get(pk=unit_id)
        rows = UnitReport.objects.select_for_update(of=("self",))
        report = rows.select_related("unit", "graduate__person", "posting").get(pk=report_id)
        REPORT.check(action, report, by)
        yield report
        if not pausing_reports().filter(unit=unit).exists():
            postings.release_unit(unit, PauseCause.REPORTED)


def begin(*, report_id: int, by: User) -> UnitReport:
    """Begin to examine a report. The reporter can't withdraw it any more."""
    with _take_step("begin", report_id, by) as report:
        report.state, report.begun_at, report.begun_by = (
            ReportState.EXAMINING, timezone.now(), by.label,
        )  # fmt: skip
        report.save(update_fields=["state", "begun_at", "begun_by"])
        audit.record(_BEGIN, by=by, obj=report)
        _tell_reporter(report, f"您对{report.unit.name}的举报已开始核查", key="begun")
    return report


def uphold(
    *, report_id: int, kind: str, days: int | None, reason: str, answer: str, by: User
) -> UnitReport:
    """The report is true, and the unit is sanctioned: `kind` of `SanctionKind`, for so many `days` if it
    has a term. `reason` is read by the unit, `answer` by the reporter.

    Blacklisting ends applications for good, which an appeal can't undo. So whoever decides it is
    another person than whoever began the examination.
    """
    reason, answer = texts.clean_lines(reason), texts.clean_lines(answer)
    with _take_step("uphold", report_id, by) as report:
        errors = sanctions.term_errors(kind, days) | _answer_errors(answer)
        errors |= _reason_errors(reason, report.graduate)
        if errors:
            raise Invalid(errors)
        _check_impartial(report, by)
        if kind == SanctionKind.BLACKLIST:
            _check_may_blacklist(report, by)
        report.sanction = sanctions.impose(
            unit=report.unit, posting=report.posting, kind=SanctionKind(kind), days=days,
            reason=reason, by=by,
        )  # fmt: skip
        _decide(report, ReportState.UPHELD, by, answer=answer)
        audit.record("recruiting.uphold_report", by=by, obj=report, data={"sanction": kind})
        title = f"您对{report.unit.name}的举报经核查属实"
        _tell_reporter(report, title, text=answer, key="decided")
    return report


def dismiss(*, report_id: int, answer: str, by: User) -> UnitReport:
    """The report is not true. The reporter reads why; the unit hears nothing."""
    answer = texts.clean_lines(answer)
    with _take_step("dismiss", report_id, by) as report:
        if errors := _answer_errors(answer):
            raise Invalid(errors)
        _check_impartial(report, by)
        _decide(report, ReportState.DISMISSED, by, answer=answer)
        audit.record("recruiting.dismiss_report", by=by, obj=report)
        title = f"您对{report.unit.name}的举报经核查不属实"
        _tell_reporter(report, title, text=answer, key="decided")
    return report


def _answer_errors(answer: str) -> dict[str, list[str]]:
    if not answer:
        return {"answer": ["请填写答复，举报人会看到。"]}
    if len(answer) > _LONGEST_ANSWER:
        return {"answer": [f"答复不能超过{_LONGEST_ANSWER}个字。"]}
    return {}


def _reason_errors(reason: str, reporter: Graduate) -> dict[str, list[str]]:
    """What is wrong with the reason that the unit reads: it must not name the reporter."""
    if not reason:
        return {"reason": ["请填写处理理由，单位会看到。"]}
    if len(reason) > _LONGEST_ANSWER:
        return {"reason": [f"处理理由不能超过{_LONGEST_ANSWER}个字。"]}
    said = texts.narrow(reason).casefold()
    of_reporter = (reporter.name, reporter.student_no, reporter.mobile, reporter.person.id_number)
    if any(word and texts.narrow(word).casefold() in said for word in of_reporter):
        return {"reason": ["单位会看到处理理由，请不要写举报人的姓名、学号或号码。"]}
    return {}


def _check_impartial(report: UnitReport, by: User) -> None:
    if has_reset_account(by, report.graduate_id):
        raise Refused("reset_by_you", "您在30天内重置过举报人的帐号，须由另一人处理。")


def _check_may_blacklist(report: UnitReport, by: User) -> None:
    staff = staff_of(by)
    if staff is None or staff.role_level != Level.PROVINCE:
        raise Refused("province_only", "列入黑名单只能由省级决定。", field="kind")
    begun = Event.objects.filter(object_type="unitreport", object_id=report.pk, action=_BEGIN)
    if report.state != ReportState.EXAMINING or begun.filter(actor_id=by.pk).exists():
        sentence = "列入黑名单须先由一人开始核查，再由另一位省级人员决定。"
        raise Refused("second_person", sentence, field="kind")


def _decide(report: UnitReport, state: ReportState, by: User | None, *, answer: str) -> None:
    report.state, report.decided_at, report.answer = state, timezone.now(), answer
    if by is not None:
        report.decided_by_id, report.decided_by = by.pk, by.label
    report.save()


def _tell_reporter(report: UnitReport, title: str, *, text: str = "", key: str) -> None:
    inbox.tell(
        f"person:{report.graduate.person_id}", title, text=text,
        link=reverse("unit-report", args=[report.pk]), key=f"report:{report.pk}:{key}",
    )  # fmt: skip


def refused_picture(name: str, refusal: DomainError) -> Invalid:
    """What the form says beside the pictures when one of them is refused."""
    return Invalid({"images": [f"{name}：{refusal.message}"]})
