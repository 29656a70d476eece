"""Queries about origin records that more than one page needs."""

from __future__ import annotations

import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from core.models import Event
from graduates.models import CorrectionRequest, Graduate, Person
from graduates.states import CorrectionState, Standing
from schools.roles import Level
from schools.scope import staff_of


def duplicated_records() -> QuerySet[Graduate]:
    """信息重复: records of one person who is 在籍 at two schools in one 届 (DOMAIN §2).

    They are looked up each time and not stored, so that they always agree with the records. The
    query first finds the few document numbers that more than one person row has, which takes only
    the index of persons.
    """
    more_than_once = (
        Person.objects.values("id_number").annotate(times=Count("pk")).filter(times__gt=1)
    )
    enrolled = Graduate.objects.filter(standing=Standing.ENROLLED)
    elsewhere = enrolled.filter(
        person__id_number=OuterRef("person__id_number"),
        person__id_type=OuterRef("person__id_type"),
        cohort__year=OuterRef("cohort__year"),
    ).exclude(school_id=OuterRef("school_id"))
    return enrolled.filter(
        Exists(elsewhere), person__id_number__in=more_than_once.values("id_number")
    )


def corrections_of_turn(
    rows: QuerySet[CorrectionRequest], user: User
) -> QuerySet[CorrectionRequest]:
    """Those of `rows` that wait for the user's level: what a department passed on waits for the school
    alone. The school may answer all, so that nothing waits where a department has nobody."""
    rows, staff = rows.filter(state=CorrectionState.OPEN), staff_of(user)
    if staff is not None and staff.role_level in (Level.CLASS, Level.DEPARTMENT):
        return rows.filter(passed_at=None)
    return rows


_RESET_COUNTS_FOR = datetime.timedelta(days=30)


def has_reset_account(user: User, graduate_id: int) -> bool:
    """Whether `user` has reset the graduate's account in the last 30 days. Whoever did could have acted
    in the graduate's name since, and so does not decide about what the graduate asked for."""
    return Event.objects.filter(
        action="graduates.reset_account", object_type="graduate", object_id=graduate_id,
        actor_id=user.pk, at__gt=Now() - _RESET_COUNTS_FOR,
    ).exists()  # fmt: skip


def same_person_and_year(graduate: Graduate) -> QuerySet[Graduate]:
    """The records 在籍 of the same person in the same 届, with this one."""
    return Graduate.objects.filter(
        standing=Standing.ENROLLED,
        person__id_number=graduate.person.id_number,
        person__id_type=graduate.person.id_type,
        cohort__year=graduate.cohort.year,
    ).order_by("pk")
