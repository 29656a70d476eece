"""Notes when a graduate first opened certain terms, and keeps the signature drawn under them.

The reading time begins with the first opening. A drawn signature is kept as soon as the pen is
lifted: after a wrong code or a lost connection nobody has to draw it again, and the form only names
it.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from core import files
from core.errors import Refused
from core.files import images
from core.models import StoredFile
from esign.models import Reading
from graduates.models import Graduate

# How long a signature is kept that nobody signed with.
_KEPT = timedelta(days=1)


def note_reading(*, graduate: Graduate, terms_hash: str, by: User) -> None:
    """Note that the graduate opened the terms. Only the first time counts, and only the graduate's
    own account."""
    if graduate.person.user_id != by.pk:
        return
    Reading.objects.bulk_create(
        [Reading(graduate=graduate, terms_hash=terms_hash, user=by)], ignore_conflicts=True
    )


def keep_signature(*, reading: Reading, by: User, drawn: bytes) -> StoredFile:
    """Keep the signature that the graduate drew under the terms they opened. A newer one replaces
    it."""
    if reading.user_id != by.pk:
        raise Refused("not_yours", "只有毕业生本人可以签名。")
    stored = store_signature(images.signature(drawn), reading.graduate.school_id, by)
    Reading.objects.filter(pk=reading.pk).update(signature=stored, drawn_at=timezone.now())
    return stored


def read_signature(drawn: bytes, named: int | None, kept: int | None) -> bytes | None:
    """The signature sent with the form, as a small black-on-white PNG; None if the form names
    the kept one instead. Raises `Refused` if there is neither.

    `named` is the id that the form names, `kept` the id of the signature that is kept now. They
    differ if the person has drawn a new signature since.
    """
    if drawn:
        return images.signature(drawn)
    if kept is None or named != kept:
        raise Refused("signature_empty", "请在框内手写签名后再提交。", field="signature")
    return None


def store_signature(ink: bytes, school_id: int, by: User) -> StoredFile:
    return files.store(
        ink, name="签名.png", content_type="image/png", purpose="signature",
        school_id=school_id, by_id=by.pk,
    )  # fmt: skip


def kept_signature_id(graduate_id: int, terms_hash: str) -> int | None:
    """The id of the signature that the graduate drew under these terms, if one is kept."""
    rows = Reading.objects.filter(graduate=graduate_id, terms_hash=terms_hash)
    return rows.values_list("signature_id", flat=True).first()


def drop_old_drawings() -> int:
    """Forget signatures that were drawn more than a day ago. The sweep of files deletes those that
    nobody signed with."""
    old = Reading.objects.filter(drawn_at__lt=timezone.now() - _KEPT)
    return old.update(signature=None, drawn_at=None)
