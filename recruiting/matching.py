"""Which postings match what a graduate looks for, and why (DOMAIN-AROUND §1.4).

A posting is listed if it is open to the graduate, of the wanted kind of work, asks for no higher
education, and agrees with the wanted categories or places. The postings that agree in most respects
come first, the newest of them before the others. Usually the newest postings alone fill a page, with
those of the older ones that agree in every respect; otherwise one query ranks every published posting,
from the index `posting_of_lists` alone. PIPL §24 asks for a list that is not personal beside it: the plain one
by date is the first that people see.
"""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from codes import lookup
from graduates.models import Graduate
from recruiting import queries
from recruiting.models import Intention, Posting
from recruiting.states import Education, MajorMatch, PostingState, WantedPay
from schools.models import Major

# By group of levels (`codes/data/tables/education_level.csv`), without what stands in brackets there.
_EDUCATION = {
    "博士研究生": Education.DOCTOR,
    "硕士研究生": Education.MASTER,
    "第二学士学位": Education.BACHELOR,
    "本科": Education.BACHELOR,
    "专科": Education.COLLEGE,
    "高职": Education.COLLEGE,
}
# The least and the most yuan a month of each choice; None for no limit.
_PAY: dict[int, tuple[int, int | None]] = {
    WantedPay.FROM_3000: (3000, 5000),
    WantedPay.FROM_5000: (5000, 7000),
    WantedPay.FROM_7000: (7000, 10_000),
    WantedPay.FROM_10000: (10_000, 15_000),
    WantedPay.FROM_15000: (15_000, 20_000),
    WantedPay.FROM_20000: (20_000, None),
}
# The respects in which a posting can agree, as annotated by `matching`, with their words.
RESPECTS = {
    "hit_category": "职位类别", "hit_place": "地点", "hit_major": "专业", "hit_pay": "薪资",
}  # fmt: skip
# A posting is listed if it agrees in one of these.
_LISTED_BY = ("hit_category", "hit_place")
# So many of the newest postings are ranked first.
_NEWEST = 10_000
# So many majors of a class (专业类) are looked for at most.
_MOST_MAJORS = 200
_NEVER = Value(False, output_field=BooleanField())
# A class of majors is known by the first characters of its code (学科专业目录).
_CLASS_LENGTH = 4


@dataclass(frozen=True)
class Place:
    """Where a page of matching postings ends: the hits, time of publication and id of its last one."""

    hits: int
    published_at: datetime.datetime
    pk: int


@dataclass(frozen=True)
class Match:
    """A posting, and in which of `RESPECTS` it agrees, in words such as “专业、地点相符”."""

    posting: Posting
    reasons: str
    place: Place


def page(
    graduate: Graduate, intention: Intention, *, size: int, after: Place | None = None
) -> list[Match]:
    """The first `size` matching postings with their units, or those that come after a place."""
    rows = matching(graduate, intention)
    if after is not None:
        rows = rows.filter(
            Q(hits__lt=after.hits)
            | Q(hits=after.hits, published_at__lt=after.published_at)
            | Q(hits=after.hits, published_at=after.published_at, pk__lt=after.pk)
        )
    found = _first(rows, _respects(graduate, intention), size)
    # What the cards show is read for these alone; read with the rest it would keep the index from serving.
    cards = queries.as_cards(Posting.objects.all(), graduate)
    postings = cards.in_bulk([pk for pk, *_ in found])
    return [
        Match(postings[pk], _reasons(met), Place(hits, published_at, pk))
        for pk, hits, published_at, *met in found
        if pk in postings
    ]


def _first(
    rows: QuerySet[Posting], respects: dict[str, Q | None], size: int
) -> list[tuple[Any, ...]]:
    """Key, hits, time of publication and truth values of the first `size` of the ranked postings.

    If the newest postings fill the page with such as agree in all respects, or in all but one, an older
    posting comes before one of them only if it agrees in all. These are few and soon found, so that
    the older postings need not be ranked.
    """
    ranked = rows.values_list("pk", "hits", "published_at", *RESPECTS)
    published = Posting.objects.filter(state=PostingState.PUBLISHED).order_by(
        "-published_at", "-pk"
    )
    edge = published.values_list("published_at", flat=True)[_NEWEST : _NEWEST + 1].first()
    if edge is not None:
        wanted = [met for met in respects.values() if met is not None]
        newest = list(ranked.filter(published_at__gte=edge)[:size])
        if len(newest) == size and newest[-1][1] >= len(wanted) - 1:
            older = ranked.filter(*wanted, published_at__lt=edge)[:size]
            return sorted([*newest, *older], key=_rank, reverse=True)[:size]
    return list(ranked[:size])


