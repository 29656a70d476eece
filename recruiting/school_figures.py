"""招聘统计: figures of recruiting by school, each kind in one query whatever the number of schools.

Postings count from when they were handed in, applications from when they were delivered, interviews and
offers from when they were sent, agreements from when they were signed. The share of answers is that
of the applications which were answered or whose time for an answer ran out (`actions/figures.py`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from esign.models import Agreement, Invitation
from esign.states import Way
from graduates.actions.corrections import due_on
from recruiting.models import Application, Interview, OfferDraft
from recruiting.states import ApplicationState, InterviewState
from schools.current_cohort import cohort_ids
from schools.scope import schools_visible_to, scope_of, visible_to

# The aim for a review, in working days (DOMAIN-AROUND §1.3).
REVIEW_WITHIN = 2
ANSWERED = (
    ApplicationState.INTERVIEWING,
    ApplicationState.SELECTED,
    ApplicationState.OFFERED,
    ApplicationState.SIGNED,
    ApplicationState.REJECTED,
)
OF_POSTINGS = ("submitted", "published", "waiting", "due", "in_time")
OF_GRADUATES = (
    "delivered", "opened", "answered", "lapsed", "interviews", "offers",
    "card", "registered", "posting", "applied",
)  # fmt: skip
# The ways of signing, as the page names them: of the units' own invitations, those to people whom a
# posting led to are counted apart.
WAYS = (
    ("card", "扫码"), ("registered", "单位发起"), ("posting", "职位邀约"), ("applied", "平台投递"),
)  # fmt: skip
_PROVINCE, _TOTAL = 0, -1


@dataclass
class SchoolRow:
    """The figures of one school; `school_id` is 0 for postings for the whole province."""

    school_id: int
    label: str
    counts: dict[str, int] = field(default_factory=dict)

    def __getitem__(self, key: str) -> int:
        return self.counts.get(key, 0)

    @property
    def signed(self) -> int:
        return sum(self[key] for key, _ in WAYS)

    @property
    def review_share(self) -> float | None:
        """The share of postings reviewed in time, in percent, of those that were reviewed or should
        have been; None without any."""
        return _percent(self["in_time"], self["due"])

    @property
    def answer_share(self) -> float | None:
        """The share of answered applications of those that were answered or lapsed."""
        return _percent(self["answered"], self["answered"] + self["lapsed"])


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


@dataclass(frozen=True)
class Figures:
    """The rows of the page: postings for the whole province, each school, and the sum of all."""

    province: SchoolRow
    schools: list[SchoolRow]
    total: SchoolRow


def figures(
    user: User, *, first: datetime.date, last: datetime.date, year: int | None = None
) -> Figures:
    """The figures of the schools that a staff member sees, from `first` to `last`, both included. What
    is about graduates is cut to the person's scope, and to a cohort if `year` is given."""
    begin, end = _start_of(first), _start_of(last + datetime.timedelta(days=1))
    counts: dict[int, dict[str, int]] = {}
    for school_id, of_postings in _postings(user, begin, end, first, last):
        counts.setdefault(school_id, {}).update(of_postings)
    for rows in _of_graduates(user, begin, end, year):
        for school_id, of_graduates in rows:
            counts.setdefault(school_id, {}).update(of_graduates)
    schools = [
        SchoolRow(pk, name, counts.get(pk, {}))
        for pk, name in schools_visible_to(user).order_by("code").values_list("pk", "name")
    ]
    # One posting may be for several schools, so the sum of postings is counted by itself.
    total = SchoolRow(_TOTAL, "合计", counts.get(_TOTAL, {}))
    total.counts |= {key: sum(row[key] for row in schools) for key in OF_GRADUATES}
    province = SchoolRow(_PROVINCE, "面向全省的职位", counts.get(_PROVINCE, {}))
    return Figures(province, schools, total)


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


