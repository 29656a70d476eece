"""Who sees which graduates in difficulty, and how the help they got is counted.

Counsellors see those whose 责任人 they are, departments and schools all of their scope. The province
answers for who is listed, so it sees the list of all schools with the number of helps, but nothing that
stands in profiles, plans and records. Every condition here is one over sets: no query is asked for a
single person of a list.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from accounts.models import User
from destinations.models import Destination
from destinations.reports import numerator
from recruiting.models import Application, Interview
from recruiting.states import InterviewState
from schools.roles import Level
from schools.scope import staff_of, visible_to
from support.models import JobRecommendation, Listing, Plan, Proposal, Quota, Record
from support.states import CountsAs, ListingState, ProposalState, RecordState

# The parts of the quota in the order of the pages: the field of `Quota`, and what ways count as for it.
PARTS: tuple[tuple[str, CountsAs], ...] = (
    ("guidance", CountsAs.GUIDANCE),
    ("recommend", CountsAs.RECOMMEND),
    ("training", CountsAs.TRAINING),
    ("policy", CountsAs.POLICY),
)
PART_LABELS = {key: counts_as.label for key, counts_as in PARTS}


# --- who sees what ----------------------------------------------------------------------------


def listings_for(user: User) -> QuerySet[Listing]:
    """The graduates that are or were listed, and that `user` may know to be."""
    rows = visible_to(Listing.objects.all(), user, graduate="graduate")
    staff = staff_of(user)
    if staff is not None and staff.role_level == Level.CLASS:
        return rows.filter(responsible=user)
    return rows


def is_of_school(user: User) -> bool:
    """Whether the person reads profiles, plans and records of those whom they see. The province does
    not."""
    staff = staff_of(user)
    return staff is not None and staff.role_level != Level.PROVINCE


def proposals_for(user: User) -> QuerySet[Proposal]:
    """Proposals for graduates in scope; a counsellor sees the own ones alone."""
    rows = visible_to(Proposal.objects.all(), user, graduate="graduate")
    staff = staff_of(user)
    if staff is not None and staff.role_level == Level.CLASS:
        return rows.filter(proposed_by=user)
    return rows


def proposals_waiting(user: User) -> QuerySet[Proposal]:
    """Those that the province decides; nothing waits for others."""
    staff = staff_of(user)
    if staff is None or staff.role_level != Level.PROVINCE:
        return Proposal.objects.none()
    return proposals_for(user).filter(state=ProposalState.WAITING)


def without_plan(user: User) -> QuerySet[Listing]:
    """The listed people that have no plan yet."""
    rows = listings_for(user).filter(state=ListingState.LISTED)
    return rows.filter(~has_plan()) if is_of_school(user) else rows.none()


# --- conditions on listings --------------------------------------------------------------------


def has_plan() -> Exists:
    return Exists(Plan.objects.filter(listing=OuterRef("pk")))


def with_record(rows: QuerySet[Listing]) -> Q:
    """The condition of having at least one record that holds. `rows` are the listings it is asked for."""
    held = Record.objects.filter(state=RecordState.VALID, listing__in=_keys(rows))
    return Q(pk__in=held.values("listing"))


def _keys(rows: QuerySet[Listing]) -> QuerySet[Any]:
    return rows.order_by().values("pk")


def has_outcome() -> Q:
    """The condition that the graduate's destination counts as settled, as in 毕业去向落实率."""
    settled = Destination.objects.filter(numerator("employed_rate"), graduate=OuterRef("graduate"))
    return Q(Exists(settled))


def _helps(counts_as: CountsAs) -> QuerySet[Any]:
    """The rows that are counted for one part of the quota, each with its `listing`: postings sent through
    the platform, or records that hold, of ways that count so."""
    if counts_as == CountsAs.RECOMMEND:
        return JobRecommendation.objects.all()
    return Record.objects.filter(state=RecordState.VALID, way__counts_as=counts_as)


def helps_of_one(key: str) -> Coalesce:
    """How many helps each listing has of one part of the quota, for the rows that a page shows."""
    rows = _helps(dict(PARTS)[key]).filter(listing=OuterRef("pk")).order_by().values("listing")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), IntegerField()), 0)


def helps_of(listing: Listing) -> dict[str, int]:
    """How many helps one listing has of each part of the quota."""
    counts = {key: helps_of_one(key) for key, _ in PARTS}
    found = Listing.objects.filter(pk=listing.pk).annotate(**counts)
    numbers = found.values_list(*counts).get()
    return dict(zip(counts, numbers, strict=True))


def records_of_one() -> Coalesce:
    rows = Record.objects.filter(listing=OuterRef("pk"), state=RecordState.VALID)
    counted = rows.order_by().values("listing").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, IntegerField()), 0)


# --- the quota ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quotas:
    """The quota of every year, read once a page."""

    default: Quota
    by_year: dict[int, Quota]

    def of(self, year: int) -> Quota:
        return self.by_year.get(year, self.default)


def quotas() -> Quotas:
    rows = {quota.year: quota for quota in Quota.objects.all()}
    default = rows.pop(0, None) or Quota(year=0)
    return Quotas(default, rows)


def quota_of_row(key: str, known: Quotas) -> Case:
    """How many helps of one part the quota of each listing's year asks for."""
    whens = [When(cohort__year=year, then=Value(getattr(quota, key)))
             for year, quota in sorted(known.by_year.items())]  # fmt: skip
    return Case(*whens, default=Value(getattr(known.default, key)), output_field=IntegerField())


def quota_met(rows: QuerySet[Listing], parts: Iterable[str] = PART_LABELS) -> Q:
    """The condition that so much help was given as the quota of the listing's year says, in each of
    `parts`. `rows` are the listings it is asked for."""
    known = quotas()
    met = _enough(rows, known.default, parts) & ~Q(cohort__year__in=sorted(known.by_year))
    for year, quota in sorted(known.by_year.items()):
        met |= Q(cohort__year=year) & _enough(rows, quota, parts)
    return met


def _enough(rows: QuerySet[Listing], quota: Quota, parts: Iterable[str]) -> Q:
    condition, by_part = Q(), dict(PARTS)
    for key in parts:
        wanted = getattr(quota, key)
        if wanted == 0:
            continue
        helps = _helps(by_part[key]).filter(listing__in=_keys(rows))
        many = helps.order_by().values("listing").annotate(n=Count("pk")).filter(n__gte=wanted)
        condition &= Q(pk__in=many.values("listing"))
    return condition


# --- recommendations ---------------------------------------------------------------------------


def with_funnel(rows: QuerySet[JobRecommendation]) -> QuerySet[JobRecommendation]:
    """The recommendations with `applied` and `interviewed`: whether the graduate delivered a résumé to
    the posting after it was recommended, and was at an interview for it."""
    applications = Application.objects.filter(
        graduate=OuterRef("listing__graduate"), posting=OuterRef("posting"),
        created_at__gte=OuterRef("sent_at"),
    )  # fmt: skip
    interviews = Interview.objects.filter(
        application__graduate=OuterRef("listing__graduate"),
        application__posting=OuterRef("posting"),
        application__created_at__gte=OuterRef("sent_at"), state=InterviewState.ATTENDED,
    )  # fmt: skip
    return rows.annotate(applied=Exists(applications), interviewed=Exists(interviews))
