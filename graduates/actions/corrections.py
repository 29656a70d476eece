"""信息反馈/纠错: a graduate asks for a correction; staff accept it, which applies the value, or refuse it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit, files
from core.errors import Conflict, Invalid, NotPermitted, Refused
from core.files import images
from graduates.corrections import declaration_of, targets
from graduates.models import CorrectionImage, CorrectionRequest, Graduate
from graduates.origin_steps import CORRECTION
from graduates.states import CorrectionState
from schools.roles import Level
from schools.scope import staff_of

MOST_IMAGES = 4
_WORKING_DAYS = 3


def ask(
    *, graduate: Graduate, kind: str, field: str, proposed: str, reason: str, by: User,
    pictures: Sequence[bytes] = (),
) -> CorrectionRequest:  # fmt: skip
    """Ask for another value in one field. A field can have one open request. The value is read as a
    form would read it, checked together with the rest of the record, and kept in words. Raises
    `Invalid`."""
    declared = declaration_of(graduate, kind, field)
    if declared is None:
        raise Invalid({"field": ["请选择需要更正的字段。"]})
    label, reason = declared.label, reason.strip()
    errors = {}
    current = targets()[kind].current(graduate, field)
    reading = declared.read(proposed, required=True)
    proposed = declared.show(reading.value) if reading.ok else proposed.strip()
    if not proposed or len(proposed) > 200:
        errors["proposed"] = ["请填写更正后的内容（200字以内）。"]
    elif not reading.ok:
        errors["proposed"] = [f.message for f in reading.findings if f.is_error]
    elif proposed == current:
        errors["proposed"] = ["与现有内容相同，不需要更正。"]
    elif sentences := targets()[kind].check(graduate, field, reading.value):
        errors["proposed"] = sentences
    if not reason:
        errors["reason"] = ["请说明更正的理由。"]
    if len(pictures) > MOST_IMAGES:
        errors["images"] = [f"最多上传{MOST_IMAGES}张图片。"]
    if errors:
        raise Invalid(errors)
    stored = [file for p in pictures for file in _store_pages(p, graduate, by)]
    if len(stored) > MOST_IMAGES:
        raise Invalid({"images": [f"每页算一张，最多上传{MOST_IMAGES}张图片。"]})
    try:
        with transaction.atomic():
            request = CorrectionRequest.objects.create(
                graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
                kind=kind, field=field, label=label, current=current[:200], proposed=proposed,
                reason=reason[:300], due_on=due_on(timezone.localdate()),
            )  # fmt: skip
            CorrectionImage.objects.bulk_create(
                CorrectionImage(request=request, file=f) for f in stored
            )
            audit.record("graduates.correction_ask", by=by, obj=request)
    except IntegrityError as twice:
        raise Refused("correction_open", f"“{label}”已有待处理的反馈，请等待老师答复。") from twice
    return request


def _store_pages(content: bytes, graduate: Graduate, by: User) -> list[files.StoredFile]:
    """The pages of a picture; only a TIFF has several."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    return [
        files.store(
            page, name="反馈材料.jpg", content_type="image/jpeg",
            purpose="correction", school_id=graduate.school_id, by_id=by.pk,
        )
        for page in images.compress_pages(content, most_pages=MOST_IMAGES)
    ]  # fmt: skip


def accept(*, request: CorrectionRequest, by: User, answer: str = "") -> CorrectionRequest:
    """Accept a correction. The value is applied by the action that changes such data, which checks
    it and writes the history."""
    _check_permission(by)
    with transaction.atomic():
        row = _locked(request, "accept")
        _check_turn(row, by)
        target = targets()[row.kind]
        target.apply(
            graduate_id=row.graduate_id, field=row.field, value=row.proposed, by=by,
            reason=f"信息反馈：{row.reason}",
            pictures=[image.file for image in row.images.select_related("file").order_by("id")],
        )  # fmt: skip
        return _decide(row, CorrectionState.ACCEPTED, by, answer or "已按您的反馈更正。")


