"""Notices on the graduate's home page: what is to be confirmed, pinned ones not read yet, the newest."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.models import User
from graduates import hooks
from graduates.hooks import FeedLine, FeedList, HomeCard, Rank
from graduates.models import Graduate
from notices import queries
from notices.models import Notice, Receipt
from notices.words import publisher_words

_MOST = 5
# Among so many of the newest, and the pinned ones, those to be confirmed are looked for.
_LOOKED_AT = 60


def with_own_reading(rows: QuerySet[Notice], user: User) -> QuerySet[Notice]:
    """The notices with `read_at` and `confirmed_at` of this reader."""
    own = Receipt.objects.filter(notice=OuterRef("pk"), user=user)
    return rows.annotate(
        read_at=Subquery(own.values("read_at")[:1]),
        own_confirmed_at=Subquery(own.values("confirmed_at")[:1]),
    )


def lines_of(notices: Iterable[Notice]) -> list[FeedLine]:
    """Notices with `read_at` and their schools, as lines of a list."""
    return [
        FeedLine(
            title=one.title,
            text=f"{_publisher(one)} {localtime(one.published_at):%Y-%m-%d}",
            address=reverse("notice", args=[one.pk]),
            mark=_mark(one),
        )
        for one in notices
    ]


def _mark(one: Notice) -> str:
    if one.must_read and one.own_confirmed_at is None:  # type: ignore[attr-defined]
        return "请确认"
    if one.read_at is None:  # type: ignore[attr-defined]
        return "未读"
    return "置顶" if one.pin_place is not None else ""


def _publisher(one: Notice) -> str:
    return publisher_words(one.publisher, one.school.name if one.school else "")


@hooks.home_feed.plug(order=10)
def home_feed(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    user = graduate.person.user
    if user is None:
        return []
    rows = with_own_reading(queries.shown_to(graduate), user).select_related("school")
    newest = list(rows.order_by(F("pin_place").asc(nulls_last=True), "-pk")[:_LOOKED_AT])
    if not newest:
        return []
    feed: list[HomeCard | FeedList] = [
        _card(Rank.OBLIGATION, "请阅读并确认", one) for one in newest if _mark(one) == "请确认"
    ]
    feed += [
        _card(Rank.PINNED, "置顶通知", one)
        for one in newest
        if one.pin_place is not None and _mark(one) == "未读"
    ]
    return [*feed, FeedList(Rank.NOTICE, "通知公告", reverse("notices"), lines_of(newest[:_MOST]))]


def _card(rank: Rank, label: str, one: Notice) -> HomeCard:
    text = f"{_publisher(one)} {localtime(one.published_at):%-m月%-d日}发布"
    return HomeCard(label, one.title, text, reverse("notice", args=[one.pk]), rank)
