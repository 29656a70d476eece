"""Which notices somebody reads, and which they publish."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from graduates.models import Graduate
from notices.models import Notice, Receipt, Reminder
from notices.states import NoticeState, Readers
from schools.models import Department
from schools.roles import Level
from schools.scope import scope_of, staff_of, visible_to


def _shown() -> QuerySet[Notice]:
    """Published notices whose last day is not over, also if nobody has marked them as expired yet."""
    still = Q(expires_on__isnull=True) | Q(expires_on__gte=timezone.localdate())
    return Notice.objects.filter(still, state=NoticeState.PUBLISHED)


def _among(field: str, value: Any) -> Q:
    """The audience's list is empty, or names the value."""
    return Q(**{field: []}) | Q(**{f"{field}__contains": [value]})


def shown_to(graduate: Graduate) -> QuerySet[Notice]:
    """The notices that a graduate reads."""
    return _shown().filter(
        Q(school__isnull=True) | Q(school=graduate.school_id),
        _among("school_ids", graduate.school_id),
        _among("years", graduate.cohort.year),
        _among("levels", graduate.level),
        _among("department_ids", graduate.department_id),
        readers=Readers.GRADUATES,
    )


def shown_to_staff(user: User) -> QuerySet[Notice]:
    """The notices that a staff member reads: those for their school, their role, and their departments."""
    staff, scope = staff_of(user), scope_of(user)
    if staff is None or scope is None:
        return Notice.objects.none()
    rows = _shown().filter(_among("roles", staff.role_level), readers=Readers.STAFF)
    if scope.everything:
        return rows.filter(school__isnull=True)
    rows = rows.filter(
        Q(school__isnull=True) | Q(school=staff.school_id), _among("school_ids", staff.school_id)
    )
    if scope.whole_school:
        return rows
    departments = sorted(departments_of(user))
    return rows.filter(Q(department_ids=[]) | Q(department_ids__overlap=departments))


def departments_of(user: User) -> set[int]:
    """The departments of a person below the school: their own, and those of their own classes."""
    scope = scope_of(user)
    if scope is None:
        return set()
    of_classes = Department.objects.filter(classes__in=scope.classes)
    return set(scope.departments) | set(of_classes.values_list("pk", flat=True))


def published_by(user: User) -> QuerySet[Notice]:
    """The notices that a person manages, drafts among them: the province its own, a school all of the
    school, a department admin those they wrote."""
    staff = staff_of(user)
    if staff is None or not user.has_perm("notices.publish"):
        return Notice.objects.none()
    if staff.role_level == Level.PROVINCE:
        return Notice.objects.filter(school__isnull=True)
    rows = Notice.objects.filter(school=staff.school_id)
    return rows if staff.role_level == Level.SCHOOL else rows.filter(created_by=user)


def open_to_staff(user: User) -> QuerySet[Notice]:
    """Everything that a staff member may open: what they manage and what is addressed to them."""
    mine = published_by(user).order_by().values("pk")
    addressed = shown_to_staff(user).order_by().values("pk")
    return Notice.objects.filter(Q(pk__in=mine) | Q(pk__in=addressed))


def unconfirmed_by(user: User) -> QuerySet[Notice]:
    """The notices that a staff member still has to confirm."""
    confirmed = Receipt.objects.filter(notice=OuterRef("pk"), user=user, confirmed_at__isnull=False)
    return shown_to_staff(user).filter(~Exists(confirmed), must_read=True)


def audience_of(notice: Notice) -> QuerySet[Graduate]:
    """The graduates that a notice for graduates is addressed to."""
    rows = Graduate.objects.all()
    if notice.school_id is not None:
        rows = rows.filter(school=notice.school_id)
    for field, name in (
        ("school_ids", "school__in"), ("years", "cohort__year__in"), ("levels", "level__in"),
        ("department_ids", "department__in"),
    ):  # fmt: skip
        if chosen := getattr(notice, field):
            rows = rows.filter(**{name: chosen})
    return rows


def readers_of(notice: Notice, user: User) -> QuerySet[Graduate]:
    """Those of the audience whom the staff member may see."""
    return visible_to(audience_of(notice), user)


def with_reading(rows: QuerySet[Graduate], notice: Notice) -> QuerySet[Graduate]:
    """The graduates with `notice_read_at` and `notice_confirmed_at`, None for what they have not done."""
    receipts = Receipt.objects.filter(notice=notice, user=OuterRef("person__user"))
    return rows.annotate(
        notice_read_at=Subquery(receipts.values("read_at")[:1]),
        notice_confirmed_at=Subquery(receipts.values("confirmed_at")[:1]),
    )


def reading_counts(notice: Notice, user: User) -> dict[str, int]:
    """How many of those whom the staff member may see are addressed, have not read, have read only, and
    have confirmed."""
    audience = readers_of(notice, user)
    receipts = Receipt.objects.filter(notice=notice, user__person__graduates__in=audience)
    found = receipts.aggregate(
        read=Count("user", distinct=True),
        confirmed=Count("user", distinct=True, filter=Q(confirmed_at__isnull=False)),
    )
    addressed, read, confirmed = audience.count(), found["read"], found["confirmed"]
    return {
        "addressed": addressed, "unread": addressed - read, "read_only": read - confirmed,
        "confirmed": confirmed,
    }  # fmt: skip


def reminders_of(user: User) -> QuerySet[Reminder]:
    """The reminders that a staff member may look at: their own, a school admin all of the school, the
    province its own."""
    staff = staff_of(user)
    if staff is None or not user.has_perm("notices.remind"):
        return Reminder.objects.none()
    rows = Reminder.objects.filter(school=staff.school_id)
    whole = staff.role_level in (Level.SCHOOL, Level.PROVINCE)
    return rows if whole else rows.filter(by=user)
