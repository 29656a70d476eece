"""Sending a posting to a listed graduate, and what became of it. Only postings sent here count as
recommended (DOMAIN-AROUND §3)."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from graduates.models import Graduate
from recruiting import queries as recruiting_queries
from recruiting.models import Posting
from support.actions.base import days_of, read_words, take_step
from support.models import JobRecommendation, Record, Way

WAY = "recommend"
LONGEST_NOTE = 200


def send(*, listing_id: int, posting_id: int, note: str, by: User) -> JobRecommendation:
    """Send a posting to the graduate with a few words: a message with a link, a record of the help, and
    the row that counts. A posting that the graduate could not open is refused, and the same posting is
    sent once."""
    errors: dict[str, list[str]] = {}
    note = read_words(errors, "note", "推荐理由", note, most=LONGEST_NOTE)
    if errors:
        raise Invalid(errors)
    try:
        with take_step("recommend", listing_id, by) as listing:
            graduate, today = listing.graduate, timezone.localdate()
            rows = recruiting_queries.open_to(graduate).select_related("unit")
            posting = rows.filter(pk=posting_id).first()
            if posting is None:
                raise Refused("not_open", "此职位已停止招聘，或不面向该毕业生，请另选职位。")
            first, last = days_of(listing.cohort)
            if not first <= today <= last:
                raise Refused("out_of_year", f"{listing.cohort}的帮扶期已结束，不能再推荐职位。")
            if JobRecommendation.objects.filter(listing=listing, posting=posting).exists():
                raise Refused("recommended", "已向该毕业生推荐过此职位，没有重复发送。")
            record = Record.objects.create(
                listing=listing, on=today, way=_way(), text=_record_text(posting, note),
                helper=by.label, posting=posting, form_key=secrets.token_hex(16),
                created_by=by, created_label=by.label,
            )  # fmt: skip
            sent = JobRecommendation.objects.create(listing=listing, posting=posting, record=record)
            inbox.tell(
                f"person:{graduate.person_id}", f"老师向您推荐了职位：{posting.title}"[:80],
                key=f"support-recommended:{sent.pk}", text=note or f"{posting.unit.name}正在招聘。",
                link=reverse("support-recommended", args=[sent.pk]),
            )  # fmt: skip
            audit.record(
                "support.recommend", by=by, obj=listing,
                data={"posting": posting.pk, "record": record.pk},
            )  # fmt: skip
    except IntegrityError as twice:
        raise Refused("recommended", "已向该毕业生推荐过此职位，没有重复发送。") from twice
    return sent


def _way() -> Way:
    way = Way.objects.filter(code=WAY).first()
    if way is None:
        raise Refused("no_way", "帮扶方式中没有岗位推荐，请联系省级管理员。")
    return way


def _record_text(posting: Posting, note: str) -> str:
    words = f"通过平台推荐职位：{posting.title}（{posting.unit.name}）。"
    return f"{words}{note}"[:500]


def note_opened(*, graduate: Graduate, posting_id: int) -> None:
    """The graduate opened the page of a posting: a recommendation of it is opened now, if it was not
    before."""
    with transaction.atomic():
        JobRecommendation.objects.filter(
            listing__graduate=graduate, posting=posting_id, opened_at=None
        ).update(opened_at=timezone.now())
