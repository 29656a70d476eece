"""Editing, confirming, locking and adding origin records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Realm, User
from core import audit
from core.audit import Actor
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from graduates import hooks
from graduates.fields import ALL, BY_KEY, OriginField
from graduates.models import Graduate, HandEntry, Person
from graduates.origin_steps import CONFIRMATION
from graduates.permissions import editable_keys, phase_for, refuse_sealed
from graduates.pinyin import name_sort
from graduates.placement import DECIDING, refuse_outside
from graduates.records import (
    RELATED,
    confirmation_hash,
    is_confirmation_current,
    json_value,
    record_of,
)
from graduates.rules import check_record, required_gaps
from graduates.states import Confirmation, EntryCause, Standing
from schools.models import Cohort, Department, Phase, School, SchoolClass
from schools.scope import visible_to


def locked_graduate(graduate_id: int) -> Graduate:
    """The graduate, locked for a change. Every action about a graduate locks this row first. Raises
    `Refused` if the cohort is sealed."""
    graduate = (
        Graduate.objects.select_for_update(no_key=True, of=("self",))
        .select_related(*RELATED)
        .get(pk=graduate_id)
    )
    refuse_sealed(graduate.cohort)
    return graduate


# The page shows beside each field what is stored now.
CHANGED_MEANWHILE = "此记录刚刚被他人修改，您的修改没有保存。您填写的还在，有差别的各项写明了现已保存的内容，请核对后再保存。"


def edit(
    *, graduate_id: int, typed: Mapping[str, Any], by: User, version: int | None = None
) -> Graduate:
    """Change fields. A change of a field that the user may not edit is refused; wrong values raise
    `Invalid` with sentences by field.

    After a change by staff the graduate has to confirm the record again.
    """
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if version is not None and version != graduate.version:
            raise Conflict("changed", CHANGED_MEANWHILE)
        before = record_of(graduate)
        record, errors = _read_typed(typed, before)
        changed = {
            k for k in typed if k in BY_KEY and json_value(record[k]) != json_value(before[k])
        }
        _refuse_grey(changed | set(errors), graduate, by)
        if not errors:
            errors = _check_between_fields(record, changed)
            if graduate.confirmation == Confirmation.LOCKED:
                errors |= {f.key: [f"{f.label}不能为空"] for f in _new_gaps(before, record)}
        if errors:
            raise Invalid(errors)
        if changed:
            was_current = is_confirmation_current(graduate)
            _set_values(graduate, record, changed)
            refuse_outside(graduate, changed, by)
            if by.realm != Realm.GRADUATE:
                _lapse_confirmation(graduate)
            elif was_current:  # graduates confirm what they change themselves
                graduate.confirmed_hash = confirmation_hash(record)
            _save(graduate)
            if changed & {"id_type", "id_number"}:
                _note_entry(graduate, EntryCause.DOCUMENT, by)
            changes = {k: [json_value(before[k]), json_value(record[k])] for k in sorted(changed)}
            audit.record("graduates.edit", by=by, obj=graduate, data={"changes": changes})
        return graduate


def _read_typed(
    typed: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    record, errors = dict(before), {}
    for key in typed:
        if key not in BY_KEY:
            continue
        value, issues = BY_KEY[key].read(typed[key])
        sentences = [i.message for i in issues if i.is_error]
        if sentences:
            errors[key] = sentences
        else:
            record[key] = value
    return record, errors


def _check_between_fields(record: Mapping[str, Any], changed: set[str]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if changed:
        for issue in check_record(record):
            if issue.is_error:
                errors.setdefault(issue.field, []).append(issue.message)
    return errors


def problems_of(graduate: Graduate, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The sentences, by field, for which the record with these values would not be confirmed."""
    before = record_of(graduate)
    record = before | dict(values)
    changed = {k for k in values if json_value(record[k]) != json_value(before[k])}
    errors = _check_between_fields(record, changed)
    return {f.key: [f"{f.label}不能为空"] for f in required_gaps(record)} | errors


def _new_gaps(before: Mapping[str, Any], record: Mapping[str, Any]) -> list[OriginField]:
    """The required fields that are empty now and were not before."""
    known = required_gaps(before)
    return [f for f in required_gaps(record) if f not in known]


def _refuse_grey(keys: set[str], graduate: Graduate, by: User) -> None:
    grey = keys - editable_keys(graduate, by)
    if grey:
        labels = "、".join(f.label for f in ALL if f.key in grey)
        raise NotPermitted("grey_field", f"您不能修改：{labels}。如有错误请提交信息反馈。")


def _set_values(graduate: Graduate, record: Mapping[str, Any], changed: set[str]) -> None:
    for key in changed:
        if key not in ("department", "school_class", "id_type", "id_number"):
            setattr(graduate, key, record[key])
    if "name" in changed:
        graduate.name_sort = name_sort(graduate.name)
    if changed & {"department", "school_class"}:
        _set_class(graduate, record["department"], record["school_class"])
    if changed & {"id_type", "id_number"}:
        person = graduate.person
        person.id_type, person.id_number = record["id_type"], record["id_number"]
        try:
            with transaction.atomic():
                person.save(update_fields=["id_type", "id_number"])
        except IntegrityError:
            raise Invalid({"id_number": ["本校已有此证件号码的另一人，请核对。"]}) from None


