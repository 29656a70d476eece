"""Pictures that came with a form: kept while the form is refused, so that nobody chooses them twice."""

from __future__ import annotations

from django.core import signing

from core.errors import DomainError, Invalid
from core.models import StoredFile
from schools.access import StaffRequest
from support.actions.base import PURPOSE, keep_image, refused_picture
from support.forms import WithPictures
from support.models.listing import MOST_IMAGES

# For how many seconds pictures are kept that came with a refused form.
_KEPT_FOR = 6 * 3600


def _salt(request: StaffRequest) -> str:
    return f"support-pictures:{request.user.pk}"


def kept_before(request: StaffRequest, form: WithPictures) -> list[StoredFile]:
    """The pictures that came with the form before, when it was refused."""
    if not form.is_bound or form["drop"].value():
        return []
    try:
        token = str(form["kept"].value() or "")
        ids = signing.loads(token, salt=_salt(request), max_age=_KEPT_FOR)
    except signing.BadSignature:
        return []
    rows = StoredFile.objects.filter(pk__in=ids, created_by_id=request.user.pk, purpose=PURPOSE)
    return list(rows.order_by("pk"))


def keep(
    request: StaffRequest, form: WithPictures, kept: list[StoredFile], *, school_id: int
) -> None:
    """Add the pictures that were uploaded with the form to `kept`. Raises `Invalid` for too many or for a
    refused one."""
    uploads = form.cleaned_data.get("images", [])
    if len(kept) + len(uploads) > MOST_IMAGES:
        raise Invalid({"images": [f"最多上传{MOST_IMAGES}张图片，请重新选择。"]})
    for upload in uploads:
        try:
            kept += keep_image(content=upload.read(), school_id=school_id, by=request.user)
        except DomainError as refusal:
            raise refused_picture(upload.name or "图片", refusal) from refusal
    if len(kept) > MOST_IMAGES:
        del kept[MOST_IMAGES:]
        raise Invalid({"images": [f"每页算一张，最多{MOST_IMAGES}张，多出的没有保留。"]})


def show_kept(request: StaffRequest, form: WithPictures, kept: list[StoredFile]) -> None:
    """Let the form, shown again, name the pictures that are kept."""
    form.show_kept(signing.dumps([f.pk for f in kept], salt=_salt(request)) if kept else "")
