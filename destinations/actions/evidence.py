"""Evidence images. A destination shows at most four; submitted ones are hidden, never deleted."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core import audit, files
from core.errors import Refused
from core.files import images
from destinations.models import Destination, Evidence
from destinations.states import State
from destinations.steps import GRADUATE, MACHINE, not_sealed, role_of
from graduates.models import Graduate

MOST = 4


def standing_evidence(graduate_id: int) -> QuerySet[Evidence]:
    """The images that are shown."""
    return Evidence.objects.filter(graduate_id=graduate_id, removed_at=None).select_related("file")


def add_evidence(*, graduate: Graduate, content: bytes, name: str, by: User) -> Evidence:
    """Compress a picture and attach it. Raises `ImageRefused`, or `Refused` if there are four."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    if standing_evidence(graduate.pk).count() >= MOST:
        raise Refused("evidence_full", f"最多上传{MOST}张证明材料，请先删除一张。")
    small = images.compress(content)
    file = files.store(
        small,
        name=f"{name.rpartition('.')[0] or '证明材料'}.jpg",
        content_type="image/jpeg",
        purpose="evidence",
        school_id=graduate.school_id,
        by_id=by.pk,
    )
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).get(pk=graduate.pk)
        _check_may_change(graduate.pk, by)
        if standing_evidence(graduate.pk).count() >= MOST:
            raise Refused("evidence_full", f"最多上传{MOST}张证明材料，请先删除一张。")
        added = Evidence.objects.create(graduate=graduate, file=file)
        audit.record("destinations.evidence_add", by=by, obj=added, school_id=graduate.school_id)
    return added


def add_uploads(*, graduate: Graduate, uploads: Iterable[UploadedFile], by: User) -> None:
    """Attach uploaded pictures one by one. The first one that is refused ends it; raises as
    `add_evidence` does."""
    for upload in uploads:
        add_evidence(graduate=graduate, content=upload.read(), name=upload.name or "", by=by)


def remove_evidence(*, evidence: Evidence, by: User) -> None:
    """Delete an image that was not submitted yet; hide one that was, which is kept three years."""
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).get(pk=evidence.graduate_id)
        _check_may_change(evidence.graduate_id, by)
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
            evidence.removed_at = timezone.now()
            evidence.save(update_fields=["removed_at"])


def _check_may_change(graduate_id: int, by: User) -> None:
    """A graduate may change evidence while they may register, staff until the cohort is sealed."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=graduate_id)
    if role_of(by) == GRADUATE:
        MACHINE.check("register", d, by)
    else:
        not_sealed(d, by)


def _check_may_hide(graduate_id: int, by: User) -> None:
    """While a registration waits for review, the graduate can't take away its evidence."""
    state = Destination.objects.values_list("state", flat=True).get(pk=graduate_id)
    if role_of(by) == GRADUATE and state == State.PENDING:
        raise Refused("submitted", "已提交审核，材料不能删除；可补充新材料，或先撤回登记。")


def submit_evidence(graduate_id: int) -> None:
    """Mark the shown images as submitted: from now on they can't be deleted."""
    standing_evidence(graduate_id).filter(submitted_at=None).update(submitted_at=timezone.now())


def hide_evidence(graduate_id: int) -> None:
    """Hide all images of a destination that was released."""
    standing_evidence(graduate_id).update(removed_at=timezone.now())