def _set_class(graduate: Graduate, department: str, school_class: str) -> None:
    its_department = Department.objects.filter(
        school_id=graduate.school_id, name=department
    ).first()
    if its_department is None:
        raise Invalid({"department": [f"本校没有院系“{department}”。"]})
    if not its_department.is_active and its_department.pk != graduate.department_id:
        raise Invalid({"department": [f"院系“{department}”已停用，请选择其他院系。"]})
    its_class = SchoolClass.objects.filter(
        cohort_id=graduate.cohort_id, department=its_department, name=school_class
    ).first()
    if its_class is None:
        raise Invalid(
            {"school_class": [f"{department}没有班级“{school_class}”，请同时选好院系和班级。"]}
        )
    graduate.department, graduate.school_class = its_department, its_class


def _save(graduate: Graduate) -> None:
    graduate.version += 1
    graduate.updated_at = timezone.now()
    try:
        with transaction.atomic():
            graduate.save()
    except IntegrityError as error:
        text = str(error)
        if "graduate_student_no" in text:
            raise Invalid({"student_no": ["本校已有此学号。"]}) from None
        if "graduate_exam_no" in text:
            raise Invalid({"exam_no": ["本届已有此考生号。"]}) from None
        raise


def _lapse_confirmation(graduate: Graduate) -> None:
    """End the graduate's confirmation, because the record is no longer what was confirmed."""
    graduate.confirmed_at, graduate.confirmed_hash = None, ""
    if CONFIRMATION.allows("edit", graduate.confirmation):
        graduate.confirmation = Confirmation.UNSUBMITTED


def confirm(*, graduate_id: int, shown_hash: str, by: User | Actor) -> Graduate:
    """The graduate confirms the record with the hash `shown_hash`, which the page has shown. Locked
    records may be confirmed, too."""
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if graduate.standing != Standing.ENROLLED:
            raise Refused("standing", f"学籍状态为{graduate.get_standing_display()}，不能确认。")
        if phase_for(graduate) not in (Phase.OPEN, Phase.PREPARING):
            raise Refused("cohort_ended", f"{graduate.cohort}已{graduate.cohort.phase_label}。")
        record = record_of(graduate)
        current = confirmation_hash(record)
        if shown_hash != current:
            raise Conflict("changed", "信息刚刚有变化，请重新核对后再确认。")
        if gaps := required_gaps(record):
            raise Invalid({f.key: [f"{f.label}不能为空"] for f in gaps}, code="incomplete")
        graduate.confirmed_at, graduate.confirmed_hash = timezone.now(), current
        if graduate.confirmation == Confirmation.UNSUBMITTED:
            graduate.confirmation = Confirmation.CONFIRMED
        _save(graduate)
        audit.record("graduates.confirm", by=by, obj=graduate, data={"hash": current})
        return graduate


def why_not_lock(graduate: Graduate, by: User) -> DomainError | None:
    """Why `by` can't lock the record now; None if they can. A record with an empty required field is
    not locked, because its graduate could neither fill it in nor confirm afterwards."""
    if not by.has_perm("graduates.lock"):
        return NotPermitted("role", "您没有锁定生源信息的权限。")
    if not CONFIRMATION.allows("lock", graduate.confirmation):
        return Refused("locked", "已经锁定。")
    if gaps := required_gaps(record_of(graduate)):
        return Refused(
            "gaps", f"必填项还空着：{'、'.join(f.label for f in gaps)}。填写后才能锁定。"
        )
    return None


def why_not_unlock(graduate: Graduate, by: User) -> DomainError | None:
    if not by.has_perm("graduates.unlock"):
        return NotPermitted("role", "只有学校系统管理员可以解锁。")
    if not CONFIRMATION.allows("unlock", graduate.confirmation):
        return Refused("not_locked", "没有锁定。")
    return None


def lock(*, graduate_id: int, by: User) -> Graduate:
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if refusal := why_not_lock(graduate, by):
            raise refusal
        graduate.confirmation = Confirmation.LOCKED
        graduate.locked_at, graduate.locked_by = timezone.now(), by.label
        _save(graduate)
        audit.record("graduates.lock", by=by, obj=graduate)
        return graduate


def unlock(*, graduate_id: int, by: User) -> Graduate:
    """Unlock a record. It is confirmed if the graduate's confirmation is current, else
    unsubmitted."""
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if refusal := why_not_unlock(graduate, by):
            raise refusal
        graduate.locked_at, graduate.locked_by = None, ""
        if is_confirmation_current(graduate):
            graduate.confirmation = Confirmation.CONFIRMED
        else:
            graduate.confirmation = Confirmation.UNSUBMITTED
            graduate.confirmed_at, graduate.confirmed_hash = None, ""
        _save(graduate)
        audit.record("graduates.unlock", by=by, obj=graduate)
        return graduate


