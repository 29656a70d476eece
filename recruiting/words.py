"""What postings say, in words, for pages of all faces."""

from __future__ import annotations

from django.utils import timezone

from recruiting.fields import POSTING, POSTING_BY_KEY
from recruiting.models import Posting
from recruiting.states import Education, WorkKind
from schools.models import School


def content_words(posting: Posting) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a posting says, by group, as (label, words)."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for declared in POSTING:
        words = declared.show(getattr(posting, declared.key))
        groups.setdefault(declared.group, []).append((declared.label, words))
    return list(groups.items())


def place_words(posting: Posting) -> str:
    """Where the work is, as lists show it."""
    named = POSTING_BY_KEY["places"].show(posting.places)
    return "、".join(words for words in (named, posting.abroad) if words)


def card_words(posting: Posting) -> tuple[str, str]:
    """What a card in the graduates' lists says below the pay: place, kind of work and education, and from
    when until when the posting is shown."""
    assert posting.published_at is not None and posting.valid_until is not None
    facts = (
        place_words(posting),
        WorkKind(posting.work_kind).label,
        f"学历{Education(posting.education).label}",
    )
    published, until = timezone.localdate(posting.published_at), posting.valid_until
    shown = f"{published:%Y-%m-%d}发布 · 有效至{until.month}月{until.day}日"
    return " · ".join(filter(None, facts)), shown


def change_words(posting: Posting, values: dict[str, object]) -> list[tuple[str, str, str]]:
    """A change that waits for review, as (label, present words, proposed words)."""
    return [
        (POSTING_BY_KEY[key].label, POSTING_BY_KEY[key].show(getattr(posting, key)),
         POSTING_BY_KEY[key].show(value))
        for key, value in values.items()
    ]  # fmt: skip


def school_names(ids: list[int]) -> list[str]:
    return list(School.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True))
