"""Which findings and runs a member of staff sees, and which wait for them."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from quality.models import CallBack, Finding, Run, Sample
from quality.states import TO_CALL, UNSETTLED, FindingOwner, SampleState
from schools.roles import Level
from schools.scope import scope_of, staff_of, visible_to

OWNER_OF_LEVEL = {
    Level.DEPARTMENT: FindingOwner.DEPARTMENT,
    Level.SCHOOL: FindingOwner.SCHOOL,
    Level.PROVINCE: FindingOwner.PROVINCE,
}


def findings_for(user: User) -> QuerySet[Finding]:
    """The findings in the user's scope: about their graduates, and about their whole departments."""
    if not user.has_perm("quality.view"):
        return Finding.objects.none()
    rows = visible_to(Finding.objects.all(), user, graduate="graduate")
    scope = scope_of(user)
    if scope is None or scope.everything or scope.whole_school or scope.is_empty:
        return rows
    of_departments = Q(
        graduate__isnull=True, school_id=scope.own_school, department_id__in=scope.departments,
        cohort_id__in=scope.cohorts or (),
    )  # fmt: skip
    own = rows.order_by().values("pk")
    return Finding.objects.filter(Q(pk__in=own) | of_departments)


def findings_waiting(user: User) -> QuerySet[Finding]:
    """The unsettled findings in scope that are this person's level's to settle."""
    staff = staff_of(user)
    owner = OWNER_OF_LEVEL.get(staff.role_level) if staff is not None else None
    rows = findings_for(user).filter(state__in=UNSETTLED)
    return rows.filter(owner=owner) if owner is not None else rows.none()


def findings_overdue(user: User) -> QuerySet[Finding]:
    """The part of `findings_waiting` whose due date is over."""
    return findings_waiting(user).filter(due_on__lt=timezone.localdate())


def runs_for(user: User) -> QuerySet[Run]:
    """A school sees the runs of its own; those over all schools are the province's."""
    scope = scope_of(user)
    if scope is None or not user.has_perm("quality.run"):
        return Run.objects.none()
    if scope.everything:
        return Run.objects.all()
    return Run.objects.filter(school_id=scope.own_school)


def together_with(finding: Finding, user: User) -> tuple[list[Finding], int]:
    """Further findings of the same matter: those in the user's scope, at most 50, and how many there
    are outside it, who are not named."""
    rows = Finding.objects.filter(rule=finding.rule_id, subject=finding.subject)
    rows = rows.exclude(pk=finding.pk)
    mine = findings_for(user).filter(pk__in=rows.values("pk"))
    related = ("graduate__school_class", "graduate__department", "school")
    shown = list(mine.select_related(*related).order_by("pk")[:50])
    return shown, rows.count() - mine.count()


def samples_for(user: User) -> QuerySet[Sample]:
    """A school sees its own samples, and published ones of the province that its graduates are in; the
    province sees all."""
    scope = scope_of(user)
    if scope is None or not user.has_perm("quality.sample"):
        return Sample.objects.none()
    if scope.everything:
        return Sample.objects.all()
    drawn = CallBack.objects.filter(school_id=scope.own_school).values("sample_id")
    published = Q(school__isnull=True, state=SampleState.PUBLISHED, pk__in=drawn)
    return Sample.objects.filter(Q(school_id=scope.own_school) | published)


def calls_for(user: User) -> QuerySet[CallBack]:
    """The calls that were given to this person, of samples that go on."""
    if not user.has_perm("quality.call"):
        return CallBack.objects.none()
    going = (SampleState.CALLING, SampleState.DONE)
    return CallBack.objects.filter(caller=user, sample__state__in=going)


def calls_to_make(user: User) -> QuerySet[CallBack]:
    return calls_for(user).filter(state__in=TO_CALL)
