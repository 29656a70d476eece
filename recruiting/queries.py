"""What a person of a unit, a graduate and staff may see of recruiting."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils import timezone

from accounts.models import User
from employers.models import Membership, UnitMember
from graduates.filters import HasGrams, NameGrams, grams_of
from graduates.models import Graduate
from recruiting.models import (
    Application,
    Interview,
    Posting,
    PostingImport,
    Recommendation,
    RecruitingRules,
    ReviewingSchool,
    Sanction,
    UnitReport,
)
from recruiting.models.postings import ON_CARD
from recruiting.states import LIVE_APPLICATION, PostingState, RecommendationState
from schools.current_cohort import cohort_ids
from schools.roles import Level
from schools.scope import staff_of, visible_to

# Words are looked for in so many of the newest postings first; the index of words has all postings.
_NEWEST = 2000


class _IsIn(Func):
    """Whether an array has an element. PostgreSQL answers it in half the time of `@>`, which counts
    where all postings are read."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()
    conditional = True


def postings_of(member: UnitMember) -> QuerySet[Posting]:
    """The postings of the person's unit; none for people who are not verified."""
    if member.state != Membership.VERIFIED:
        return Posting.objects.none()
    return Posting.objects.filter(unit=member.unit_id)


def open_to(graduate: Graduate) -> QuerySet[Posting]:
    """The postings that a graduate sees: published for all or for the own school, not hidden by it, and
    not past their last day, even if no task has marked them as expired yet."""
    school = Value(graduate.school_id, BigIntegerField())
    today = timezone.localdate()
    rows = Posting.objects.filter(state=PostingState.PUBLISHED, valid_until__gte=today)
    rows = rows.filter(Q(school_ids=[]) | Q(_IsIn(school, F("school_ids"))))
    return rows.exclude(_IsIn(school, F("hidden_from")))


def search_open(
    graduate: Graduate, *, places: Sequence[str] = (), category: str = "",
    work_kind: int | None = None, kept: bool = False,
) -> QuerySet[Posting]:  # fmt: skip
    """The postings that a graduate sees, narrowed to what was searched for. `places` are codes of
    provinces, cities or counties."""
    rows = open_to(graduate)
    if places:
        rows = rows.filter(search_places__overlap=places)
    if category:
        rows = rows.filter(job_category=category)
    if work_kind is not None:
        rows = rows.filter(work_kind=work_kind)
    if kept:
        rows = rows.filter(favourites__graduate=graduate)
    return rows


def as_cards(rows: QuerySet[Posting], graduate: Graduate) -> QuerySet[Posting]:
    """The postings with what their cards in the graduate's lists show; `applied` says whether the graduate
    has an application that is under way."""
    live = Application.objects.filter(
        graduate=graduate, posting=OuterRef("pk"), state__in=LIVE_APPLICATION
    )
    return rows.select_related("unit").only(*ON_CARD).annotate(applied=Exists(live))


def newest_with(rows: QuerySet[Posting], words: Sequence[str], size: int) -> list[Posting]:
    """The newest `size` of the postings that have all words, which are in the form of
    `Posting.search_text`.

    A frequent word fills the list from the newest postings alone. The index of words is for rare ones:
    of a frequent one it finds thousands of postings, which then had to be read and sorted.
    """
    rows = rows.order_by("-published_at", "-pk")
    if not words:
        return list(rows[:size])
    has_words = functools.reduce(operator.and_, (Q(search_text__contains=word) for word in words))
    edge = rows.values_list("published_at", flat=True)[_NEWEST : _NEWEST + 1].first()
    if edge is not None:
        found = list(rows.filter(has_words, published_at__gte=edge)[:size])
        if len(found) == size:
            return found
    for word in words:
        # The index finds the pairs of characters, which may stand apart in the text.
        grams = Value(grams_of(word, school_id=None), ArrayField(BigIntegerField()))
        rows = rows.filter(HasGrams(NameGrams(Value(0), F("search_text")), grams))
    return list(rows.filter(has_words)[:size])


def reviewed_by(user: User) -> QuerySet[Posting]:
    """The postings that a staff member sees in the console: the province all, a school those that its
    graduates may see. Drafts are the unit's own."""
    staff = staff_of(user)
    rows = Posting.objects.exclude(state__in=[PostingState.DRAFT, PostingState.RETURNED])
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return Posting.objects.none()
    if staff.role_level == Level.PROVINCE:
        return rows
    return rows.filter(Q(school_ids=[]) | Q(school_ids__contains=[staff.school_id]))


