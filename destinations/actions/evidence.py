"""Evidence images. They count for the category that they were uploaded for, at most four for each;
submitted ones are hidden, never deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from core import audit, files
from core.clock import database_now
from core.errors import Refused
from core.files import images
from core.models import StoredFile
from destinations.models import Destination, Evidence, is_seeking
from destinations.states import State
from destinations.steps import EVIDENCE, GRADUATE, MACHINE, role_of
from graduates.models import Graduate

MOST = 4


def standing_evidence(graduate_id: int, category: str) -> QuerySet[Evidence]:
    """The images that are shown with `category`; none with 待就业 (70)."""
    if is_seeking(category):
        return Evidence.objects.none()
    return _standing(graduate_id).filter(category=category)


def earlier_evidence(graduate_id: int, category: str) -> list[Evidence]:
    """The images uploaded for other categories, each file once. The graduate may say that they count
    for `category`, too."""
    if is_seeking(category):
        return []
    known = set(standing_evidence(graduate_id, category).values_list("file_id", flat=True))
    others = _standing(graduate_id).exclude(category=category).exclude(file_id__in=known)
    return list({row.file_id: row for row in others}.values())


def _standing(graduate_id: int) -> QuerySet[Evidence]:
    return Evidence.objects.filter(graduate_id=graduate_id, removed_at=None).select_related("file")


def add_evidence(
    *, graduate: Graduate, content: bytes, name: str, by: User, category: str = ""
) -> Evidence:
    """Compress a picture and attach it for `category`, else for the registered one. Raises
    `ImageRefused`, or `Refused` if there are four."""
    (added,) = _add_pages(graduate, content, name, by, category, most=1)
    return added


def _add_pages(
    graduate: Graduate, content: bytes, name: str, by: User, category: str, *, most: int
) -> list[Evidence]:
    """Attach each page of a picture; only a TIFF has several. Raises as `add_evidence` does, and
    `ImageRefused` for more than `most` pages."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    d = _check_may_change(graduate.pk, category, by)
    _check_room(graduate.pk, category or d.category, more=1)
    pages = images.compress_pages(content, most_pages=most)
    stored = [
        files.store(
            page,
            name=f"{name.rpartition('.')[0] or '证明材料'}.jpg",
            content_type="image/jpeg",
            purpose="evidence",
            school_id=graduate.school_id,
            by_id=by.pk,
        )
        for page in pages
    ]
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).get(pk=graduate.pk)
        d = _check_may_change(graduate.pk, category, by)
        category = category or d.category
        _check_room(graduate.pk, category, more=len(stored))
        added = []
        for file in stored:
            row = Evidence.objects.create(graduate=graduate, file=file, category=category)
            audit.record("destinations.evidence_add", by=by, obj=row, school_id=graduate.school_id)
            added.append(row)
    return added


def free_places(graduate_id: int, category: str) -> int:
    """How many more images the category can have; none with 待就业 (70)."""
    if is_seeking(category):
        return 0
    return max(0, MOST - standing_evidence(graduate_id, category).count())


def _check_room(graduate_id: int, category: str, *, more: int) -> None:
    if is_seeking(category):
        raise Refused("no_evidence", "待就业不需要证明材料；请先登记或录入去向，再上传材料。")
    if more > free_places(graduate_id, category):
        raise Refused("evidence_full", f"最多上传{MOST}张证明材料，请先删除一张。")


def add_uploads(
    *, graduate: Graduate, uploads: Iterable[UploadedFile], by: User, category: str = ""
) -> None:
    """Attach uploaded pictures one by one, each page of a TIFF as a picture of its own. The first one
    that is refused ends it; raises as `add_evidence` does."""
    for upload in uploads:
        _add_pages(graduate, upload.read(), upload.name or "", by, category, most=MOST)


def keep_evidence(
    *, graduate_id: int, category: str, picked: Collection[int], by: User | None
) -> None:
    """Make the picked images of other categories count for `category`, too. One that was submitted
    stays with its own category as well, so that taking the registration back finds it there. The
    caller has locked the graduate; `by` is None for the platform. Raises `Refused` if there would be
    more than four."""
    kept = [row for row in earlier_evidence(graduate_id, category) if row.pk in picked]
    if not kept:
        return
    _check_room(graduate_id, category, more=len(kept))
    school_id = Graduate.objects.values_list("school_id", flat=True).get(pk=graduate_id)
    for row in kept:
        if row.submitted_at is not None:
            row.pk, row._state.adding = None, True
        row.category = category
        row.save()
        audit.record("destinations.evidence_keep", by=by, obj=row, school_id=school_id)


def attach_proof(
    *, graduate_id: int, category: str, proof: Sequence[StoredFile], by: User | None
) -> None:
    """Attach pictures that another app has checked and stored as submitted evidence of the category. The
    caller has locked the graduate; `by` is None for the platform."""
    school_id = Graduate.objects.values_list("school_id", flat=True).get(pk=graduate_id)
    for file in proof:
        added = Evidence.objects.create(
            graduate_id=graduate_id, file=file, category=category, submitted_at=timezone.now()
        )
        audit.record("destinations.evidence_add", by=by, obj=added, school_id=school_id)


def remove_evidence(*, evidence: Evidence, by: User) -> None:
    """Delete an image that was not submitted yet; hide one that was, which is kept three years."""
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).get(pk=evidence.graduate_id)
        _check_may_change(evidence.graduate_id, evidence.category, by)
        # Somebody may have submitted or removed it since it was read.
        evidence.refresh_from_db()
        if evidence.removed_at is not None:
            return
        label = f"证明材料 {evidence.pk}"
        audit.record(
            "destinations.evidence_remove", by=by, obj=evidence, label=label,
            school_id=Graduate.objects.values_list("school_id", flat=True).get(
                pk=evidence.graduate_id
            ),
        )  # fmt: skip
        if evidence.submitted_at is not None:
            _check_may_hide(evidence.graduate_id, by)
        if evidence.submitted_at is None:
            evidence.delete()
            files.discard(evidence.file)
        else:
            evidence.removed_at = database_now()
            evidence.save(update_fields=["removed_at"])


def _check_may_change(graduate_id: int, category: str, by: User) -> Destination:
    """Refuse who may not change the evidence of `category` now, as `check_may_change` does."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=graduate_id)
    check_may_change(d, category, by)
    return d


def check_may_change(d: Destination, category: str, by: User) -> None:
    """A graduate may change evidence while they may register, but not what was approved; staff may
    until the cohort is sealed. Raises the `DomainError` of a refusal."""
    if role_of(by) == GRADUATE:
        MACHINE.check("register", d, by)
        if category != d.category:
            return
    EVIDENCE.check("change", d, by)


def _check_may_hide(graduate_id: int, by: User) -> None:
    """While a registration waits for review, the graduate can't take away its evidence."""
    state = Destination.objects.values_list("state", flat=True).get(pk=graduate_id)
    if role_of(by) == GRADUATE and state == State.PENDING:
        raise Refused("submitted", "已提交审核，材料不能删除；可补充新材料，或先撤回登记。")


def submit_evidence(graduate_id: int, category: str) -> None:
    """Mark the images of the category as submitted: from now on they can't be deleted."""
    standing_evidence(graduate_id, category).filter(submitted_at=None).update(
        submitted_at=timezone.now()
    )


def hide_evidence(graduate_id: int) -> None:
    """Hide all images of a destination that was released, those of other categories, too."""
    _standing(graduate_id).update(removed_at=Now())
