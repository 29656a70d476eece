"""Which surveys staff manage and read, and which ones a graduate or a unit may still answer."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from employers.models import UnitMember
from graduates.models import Graduate
from schools.models import Department
from schools.roles import Level
from schools.scope import scope_of, staff_of
from surveys.models import Invitation, Survey
from surveys.states import WITH_RESULTS, Audience, SurveyState


def managed_by(user: User) -> QuerySet[Survey]:
    """The surveys that a person builds: the province its own, a school its own."""
    staff = staff_of(user)
    if staff is None or not user.has_perm("surveys.edit"):
        return Survey.objects.none()
    if staff.role_level == Level.PROVINCE:
        return Survey.objects.filter(school__isnull=True)
    return Survey.objects.filter(school=staff.school_id)


def open_to(user: User) -> QuerySet[Survey]:
    """Everything that a staff member may open: what they manage; and of the own school and of the
    province what asks their graduates and is no draft."""
    staff = staff_of(user)
    if staff is None or not user.has_perm("surveys.view"):
        return Survey.objects.none()
    rows = managed_by(user)
    if staff.role_level == Level.PROVINCE:
        return rows
    asked = Survey.objects.exclude(state=SurveyState.DRAFT).filter(
        Q(school=staff.school_id)
        | Q(school__isnull=True, school_ids=[]) | Q(school_ids__contains=[staff.school_id]),
        audience=Audience.GRADUATES,
    )  # fmt: skip
    mine, others = rows.order_by().values("pk"), asked.order_by().values("pk")
    return Survey.objects.filter(Q(pk__in=mine) | Q(pk__in=others))


def with_results_for(user: User) -> QuerySet[Survey]:
    return open_to(user).filter(state__in=WITH_RESULTS)


def own_part(survey: Survey, user: User) -> int | None:
    """The school whose part of a survey of the province a person sees; None if they see all of it."""
    staff = staff_of(user)
    return staff.school_id if staff is not None and survey.school_id is None else None


def departments_for(user: User, school_id: int) -> QuerySet[Department]:
    """The departments whose tables a person may see: a school all of its own, a department its own."""
    scope = scope_of(user)
    rows = Department.objects.filter(school=school_id).order_by("name")
    if scope is None or scope.school_id != school_id:
        return rows.none()
    return rows if scope.whole_school else rows.filter(pk__in=scope.departments)


def answerable_by(graduate: Graduate) -> QuerySet[Invitation]:
    """The graduate's invitations to surveys that are running."""
    rows = Invitation.objects.filter(graduate=graduate, survey__state=SurveyState.RUNNING)
    return rows.select_related("survey__school").order_by("survey__closes_at", "pk")


def answerable_by_unit(member: UnitMember) -> QuerySet[Invitation]:
    """The invitations of the person's unit to surveys that are running."""
    rows = Invitation.objects.filter(unit=member.unit_id, survey__state=SurveyState.RUNNING)
    return rows.select_related("survey__school").order_by("survey__closes_at", "pk")