@dataclass(frozen=True)
class LockResult:
    """What a bulk lock or unlock will do, or has done, with one row. `gaps` are the labels of the
    required fields that are empty and keep it from being locked."""

    graduate_id: int
    label: str
    ok: bool
    message: str
    gaps: Sequence[str] = ()

    @property
    def address(self) -> str:
        """The page of the record, where what is missing can be filled in."""
        return reverse("console:origin", args=[self.graduate_id])


def preview_locks(
    *, graduate_ids: Sequence[int], by: User, unlocking: bool = False
) -> list[LockResult]:
    """What `lock_many` would do with each row; changes nothing."""
    results = []
    message = "将解锁" if unlocking else "将锁定"
    for graduate in _picked(graduate_ids, by):
        try:
            refuse_sealed(graduate.cohort)
            refused = (why_not_unlock if unlocking else why_not_lock)(graduate, by)
        except DomainError as sealed:
            refused = sealed
        results.append(
            _refused(graduate, refused)
            if refused
            else LockResult(graduate.pk, str(graduate), True, message)
        )
    return results


def _refused(graduate: Graduate, refusal: DomainError) -> LockResult:
    gaps = required_gaps(record_of(graduate)) if refusal.code == "gaps" else []
    labels = [f.label for f in gaps]
    return LockResult(graduate.pk, str(graduate), False, refusal.message, labels)


def _picked(graduate_ids: Sequence[int], by: User) -> QuerySet[Graduate]:
    """The picked records in the scope of `by`."""
    rows = visible_to(Graduate.objects.select_related(*RELATED), by)
    return rows.filter(pk__in=graduate_ids).order_by("pk")


def lock_many(
    *, graduate_ids: Sequence[int], by: User, unlocking: bool = False
) -> list[LockResult]:
    """Lock or unlock many records, each in its own transaction. Records outside the user's scope are
    left out."""
    results = []
    for graduate in _picked(graduate_ids, by):
        try:
            done = (unlock if unlocking else lock)(graduate_id=graduate.pk, by=by)
            message = Confirmation(done.confirmation).label
            results.append(LockResult(graduate.pk, str(graduate), True, message))
        except DomainError as refusal:
            results.append(_refused(graduate, refusal))
    return results


def lock_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of locking all that a list shows (`core.frame.BulkAction`)."""
    found = lock_many(graduate_ids=[pk], by=by)
    return (found[0].ok, found[0].label, found[0].message) if found else None


def unlock_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    found = lock_many(graduate_ids=[pk], by=by, unlocking=True)
    return (found[0].ok, found[0].label, found[0].message) if found else None


def add(*, school: School, typed: Mapping[str, Any], by: User | Actor) -> Graduate:
    """Add one graduate by hand. The same rules hold as for an import; raises `Invalid`."""
    record: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for field in ALL:
        value, issues = field.read(typed.get(field.key))
        record[field.key] = value
        sentences = [i.message for i in issues if i.is_error]
        if sentences:
            errors[field.key] = sentences
    for issue in check_record(record):
        if issue.is_error:
            errors.setdefault(issue.field, []).append(issue.message)
    cohort = Cohort.objects.filter(school=school, year=record["year"] or 0).first()
    if record["year"] and cohort is None:
        errors["year"] = [f"本校没有建立{record['year']}届。"]
    elif cohort is not None and cohort.phase() == Phase.SEALED:
        errors["year"] = [f"{cohort}已封存，不再接受新增。"]
    if errors or cohort is None:
        raise Invalid(errors)
    with transaction.atomic():
        person, _ = Person.objects.get_or_create(
            school=school, id_type=record["id_type"], id_number=record["id_number"]
        )
        if person.graduates.filter(cohort=cohort).exists():
            raise Invalid({"id_number": ["本届已有此证件号码的毕业生。"]})
        graduate = Graduate(school=school, cohort=cohort, person=person)
        direct = set(BY_KEY) - {"year", "department", "school_class", "id_type", "id_number"}
        for key in direct:
            setattr(graduate, key, record[key])
        graduate.name_sort = name_sort(graduate.name)
        _set_class(graduate, record["department"], record["school_class"])
        refuse_outside(graduate, DECIDING, by)
        graduate.version = 0
        _save(graduate)
        _note_entry(graduate, EntryCause.ADDED, by)
        audit.record("graduates.add", by=by, obj=graduate)
        hooks.created.run(graduate=graduate, by=by)
        return graduate


def _note_entry(graduate: Graduate, cause: EntryCause, by: User | Actor) -> None:
    """Note that staff entered this person by hand, so that a second one confirms it. What the platform
    itself enters, such as the demo, needs nobody."""
    if isinstance(by, User):
        HandEntry.objects.create(
            graduate=graduate, cause=cause, entered_by=by, entered_label=by.label
        )
