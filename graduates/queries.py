"""Questions about origin records that more than one page asks."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, QuerySet

from graduates.models import Graduate, Person
from graduates.states import Standing


def doubled() -> QuerySet[Graduate]:
    """信息重复: records that stand at two schools for one document in one 届 (DOMAIN §2).

    Found anew each time, so that it never says other than the records do. The numbers that occur
    at more than one school are counted first, over the index of persons alone: few are left.
    """
    more_than_once = (
        Person.objects.values("id_number").annotate(times=Count("pk")).filter(times__gt=1)
    )
    standing = Graduate.objects.filter(standing=Standing.ENROLLED)
    elsewhere = standing.filter(
        person__id_number=OuterRef("person__id_number"),
        person__id_type=OuterRef("person__id_type"),
        cohort__year=OuterRef("cohort__year"),
    ).exclude(school_id=OuterRef("school_id"))
    return standing.filter(
        Exists(elsewhere), person__id_number__in=more_than_once.values("id_number")
    )


def same_person_and_year(graduate: Graduate) -> QuerySet[Graduate]:
    """The records that stand for the same document in the same 届, this one among them."""
    return Graduate.objects.filter(
        standing=Standing.ENROLLED,
        person__id_number=graduate.person.id_number,
        person__id_type=graduate.person.id_type,
        cohort__year=graduate.cohort.year,
    ).order_by("pk")
