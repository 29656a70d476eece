"""Changes of the standing (学籍状态): 延期, 转出, 退学, and back to 在籍. Figures count only 在籍."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from graduates import hooks
from graduates.actions.origin import locked_graduate
from graduates.models import Graduate
from graduates.origin_steps import STANDING
from graduates.states import Standing
from schools.models import Cohort, Phase, SchoolClass


def _checked_reason(by: User, reason: str) -> str:
    """The reason without blanks around it, once it is known that the person may change standings."""
    if not by.has_perm("graduates.standing"):
        raise NotPermitted("role", "只有学校系统管理员可以办理学籍变动。")
    if not reason.strip():
        raise Refused("reason", "请填写变动原因。", field="reason")
    return reason.strip()


def end_enrolment(*, graduate_id: int, standing: str, reason: str, by: User) -> Graduate:
    """The graduate leaves: 转出 or 退学. Higher apps may refuse it by the hook `leave_guards`."""
    reason = _checked_reason(by, reason)
    with transaction.atomic():
        return end_enrolment_locked(
            locked_graduate(graduate_id), standing=standing, reason=reason, by=by
        )


def end_enrolment_locked(graduate: Graduate, *, standing: str, reason: str, by: User) -> Graduate:
    """As `end_enrolment`, for a row that the caller has locked. The caller checks the permission."""
    if standing not in (Standing.TRANSFERRED, Standing.WITHDRAWN):
        raise Refused("standing", "请选择转出或退学。", field="standing")
    _check_enrolled(graduate, "end_enrolment")
    hooks.leave_guards.run(graduate=graduate)
    return _write(graduate, standing, reason, by, {})


def restore_enrolment(*, graduate_id: int, reason: str, by: User) -> Graduate:
    """Set the standing back to 在籍, because the change was a mistake."""
    reason = _checked_reason(by, reason)
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if not STANDING.allows("restore_enrolment", graduate.standing):
            raise Refused("enrolled", "学籍状态已是在籍。")
        return _write(graduate, Standing.ENROLLED, reason, by, {})


def defer(*, graduate_id: int, to: Cohort, reason: str, by: User) -> Graduate:
    """延期: move the record with its history to another cohort, where it is 在籍. It has to be
    confirmed again."""
    reason = _checked_reason(by, reason)
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        _check_enrolled(graduate, "defer")
        if to.school_id != graduate.school_id or to.pk == graduate.cohort_id:
            raise Refused("cohort", "请选择本校的另一届。", field="standing")
        if to.phase() == Phase.SEALED:
            raise Refused("cohort_sealed", f"{to}已封存。", field="standing")
        if graduate.person.graduates.filter(cohort=to).exists():
            raise Refused("person_twice", f"{to}中已有此人的记录。", field="standing")
        if Graduate.objects.filter(cohort=to, exam_no=graduate.exam_no).exists():
            raise Refused("exam_no_taken", f"{to}中已有此考生号。", field="standing")
        hooks.leave_guards.run(graduate=graduate)
        changes = {"year": [graduate.cohort.year, to.year]}
        its_class, _ = SchoolClass.objects.get_or_create(
            school_id=graduate.school_id,
            cohort=to,
            department=graduate.department,
            name=graduate.school_class.name,
        )
        graduate.cohort, graduate.school_class = to, its_class
        graduate.confirmed_at, graduate.confirmed_hash = None, ""
        graduate.confirmation, graduate.locked_at, graduate.locked_by = "unsubmitted", None, ""
        moved = _write(graduate, Standing.ENROLLED, reason, by, changes)
        hooks.moved.run(graduate=moved)
        return moved


def _check_enrolled(graduate: Graduate, action: str) -> None:
    if not STANDING.allows(action, graduate.standing):
        raise Refused("standing", f"学籍状态为{graduate.get_standing_display()}，请先恢复在籍。")


def _write(
    graduate: Graduate, standing: str, reason: str, by: User, changes: dict[str, list[int]]
) -> Graduate:
    before, graduate.standing = graduate.standing, standing
    graduate.version += 1
    graduate.updated_at = timezone.now()
    graduate.save()
    audit.record(
        "graduates.standing",
        by=by,
        obj=graduate,
        reason=reason,
        data={"standing": [before, standing], "changes": changes},
    )
    return graduate
