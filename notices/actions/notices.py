"""What publishers do with notices: write, publish, pin, withdraw; and what the clock does with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from codes import text as texts
from core import audit, files
from core.clock import database_now
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from core.files import images, pdfs
from core.models import StoredFile
from notices import queries
from notices.models import MOST_PINNED, Notice, NoticeAttachment
from notices.states import NoticeState, Readers
from notices.steps import NOTICE
from schools.models import Department, School
from schools.roles import LEVELS, Level
from schools.scope import staff_of

LONGEST_TITLE, LONGEST_BODY, LONGEST_REASON = 60, 10_000, 200
MOST_ATTACHMENTS = 5
MOST_BYTES = 10 * 1024 * 1024
_MOST_PAGES = 100
_STALE = "状态已变化，请刷新后再试，没有保存。"
# Kind of the lock under which a publisher's notices are pinned, one after another.
_PINS = 2_071_041
_FIELDS = (
    "title", "body", "readers", "must_read", "expires_on", "school_ids", "years", "levels",
    "department_ids", "roles",
)  # fmt: skip


def write(*, typed: Mapping[str, Any], uploads: Sequence[UploadedFile], by: User) -> Notice:
    """Write a new draft. `typed` has the fields of a notice by name, `pin_place` left out; those of the
    audience are lists. Raises `Invalid`."""
    staff = staff_of(by)
    if staff is None or not by.has_perm("notices.publish"):
        raise NotPermitted("role", "您的角色不能发布通知。")
    values = _checked(typed, by)
    pages = _read_attachments(uploads, kept=0)
    with transaction.atomic():
        notice = Notice.objects.create(
            school_id=staff.school_id, publisher=LEVELS[staff.role], created_by=by,
            created_by_label=by.label, **values,
        )  # fmt: skip
        _attach(notice, pages, by)
        audit.record("notices.write", by=by, obj=notice)
    return notice


def edit(
    *, notice_id: int, typed: Mapping[str, Any], uploads: Sequence[UploadedFile],
    kept: Collection[int], version: int, by: User,
) -> Notice:  # fmt: skip
    """Change a draft. `kept` are the ids of the attachments that stay. Raises `Invalid`, and `Conflict`
    if the draft has changed since the page with this version was shown."""
    values = _checked(typed, by)
    own = NoticeAttachment.objects.filter(notice=notice_id)
    pages = _read_attachments(uploads, kept=own.filter(pk__in=kept).count())
    with _step("edit", notice_id, by, version=version) as notice:
        for key, value in values.items():
            setattr(notice, key, value)
        notice.attachments.exclude(pk__in=kept).delete()
        _attach(notice, pages, by)
        if notice.attachments.count() > MOST_ATTACHMENTS:
            raise Invalid({"uploads": [f"最多{MOST_ATTACHMENTS}个附件。"]})
        _save(notice)
        audit.record("notices.edit", by=by, obj=notice)
    return notice


def copy(*, notice_id: int, by: User) -> Notice:
    """A new draft with the text, the audience and the attachments of a notice that one manages."""
    source = queries.published_by(by).get(pk=notice_id)
    staff = staff_of(by)
    assert staff is not None
    with transaction.atomic():
        notice = Notice.objects.create(
            school_id=source.school_id, publisher=LEVELS[staff.role], created_by=by,
            created_by_label=by.label, **{key: getattr(source, key) for key in _FIELDS},
        )  # fmt: skip
        NoticeAttachment.objects.bulk_create(
            NoticeAttachment(notice=notice, file_id=one.file_id) for one in source.attachments.all()
        )
        audit.record("notices.write", by=by, obj=notice, data={"copy_of": source.pk})
    return notice


def discard(*, notice_id: int, by: User) -> None:
    with _step("discard", notice_id, by) as notice:
        audit.record("notices.discard", by=by, obj=notice)
        notice.delete()


def publish(*, notice_id: int, version: int, by: User) -> Notice:
    """From now on the audience reads it. `version` is that of the page that was looked at."""
    with _step("publish", notice_id, by, version=version) as notice:
        if notice.expires_on is not None and notice.expires_on < timezone.localdate():
            raise Refused("over", "展示日期已过，请先修改“展示至”。")
        notice.state = NoticeState.PUBLISHED
        notice.published_at, notice.published_by = database_now(), by.label
        _save(notice)
        audit.record("notices.publish", by=by, obj=notice)
    return notice


def pin(*, notice_id: int, by: User) -> Notice:
    """Keep a notice above the others. Refused while the publisher has pinned three."""
    with _step("pin", notice_id, by) as notice:
        if notice.pin_place is None:
            notice.pin_place = _free_place(notice)
            _save(notice)
            audit.record("notices.pin", by=by, obj=notice)
    return notice


def _free_place(notice: Notice) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PINS, notice.school_id or 0])
    pinned = Notice.objects.filter(school=notice.school_id, pin_place__isnull=False)
    taken = set(pinned.values_list("pin_place", flat=True))
    free = set(range(1, MOST_PINNED + 1)) - taken
    if not free:
        raise Refused("full", f"最多置顶{MOST_PINNED}条，请先取消一条的置顶。")
    return min(free)


def unpin(*, notice_id: int, by: User) -> Notice:
    with _step("unpin", notice_id, by) as notice:
        if notice.pin_place is not None:
            notice.pin_place = None
            _save(notice)
            audit.record("notices.unpin", by=by, obj=notice)
    return notice


def withdraw(*, notice_id: int, reason: str, by: User) -> Notice:
    """Nobody reads it any more. What was read and confirmed stays on record."""
    reason = texts.clean_lines(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [f"请填写撤回的原因，最多{LONGEST_REASON}个字。"]})
    with _step("withdraw", notice_id, by) as notice:
        notice.state, notice.reason, notice.pin_place = NoticeState.WITHDRAWN, reason, None
        _save(notice)
        audit.record("notices.withdraw", by=by, obj=notice, reason=reason)
    return notice


def expire_due() -> int:
    """Mark the notices whose last day is over; returns how many there were."""
    due = Notice.objects.filter(state=NoticeState.PUBLISHED, expires_on__lt=timezone.localdate())
    done = 0
    for pk in list(due.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            notice = _locked(pk)
            if notice is None or not NOTICE.can("expire", notice, None):
                continue
            notice.state, notice.pin_place = NoticeState.EXPIRED, None
            _save(notice)
            audit.record("notices.expire", by=None, obj=notice)
            done += 1
    return done


# --- steps -------------------------------------------------------------------------------------


def _locked(notice_id: int) -> Notice | None:
    rows = Notice.objects.select_for_update(no_key=True, of=("self",)).select_related("school")
    return rows.filter(pk=notice_id).first()


@contextmanager
def _step(action: str, notice_id: int, by: User, *, version: int | None = None) -> Iterator[Notice]:
    """A transaction for one step: lock the notice and ask the transition table. Raises `Conflict` if it
    has changed since the page with this version."""
    with transaction.atomic():
        notice = _locked(notice_id)
        if notice is None:
            raise Conflict("stale", _STALE)  # discarded meanwhile
        NOTICE.check(action, notice, by)
        if version is not None and version != notice.version:
            raise Conflict("stale", _STALE)
        yield notice


def _save(notice: Notice) -> None:
    notice.version += 1
    notice.save()


# --- what was typed ----------------------------------------------------------------------------


def _checked(typed: Mapping[str, Any], by: User) -> dict[str, Any]:
    """The values of a notice, with the audience limited to what the person may address."""
    values = {key: typed[key] for key in _FIELDS}
    values["title"] = texts.clean(values["title"])
    values["body"] = texts.clean_clauses(values["body"])
    errors: dict[str, list[str]] = {}
    if not values["title"] or len(values["title"]) > LONGEST_TITLE:
        errors["title"] = [f"请填写标题，最多{LONGEST_TITLE}个字。"]
    if not values["body"] or len(values["body"]) > LONGEST_BODY:
        errors["body"] = [f"请填写正文，最多{LONGEST_BODY}个字。"]
    expires = values["expires_on"]
    if expires is not None and expires < timezone.localdate():
        errors["expires_on"] = ["展示的最后一天不能早于今天。"]
    _limit_audience(values, by, errors)
    if errors:
        raise Invalid(errors)
    return values


def _limit_audience(values: dict[str, Any], by: User, errors: dict[str, list[str]]) -> None:
    staff = staff_of(by)
    assert staff is not None
    to_graduates = values["readers"] == Readers.GRADUATES
    for key in ("years", "levels"):
        values[key] = sorted(values[key]) if to_graduates else []
    values["roles"] = [] if to_graduates else sorted(values["roles"])
    if staff.role_level == Level.PROVINCE:
        known = School.objects.filter(pk__in=values["school_ids"])
        values["school_ids"] = sorted(known.values_list("pk", flat=True))
        values["department_ids"] = []
        return
    values["school_ids"] = []
    departments = Department.objects.filter(school=staff.school_id, pk__in=values["department_ids"])
    chosen = set(departments.values_list("pk", flat=True))
    if staff.role_level != Level.SCHOOL:
        chosen &= queries.departments_of(by)
        if not chosen:
            errors["department_ids"] = ["请选择面向的院系。"]
    values["department_ids"] = sorted(chosen)


# --- attachments -------------------------------------------------------------------------------


def _read_attachments(
    uploads: Sequence[UploadedFile], *, kept: int
) -> list[tuple[bytes, str, str]]:
    """(content, name, content type) of each, re-written so that nothing hidden is in it. Raises `Invalid`
    naming the file that can't be taken."""
    if kept + len(uploads) > MOST_ATTACHMENTS:
        raise Invalid({"uploads": [f"最多{MOST_ATTACHMENTS}个附件。"]})
    done = []
    for upload in uploads:
        name = upload.name or ""
        try:
            content = upload.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise Refused("too_large", f"不能超过{MOST_BYTES // 1024 // 1024}MB。")
            if content.startswith(b"%PDF"):
                done.append(
                    (pdfs.rebuild(content, most_pages=_MOST_PAGES), name, "application/pdf")
                )
            else:
                done.append(
                    (images.compress(content), f"{name.rpartition('.')[0]}.jpg", "image/jpeg")
                )
        except DomainError as refusal:
            raise Invalid({"uploads": [f"“{name}”：{refusal.message}"]}) from refusal
    return done


def _attach(notice: Notice, pages: Sequence[tuple[bytes, str, str]], by: User) -> None:
    stored: list[StoredFile] = [
        files.store(
            content, name=name, content_type=content_type, purpose="notice",
            school_id=notice.school_id, by_id=by.pk,
        )
        for content, name, content_type in pages
    ]  # fmt: skip
    NoticeAttachment.objects.bulk_create(NoticeAttachment(notice=notice, file=f) for f in stored)