def refuse(*, request: CorrectionRequest, by: User, answer: str) -> CorrectionRequest:
    """Refuse a correction. The graduate is told the answer."""
    _check_permission(by)
    if not answer.strip():
        raise Refused("answer", "请填写答复，毕业生会看到。", field="answer")
    with transaction.atomic():
        row = _locked(request, "refuse")
        _check_turn(row, by)
        return _decide(row, CorrectionState.REFUSED, by, answer)


def withdraw(*, request: CorrectionRequest, by: User) -> CorrectionRequest:
    with transaction.atomic():
        row = _locked(request, "withdraw")
        if row.graduate.person.user_id != by.pk:
            raise NotPermitted("role", "只有本人可以撤回。")
        return _decide(row, CorrectionState.WITHDRAWN, by, "")


def _check_permission(by: User) -> None:
    if not by.has_perm("graduates.correct"):
        raise NotPermitted("role", "您没有处理信息反馈的权限。")


def pass_on(*, request: CorrectionRequest, by: User, note: str) -> CorrectionRequest:
    """Pass a correction on to the school, which alone answers it from then on. The school and the
    graduate are told."""
    _check_permission(by)
    staff = staff_of(by)
    if staff is None or staff.role_level not in (Level.CLASS, Level.DEPARTMENT):
        raise NotPermitted("role", "只有院系可以转交学校。")
    if not note.strip():
        raise Refused("note", "请说明已核实的情况和转交的原因，学校会看到。", field="answer")
    with transaction.atomic():
        row = _locked(request, "pass_on")
        _check_turn(row, by)
        row.passed_at, row.passed_by = timezone.now(), by.label
        row.passed_note = note.strip()[:300]
        row.save()
        audit.record("graduates.correction_pass_on", by=by, obj=row, reason=row.passed_note)
        inbox.tell(
            f"school:{row.school_id}", f"{row.graduate.name}的信息反馈“{row.label}”转交学校处理",
            text=f"学号{row.graduate.student_no}，{by.label}转交：{row.passed_note}",
            link=reverse("console:correction", args=[row.pk]), key=f"correction:{row.pk}:passed",
        )  # fmt: skip
        inbox.tell(
            f"person:{row.graduate.person_id}", f"您的信息反馈“{row.label}”已转交学校处理",
            link=reverse("corrections"), key=f"correction:{row.pk}:passed",
        )  # fmt: skip
    return row


def _check_turn(row: CorrectionRequest, by: User) -> None:
    """What was passed on to the school is answered by the school alone."""
    staff = staff_of(by)
    if row.passed_at is not None and (staff is None or staff.role_level != Level.SCHOOL):
        raise NotPermitted("passed_on", f"此反馈已由{row.passed_by}转交学校，由学校处理。")


def _locked(request: CorrectionRequest, action: str) -> CorrectionRequest:
    Graduate.objects.select_for_update(no_key=True).only("id").get(pk=request.graduate_id)
    row = (
        CorrectionRequest.objects.select_for_update(of=("self",))
        .select_related("graduate__person")
        .get(pk=request.pk)
    )
    if not CORRECTION.allows(action, row.state):
        by = f"，由{row.decided_by}处理" if row.decided_by else ""
        raise Conflict("decided", f"此反馈{row.get_state_display()}{by}，没有重复执行。")
    return row


def _decide(row: CorrectionRequest, state: str, by: User, answer: str) -> CorrectionRequest:
    row.state, row.answer = state, answer.strip()[:300]
    row.decided_at, row.decided_by = timezone.now(), by.label
    row.save()
    audit.record(f"graduates.correction_{state}", by=by, obj=row, reason=row.answer)
    if state != CorrectionState.WITHDRAWN:
        inbox.tell(
            f"person:{row.graduate.person_id}",
            f"信息反馈“{row.label}”{row.get_state_display()}",
            text=row.answer, link=reverse("corrections"), key=f"correction:{row.pk}",
            mail_to=row.graduate.email,
        )  # fmt: skip
    return row


def due_on(day: datetime.date, working_days: int = _WORKING_DAYS) -> datetime.date:
    """The date so many working days after `day`. Weekends are no working days, holidays are."""
    while working_days:
        day += datetime.timedelta(days=1)
        working_days -= day.weekday() < 5
    return day
