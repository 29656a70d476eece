"""The graduate before these very terms: the first look, from which the reading time runs, and the
hand they put under them.

A drawn signature is kept as soon as the pen is lifted, so that a wrong code or a lost connection
does not ask for it again, and signing itself only has to name it.
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

# What was drawn and never sent is no use after that.
_KEPT = timedelta(days=1)


def open_terms(*, graduate: Graduate, terms_hash: str, by: User) -> None:
    """Note the first look. Nobody else's look counts."""
    if graduate.person.user_id != by.pk:
        return
    Reading.objects.bulk_create(
        [Reading(graduate=graduate, terms_hash=terms_hash, user=by)], ignore_conflicts=True
    )


def keep_signature(*, reading: Reading, by: User, drawn: bytes) -> StoredFile:
    """Keep what the graduate drew under the terms they opened; a newer drawing takes its place."""
    if reading.user_id != by.pk:
        raise Refused("not_yours", "只有毕业生本人可以签名。")
    stored = store_ink(images.signature(drawn), reading.graduate.school_id, by)
    Reading.objects.filter(pk=reading.pk).update(signature=stored, drawn_at=timezone.now())
    return stored


def read_ink(drawn: bytes, named: int | None, kept: int | None) -> bytes | None:
    """What came with the form, as ink; None where the form names the drawing that is kept. Raises
    where there is neither: a drawing wiped away since is not signed with."""
    if drawn:
        return images.signature(drawn)
    if kept is None or named != kept:
        raise Refused("signature_empty", "请在框内手写签名后再提交。", field="signature")
    return None


def store_ink(ink: bytes, school_id: int, by: User) -> StoredFile:
    return files.store(
        ink, name="签名.png", content_type="image/png", purpose="signature",
        school_id=school_id, by_id=by.pk,
    )  # fmt: skip


def kept_signature(graduate_id: int, terms_hash: str) -> int | None:
    rows = Reading.objects.filter(graduate=graduate_id, terms_hash=terms_hash)
    return rows.values_list("signature_id", flat=True).first()


def forget_drawn() -> int:
    """Let go of drawings a day old; the sweep of files removes those nobody signed with."""
    old = Reading.objects.filter(drawn_at__lt=timezone.now() - _KEPT)
    return old.update(signature=None, drawn_at=None)