def _rank(row: tuple[Any, ...]) -> tuple[int, datetime.datetime, int]:
    """What postings are ranked by: hits, time of publication, key."""
    pk, hits, published_at, *_ = row
    return hits, published_at, pk


def _respects(graduate: Graduate, intention: Intention) -> dict[str, Q | None]:
    """The condition of each of `RESPECTS`; None if the graduate wants nothing in it."""
    return {
        "hit_category": _category(intention),
        "hit_place": _place(intention),
        "hit_major": _major(graduate, intention),
        "hit_pay": _pay(intention),
    }


def matching(graduate: Graduate, intention: Intention) -> QuerySet[Posting]:
    """The postings that match, with a truth value for each of `RESPECTS` and their number `hits`;
    most hits first, then the newest."""
    respects = _respects(graduate, intention)
    listed = [met for key in _LISTED_BY if (met := respects[key]) is not None]
    if not listed:
        return Posting.objects.none()
    rows = queries.open_to(graduate).filter(
        functools.reduce(operator.or_, listed),
        work_kind=intention.work_kind, education__lte=education_of(graduate),
    )  # fmt: skip
    rows = rows.annotate(
        **{
            key: _NEVER if met is None else ExpressionWrapper(met, BooleanField())
            for key, met in respects.items()
        }
    )
    counted = [Cast(key, IntegerField()) for key, met in respects.items() if met is not None]
    rows = rows.annotate(hits=functools.reduce(operator.add, counted))
    return rows.order_by("-hits", "-published_at", "-pk")


def _reasons(met: Sequence[bool]) -> str:
    words = [words for words, agrees in zip(RESPECTS.values(), met, strict=True) if agrees]
    return f"{'、'.join(words)}相符"


def education_of(graduate: Graduate) -> int:
    """The graduate's education in the order of `Education`; the lowest for an unknown code."""
    extra = lookup.table("education_level").extra.get(graduate.level, {})
    return _EDUCATION.get(extra.get("level_group", "").split("(")[0], Education.ANY)


def _category(intention: Intention) -> Q | None:
    if not intention.job_categories:
        return None
    return Q(job_category__in=intention.job_categories)


def _place(intention: Intention) -> Q | None:
    """A posting in a wanted place, or one that names the whole city or province around it."""
    if not intention.places:
        return None
    places, around = lookup.places(), set()
    for code in intention.places:
        while code in places and (code := places[code].parent_code):
            around.add(code)
    inside = Q(search_places__overlap=intention.places)
    return inside | Q(places__overlap=sorted(around)) if around else inside


def _major(graduate: Graduate, intention: Intention) -> Q | None:
    """A posting that names the graduate's major; or, if both sides are content with the class of
    majors, one that names another major of it."""
    if intention.major_match == MajorMatch.ANY or not graduate.major_name:
        return None
    named = Func(
        F("majors"), Value("、"), function="string_to_array", output_field=ArrayField(TextField())
    )
    # Compared as arrays, since a name may be part of another one. Few texts have the name at all.
    met = Q(majors__contains=graduate.major_name) & Q(
        _Overlaps(named, Value([graduate.major_name], ArrayField(TextField())))
    )
    if intention.major_match == MajorMatch.FAMILY:
        of_class = [*_names_of_class(graduate.major_code[:_CLASS_LENGTH])]
        if of_class:
            related = Q(_Overlaps(named, Value(of_class, ArrayField(TextField()))))
            met |= Q(major_match=MajorMatch.FAMILY) & related
    return met


class _Overlaps(Func):
    """Whether two arrays have an element in common."""

    template = "(%(expressions)s)"
    arg_joiner = " && "
    output_field = BooleanField()


@lookup.forgotten_with_tables
@functools.lru_cache(maxsize=1000)
def _names_of_class(prefix: str) -> tuple[str, ...]:
    """The names of the majors of all schools whose codes begin with these characters."""
    if len(prefix) < _CLASS_LENGTH:
        return ()
    rows = Major.objects.filter(code__startswith=prefix, is_active=True).order_by("name")
    return tuple(rows.values_list("name", flat=True).distinct()[:_MOST_MAJORS])


def _pay(intention: Intention) -> Q | None:
    if intention.pay not in _PAY:
        return None  # 面议
    least, most = _PAY[intention.pay]
    met = Q(pay_to__gte=least)
    return met if most is None else met & Q(pay_from__lte=most)
