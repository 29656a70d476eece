"""Saving where a graduate's archive (档案) goes, and that it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Realm, User
from codes.findings import Finding
from core import audit
from core.audit import Actor
from core.db import rows
from core.db.lookups import LookUp
from core.errors import Conflict, Invalid, NotPermitted, Refused
from graduates.actions.origin import CHANGED_MEANWHILE, locked_graduate
from graduates.archive import OWN_KEYS, SENT_KEYS, read_fields
from graduates.models import ArchiveTransfer, Graduate
from graduates.permissions import phase_for
from graduates.records import json_value
from schools.models import Phase


def save(
    *, graduate_id: int, typed: Mapping[str, Any], by: User, version: int | None = None
) -> ArchiveTransfer:
    """Save where the archive goes. Graduates may change it until it was sent. Raises `Invalid`, or
    `Conflict` if the row has another version than the one that the page showed."""
    values, issues = read_fields(typed, OWN_KEYS)
    if issues:
        raise Invalid(_by_field(issues))
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        archive = _locked_archive(graduate)
        reason = why_grey(graduate, archive, by)
        if reason:
            raise Refused("archive", reason)
        _check_version(archive, version)
        return _save_changes(archive, values, by, "graduates.archive")


def record_sending(
    *, graduate_id: int, typed: Mapping[str, Any], by: User, version: int | None = None
) -> ArchiveTransfer:
    """Save the mail number and the day, once staff have sent the archive. Raises as `save` does."""
    if not by.has_perm("graduates.edit"):
        raise NotPermitted("role", "您没有登记寄出的权限。")
    values, errors = check_sending(typed)
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        archive = _locked_archive(locked_graduate(graduate_id))
        check_receiver_known(archive.transfer_type)
        _check_version(archive, version)
        return _save_changes(archive, values, by, "graduates.archive_sent")


def _check_version(archive: ArchiveTransfer, version: int | None) -> None:
    """`version` is the one that the page showed: 0 if there was no row yet."""
    if version is not None and version != (0 if archive._state.adding else archive.version):
        raise Conflict("changed", CHANGED_MEANWHILE)


def check_receiver(typed: Mapping[str, Any]) -> dict[str, list[str]]:
    """The errors of where an archive goes, by field."""
    return _by_field(read_fields(typed, OWN_KEYS)[1])


def check_sending(typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Mail number and day as they were read, and the errors by field."""
    values, issues = read_fields(typed, SENT_KEYS)
    errors = _by_field(issues)
    if bool(values["tracking_no"]) != bool(values["sent_on"]):
        missing = "sent_on" if values["tracking_no"] else "tracking_no"
        errors.setdefault(missing, ["单号和寄出日期须一并填写"])
    if values["sent_on"] and values["sent_on"] > timezone.localdate():
        errors["sent_on"] = ["寄出日期不能晚于今天"]
    return values, errors


def check_receiver_known(transfer_type: str) -> None:
    """Refuse to note that an archive was sent if nobody has said where it goes."""
    if not transfer_type:
        raise Refused("archive_type", "请先填写档案转递类型和接收单位。")


def propose(*, graduate: Graduate, values: Mapping[str, Any], by: User | Actor | None) -> None:
    """Take over where a signed agreement sends the archive, unless somebody said so already. Runs in
    the transaction of the caller, who has locked the graduate."""
    if not values.get("unit_name"):
        return
    archive = _locked_archive(graduate)
    if archive.transfer_type or archive.unit_name:
        return
    wanted = {k: values.get(k) or "" for k in ("unit_name", "contact", "phone", "address")}
    _save_changes(archive, wanted | {"transfer_type": "employer"}, by, "graduates.archive")


def why_grey(graduate: Graduate, archive: ArchiveTransfer | None, by: User) -> str:
    """Why this person can't change the receiver now; "" if they can."""
    phase = phase_for(graduate, graduate.cohort)
    if phase == Phase.SEALED:
        return f"{graduate.cohort}已封存"
    if by.realm == Realm.GRADUATE:
        if phase == Phase.ENDED:
            return f"{graduate.cohort}已截止，有误请提交信息反馈"
        if archive is not None and archive.sent_on is not None:
            return "档案已寄出，有误请提交信息反馈"
        return ""
    return "" if by.has_perm("graduates.edit") else "没有修改的权限"


_LOCKING = LookUp(lambda pk: ArchiveTransfer.objects.select_for_update().filter(pk=pk))


def _locked_archive(graduate: Graduate) -> ArchiveTransfer:
    """The graduate's row, or a new one that is not saved yet."""
    row = _LOCKING.first(graduate.pk) or ArchiveTransfer(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id
    )
    row.graduate = graduate
    return row


def _save_changes(
    archive: ArchiveTransfer, values: Mapping[str, Any], by: User | Actor | None, action: str
) -> ArchiveTransfer:
    changes = {
        k: [json_value(getattr(archive, k)), json_value(v)]
        for k, v in values.items()
        if getattr(archive, k) != v
    }
    if not changes:
        return archive
    for key, value in values.items():
        setattr(archive, key, value)
    archive.version += 1
    archive.updated_at = timezone.now()
    if archive._state.adding:
        rows.insert(archive, later=True)
    else:
        rows.update(archive)
    audit.record(
        action, by=by, obj=archive.graduate, data={"changes": changes},
    )  # fmt: skip
    return archive


def _by_field(issues: list[Finding]) -> dict[str, list[str]]:
    sentences: dict[str, list[str]] = {}
    for issue in issues:
        sentences.setdefault(issue.field, []).append(issue.message)
    return sentences
