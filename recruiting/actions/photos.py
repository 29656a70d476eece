"""The photo of the graduate's résumés: replace and remove. An application keeps the photo that it was
sent with."""

from __future__ import annotations

from django.conf import settings

from accounts.models import User
from core import audit, files
from core.errors import Invalid
from core.files import images
from core.models import StoredFile
from graduates.models import Graduate
from recruiting.actions.resume_files import release
from recruiting.actions.resumes import own_store
from recruiting.models import ResumeStore

PURPOSE = "resume-photo"
MOST_BYTES = 300 * 1024
# Wide enough for a printed photo of three by four centimetres at 600 dpi.
_LONGEST_SIDE = 1000


def replace(*, graduate: Graduate, content: bytes, by: User) -> ResumeStore:
    """Store another photo. It is encoded anew, so that nothing is kept of what the file said beside the
    picture, such as the place where it was taken. Raises `Invalid`."""
    picture = _encode(content)
    with own_store(graduate, by) as store:
        before = store.photo
        # The same picture sent twice is stored once.
        photo = _same(before, picture) or files.store(
            picture, name="照片.jpg", content_type="image/jpeg", purpose=PURPOSE,
            school_id=store.school_id, by_id=by.pk,
        )  # fmt: skip
        store.photo = photo
        audit.record("recruiting.replace_photo", by=by, obj=store, data={"photo": photo.sha256})
    if before is not None and before != photo:
        release([before])
    return store


def _encode(content: bytes) -> bytes:
    if not content:
        raise Invalid({"photo": ["请选择照片。"]})
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise Invalid({"photo": ["照片超过20MB，请用手机重新拍照后上传。"]})
    try:
        return images.compress(content, most_bytes=MOST_BYTES, longest_side=_LONGEST_SIDE)
    except images.ImageRefused as refusal:
        raise Invalid({"photo": [refusal.message]}) from refusal


def _same(before: StoredFile | None, picture: bytes) -> StoredFile | None:
    return before if before is not None and before.sha256 == files.sha256(picture) else None


def remove(*, graduate: Graduate, by: User) -> ResumeStore:
    """Remove the photo from the store. Without one, nothing happens."""
    with own_store(graduate, by) as store:
        before, store.photo = store.photo, None
        if before is not None:
            audit.record("recruiting.remove_photo", by=by, obj=store)
    if before is not None:
        release([before])
    return store
