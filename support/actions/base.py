"""What the actions on a listed graduate share: the lock, the transition table, the year, pictures."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction

from accounts.models import User
from codes import text as texts
from core import files
from core.errors import DomainError, Invalid, Refused
from core.files import images
from core.models import StoredFile
from schools.models import Cohort
from support.models import Listing
from support.models.listing import MOST_IMAGES
from support.steps import LISTING

PURPOSE = "support"
RELATED = (
    "graduate__school", "graduate__cohort", "graduate__person", "graduate__department",
    "graduate__school_class", "school", "cohort", "responsible", "profile",
)  # fmt: skip


@contextmanager
def take_step(action: str, listing_id: int, by: User) -> Iterator[Listing]:
    """A transaction for one step on a listed graduate: lock the listing, and ask the transition table.
    Raises the `DomainError` of a refusal."""
    with transaction.atomic():
        rows = Listing.objects.select_for_update(of=("self",)).select_related(*RELATED)
        listing = rows.get(pk=listing_id)
        LISTING.check(action, listing, by)
        yield listing


def days_of(cohort: Cohort) -> tuple[datetime.date, datetime.date]:
    """The first and the last day on which help for a year's graduates may have been given: from the
    September before they graduate, or from the opening of the year if that is earlier, to the end of the
    year in which they graduate, or to the end of the year's registration if that is later."""
    first, last = datetime.date(cohort.year - 1, 9, 1), datetime.date(cohort.year, 12, 31)
    return min(first, cohort.opens_on or first), max(last, cohort.ends_on)


def read_words(
    errors: dict[str, list[str]], key: str, label: str, typed: str, *, most: int, least: int = 0
) -> str:
    """The cleaned text of a field; what is wrong with its length is added to `errors`."""
    words = texts.clean_lines(typed)
    if least and not words:
        errors[key] = [f"请填写{label}。"]
    elif len(words) < least:
        errors[key] = [f"{label}至少{least}个字，现有{len(words)}个字。"]
    elif len(words) > most:
        errors[key] = [f"{label}最多{most}个字，现有{len(words)}个字。"]
    return words


def keep_image(*, content: bytes, school_id: int | None, by: User) -> list[StoredFile]:
    """Store a picture, one file for each of its pages. Raises `DomainError`."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise Refused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    return [
        files.store(
            page, name="材料.jpg", content_type="image/jpeg", purpose=PURPOSE,
            school_id=school_id, by_id=by.pk,
        )
        for page in images.compress_pages(content, most_pages=MOST_IMAGES)
    ]  # fmt: skip


def check_images(evidence: Sequence[StoredFile]) -> None:
    if len(evidence) > MOST_IMAGES:
        raise Invalid({"images": [f"最多上传{MOST_IMAGES}张图片。"]})


def refused_picture(name: str, refusal: DomainError) -> Invalid:
    """What the form says beside the pictures when one of them is refused."""
    return Invalid({"images": [f"{name}：{refusal.message}"]})