# Each posting counts for each of its schools, or for 0 if it is for all, and once for the sum (-1). The
# review of a posting is the first decision since it was handed in, as the events tell.
_POSTINGS = """
WITH handed_in AS (
    SELECT p.id, p.state, p.review_pending, p.first_published_at,
           (p.submitted_at AT TIME ZONE %(zone)s)::date AS day,
           CASE WHEN cardinality(p.school_ids) = 0 THEN ARRAY[0, -1]::bigint[]
                ELSE p.school_ids || -1::bigint END AS schools,
           (SELECT (min(e.at) AT TIME ZONE %(zone)s)::date FROM core_event e
            WHERE e.object_type = 'posting' AND e.object_id = p.id AND e.at >= p.submitted_at
              AND e.action IN ('recruiting.approve_posting', 'recruiting.return_posting')
           ) AS reviewed_on
    FROM recruiting_posting p
    WHERE p.submitted_at >= %(begin)s AND p.submitted_at < %(end)s
      AND (%(school)s::bigint IS NULL OR cardinality(p.school_ids) = 0
           OR %(school)s::bigint = ANY(p.school_ids))
)
SELECT school, count(*), count(first_published_at),
       count(*) FILTER (WHERE state = 'waiting' OR review_pending),
       count(*) FILTER (WHERE reviewed_on IS NOT NULL OR due < %(today)s),
       count(*) FILTER (WHERE reviewed_on <= due)
FROM handed_in CROSS JOIN LATERAL unnest(schools) AS school
JOIN unnest(%(days)s::date[], %(dues)s::date[]) AS review(day, due) USING (day)
WHERE %(school)s::bigint IS NULL OR school IN (0, -1, %(school)s::bigint)
GROUP BY school
"""


def _postings(
    user: User,
    begin: datetime.datetime,
    end: datetime.datetime,
    first: datetime.date,
    last: datetime.date,
) -> Iterable[tuple[int, dict[str, int]]]:
    scope = scope_of(user)
    if scope is None:
        return []
    days = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            _POSTINGS,
            {
                "zone": settings.TIME_ZONE, "begin": begin, "end": end, "days": days,
                "dues": [due_on(day, REVIEW_WITHIN) for day in days],
                "today": timezone.localdate(),
                "school": None if scope.everything else scope.own_school,
            },
        )  # fmt: skip
        return [(row[0], dict(zip(OF_POSTINGS, row[1:], strict=True))) for row in cursor.fetchall()]


def _of_graduates(
    user: User, begin: datetime.datetime, end: datetime.datetime, year: int | None
) -> Iterable[Iterable[tuple[int, dict[str, int]]]]:
    """Applications, interviews, offers and agreements by school."""
    cohorts = None if year is None else cohort_ids(user, year)

    def seen(rows: QuerySet[Any]) -> QuerySet[Any]:
        visible = visible_to(rows, user, graduate="graduate")
        return visible if cohorts is None else visible.filter(cohort_id__in=cohorts)

    def within(path: str) -> Q:
        return Q(**{f"{path}__gte": begin, f"{path}__lt": end})

    applications = seen(Application.objects.all())
    yield _by(
        applications.filter(within("created_at")), "school_id",
        delivered=Count("pk"),
        opened=Count("pk", filter=Q(first_viewed_at__isnull=False)),
        answered=Count("pk", filter=Q(state__in=ANSWERED)),
        lapsed=Count("pk", filter=Q(state=ApplicationState.LAPSED)),
    )  # fmt: skip
    interviews = Interview.objects.filter(application__in=applications.order_by())
    yield _by(
        # Moving an interview makes a new row, which counts in its place.
        interviews.filter(within("created_at")).exclude(state=InterviewState.MOVED),
        "application__school_id", interviews=Count("pk"),
    )  # fmt: skip
    offers = seen(Invitation.objects.filter(way=Way.APPLIED)).filter(within("sent_at"))
    yield _by(offers, "school_id", offers=Count("pk"))
    from_posting = Exists(OfferDraft.objects.filter(draft__invitation=OuterRef("invitation_id")))
    registered = Q(invitation__way=Way.REGISTERED)
    yield _by(
        seen(Agreement.objects.all()).filter(within("signed_at")), "school_id",
        card=Count("pk", filter=Q(invitation__way=Way.CARD)),
        registered=Count("pk", filter=registered & ~Q(from_posting)),
        posting=Count("pk", filter=registered & Q(from_posting)),
        applied=Count("pk", filter=Q(invitation__way=Way.APPLIED)),
    )  # fmt: skip


def _by(rows: QuerySet[Any], school: str, **counts: Count) -> Iterable[tuple[int, dict[str, int]]]:
    """(school, its counts) in one query."""
    keys = list(counts)
    found = rows.order_by().values(school).annotate(**{f"n_{k}": c for k, c in counts.items()})
    return [(row[school], {key: row[f"n_{key}"] for key in keys}) for row in found]