def waiting_for(user: User) -> QuerySet[Posting]:
    """The postings, and changes of published ones, that wait for this reviewer."""
    staff = staff_of(user)
    rows = reviewed_by(user).filter(
        Q(state=PostingState.WAITING) | Q(review_pending=True) | Q(revisions__state="waiting")
    )
    reviewing = ReviewingSchool.objects.filter(school=staff.school_id if staff else None)
    if staff is not None and staff.role_level == Level.SCHOOL and not reviewing.exists():
        rows = rows.exclude(school_ids=[])
    return rows.distinct()


def posting_imports_of(members: Iterable[UnitMember]) -> QuerySet[PostingImport]:
    """The workbooks of postings of the units in which the person is verified."""
    verified = [m.unit_id for m in members if m.state == Membership.VERIFIED]
    return PostingImport.objects.filter(member__unit__in=verified)


def applications_of(member: UnitMember) -> QuerySet[Application]:
    """The applications that the person's unit received; none for people who are not verified."""
    if member.state != Membership.VERIFIED:
        return Application.objects.none()
    return Application.objects.filter(unit=member.unit_id)


def interviews_of(member: UnitMember) -> QuerySet[Interview]:
    """The interviews that the person's unit invited to; none for people who are not verified."""
    if member.state != Membership.VERIFIED:
        return Interview.objects.none()
    return Interview.objects.filter(unit=member.unit_id)


def reports_for(user: User) -> QuerySet[UnitReport]:
    """The reports of units that a staff member examines: the province all, a school those that were
    assigned to it."""
    staff = staff_of(user)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return UnitReport.objects.none()
    if staff.role_level == Level.PROVINCE:
        return UnitReport.objects.all()
    return UnitReport.objects.filter(examined_by_school=staff.school_id)


def sanctions_for(user: User) -> QuerySet[Sanction]:
    """The sanctions that a staff member sees: the province all, a school those that it decided."""
    staff = staff_of(user)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return Sanction.objects.none()
    if staff.role_level == Level.PROVINCE:
        return Sanction.objects.all()
    examined = UnitReport.objects.filter(examined_by_school=staff.school_id)
    return Sanction.objects.filter(pk__in=examined.values("sanction"))


def sanctions_of(member: UnitMember) -> QuerySet[Sanction]:
    """The sanctions of the person's unit; none for people who are not verified."""
    if member.state != Membership.VERIFIED:
        return Sanction.objects.none()
    return Sanction.objects.filter(unit=member.unit_id)


def recommendations_for(user: User) -> QuerySet[Recommendation]:
    """The 就业推荐表 in the scope of a staff member. Drafts are the graduates' own business."""
    rows = Recommendation.objects.exclude(state=RecommendationState.DRAFT)
    return visible_to(rows, user, graduate="graduate")


def recommendations_waiting(user: User) -> QuerySet[Recommendation]:
    """Those that wait for this person: for the school's seal, or for the department's opinion. In a
    cohort that has ended nothing waits any more."""
    staff = staff_of(user)
    of_school = staff is not None and staff.role_level == Level.SCHOOL
    state = (
        RecommendationState.WAITING_SCHOOL if of_school else RecommendationState.WAITING_DEPARTMENT
    )
    rows = recommendations_for(user).filter(state=state, cohort__sealed_at__isnull=True)
    return rows.filter(
        Q(cohort__ends_on__gte=timezone.localdate())
        | Q(graduate__reopened_until__gte=timezone.localdate())
    )


def enough_to_apply() -> Q:
    """The condition on graduates that their résumé is complete enough to apply."""
    return Q(resume_store__completeness__gte=RecruitingRules.current().min_completeness)


def with_poor_resume(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those in cohorts that are not sealed who have no résumé, or none that is complete enough."""
    rows = graduates.filter(cohort__sealed_at__isnull=True)
    return rows.filter(Q(resume_store__isnull=True) | ~enough_to_apply())


def resumes_by_class(user: User, year: int) -> list[dict[str, Any]]:
    """For each class of a cohort in the scope of a staff member: its graduates, and how many of them
    have a résumé, may apply, say what they look for, and have applied."""
    graduates = visible_to(Graduate.objects.all(), user)
    applied = Application.objects.filter(graduate=OuterRef("pk"))
    rows = graduates.filter(cohort_id__in=cohort_ids(user, year)).values(
        "department_id",
        "school_class_id",
        class_name=F("school_class__name"),
        department_name=F("department__name"),
    )
    counted: Any = rows.annotate(
        total=Count("pk"),
        with_resume=Count("pk", filter=Q(resume_store__isnull=False)),
        enough=Count("pk", filter=enough_to_apply()),
        wants=Count("pk", filter=Q(intention__isnull=False)),
        applied=Count("pk", filter=Exists(applied)),
    ).order_by("department_name", "class_name", "school_class_id")
    return list(counted)
