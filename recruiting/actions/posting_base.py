"""What all actions on a posting do: lock it, ask the transition table, tell the unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import lookup, text
from core import audit
from core.audit import Actor
from core.errors import Conflict
from core.states import Step
from employers.models import Membership, Unit, UnitMember
from recruiting.fields import POSTING_BY_KEY, split_majors
from recruiting.models import Posting, PostingRevision
from recruiting.posting_steps import POSTING
from recruiting.states import PauseCause, PostingState, RevisionState
from recruiting.unit_standing import pausing_reports

STALE = "状态已变化，请刷新后再试，没有保存。"
_MOST_TOLD = 50


@contextmanager
def take_step(
    action: str, posting_id: int, by: User | None, *, version: int | None = None
) -> Iterator[tuple[Posting, Step]]:
    """A transaction for one step on a posting: lock its unit and then itself, and ask the transition
    table. A report or sanction of the unit at the same moment waits for the step, or the step for it.

    `version` is that of the page the person saw. Raises `Conflict` if the posting has changed since,
    and the `DomainError` of a refusal.
    """
    with transaction.atomic():
        unit_id = Posting.objects.values_list("unit_id", flat=True).get(pk=posting_id)
        Unit.objects.select_for_update(no_key=True).get(pk=unit_id)
        rows = Posting.objects.select_for_update(of=("self",)).select_related(
            "unit", "member__user"
        )
        posting = rows.get(pk=posting_id)
        if version is not None and version != posting.version:
            raise Conflict("stale", STALE)
        step = POSTING.check(action, posting, by)
        yield posting, step


def store_content(posting: Posting, values: Mapping[str, Any]) -> None:
    """Put the values of the fields into the posting, and what is derived from them; not saved yet."""
    for key in POSTING_BY_KEY:
        if key in values:
            setattr(posting, key, values[key])
    posting.majors = "、".join(split_majors(posting.majors))
    posting.search_places = _with_larger_places(posting.places)
    words = f"{posting.title} {posting.unit.name}"
    posting.search_text = text.narrow(words).casefold()[:200]


def _with_larger_places(codes: list[str]) -> list[str]:
    """The places with the cities and provinces they belong to, each once."""
    places = lookup.places()
    every: dict[str, None] = {}
    for code in codes:
        while code in places:
            every[code] = None
            code = places[code].parent_code
    return list(every)


def save(posting: Posting) -> None:
    posting.version += 1
    posting.save()


def publish(posting: Posting) -> None:
    """Show the posting to graduates from now on, or as soon as nothing pauses it any more."""
    now = timezone.now()
    posting.first_published_at = posting.first_published_at or now
    posting.published_at = posting.confirmed_at = now
    posting.state = PostingState.PUBLISHED
    posting.pause_causes = []
    if pausing_reports().filter(unit=posting.unit_id).exists():
        add_cause(posting, PauseCause.REPORTED)


def add_cause(posting: Posting, cause: PauseCause) -> None:
    """Pause the posting for a cause, or note one more."""
    if cause not in posting.pause_causes:
        posting.pause_causes = [*posting.pause_causes, cause]
    posting.state = PostingState.PAUSED


def remove_cause(posting: Posting, cause: PauseCause) -> None:
    """Forget a cause; the posting is shown again if it was the last one."""
    posting.pause_causes = [c for c in posting.pause_causes if c != cause]
    if not posting.pause_causes and posting.state == PostingState.PAUSED:
        posting.state = PostingState.PUBLISHED


def end_revision(posting: Posting) -> None:
    """Withdraw the change that waits for review, because the posting is not shown any more."""
    posting.revisions.filter(state=RevisionState.WAITING).update(
        state=RevisionState.WITHDRAWN, decided_at=timezone.now()
    )


def open_revision(posting: Posting) -> PostingRevision | None:
    """The change that waits for review."""
    return posting.revisions.filter(state=RevisionState.WAITING).first()


def unit_actor(member: UnitMember) -> Actor:
    return Actor.of_unit(member.user_id, member.unit.name, member.name)


def record(action: str, posting: Posting, by: User | Actor | None, **more: Any) -> None:
    audit.record(f"recruiting.{action}", by=by, obj=posting, **more)


def tell_recruiters(unit: Unit, title: str, *, text: str = "", link: str, key: str) -> None:
    """Tell the verified people of a unit."""
    members = UnitMember.objects.filter(unit=unit, state=Membership.VERIFIED).order_by("id")
    for user_id in members.values_list("user_id", flat=True)[:_MOST_TOLD]:
        inbox.tell(f"user:{user_id}", title, text=text, link=link, key=key)


def tell_about(posting: Posting, title: str, *, text: str = "", key: str) -> None:
    """Tell the verified people of the unit what happened to a posting."""
    tell_recruiters(
        posting.unit, title, text=text, link=reverse("employer-posting", args=[posting.pk]),
        key=f"posting:{posting.pk}:{posting.version}:{key}",
    )  # fmt: skip
