"""Whom a survey asks, and what is registered of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from codes import lookup
from destinations.catalogue import catalogue
from destinations.models import Destination
from employers.models import Unit
from esign.models import Agreement
from graduates.models import Graduate
from graduates.states import Standing
from surveys.models import OptOut, Survey

NO_GROUP = "待就业"


def group_of(category: str) -> str:
    """The group of a registered destination, such as 升学: what an answer keeps of it."""
    return catalogue().groups.get(category) or NO_GROUP


def all_groups() -> list[str]:
    """Every group of destinations, in the order of the catalogue."""
    return list(dict.fromkeys(group for group in catalogue().groups.values() if group))


def _categories(groups: Iterable[str]) -> list[str]:
    wanted = set(groups)
    return [code for code, group in catalogue().groups.items() if group in wanted]


def level_group(level: str) -> str:
    """本科, 硕士研究生 …, for a code of the education level."""
    return lookup.table("education_level").extra.get(level, {}).get("level_group", "其他")


def graduates_of(survey: Survey) -> QuerySet[Graduate]:
    """The graduates 在籍 whom a survey for graduates asks, without those who want none."""
    rows = Graduate.objects.filter(standing=Standing.ENROLLED)
    rows = rows.exclude(person__in=OptOut.objects.values("person"))
    if survey.school_id is not None:
        rows = rows.filter(school=survey.school_id)
    for chosen, name in (
        (survey.school_ids, "school__in"), (survey.years, "cohort__year__in"),
        (survey.levels, "level__in"), (survey.department_ids, "department__in"),
    ):  # fmt: skip
        if chosen:
            rows = rows.filter(**{name: chosen})
    if survey.groups:
        rows = rows.filter(destination__category__in=_categories(survey.groups))
    return rows


def units_of(survey: Survey) -> QuerySet[Unit]:
    """The units that signed online with graduates of the audience, or that these registered."""
    agreements, destinations = Agreement.objects.all(), Destination.objects.exclude(unit_code="")
    if survey.school_id is not None:
        agreements = agreements.filter(school=survey.school_id)
        destinations = destinations.filter(school=survey.school_id)
    if survey.school_ids:
        agreements = agreements.filter(school__in=survey.school_ids)
        destinations = destinations.filter(school__in=survey.school_ids)
    if survey.years:
        agreements = agreements.filter(cohort__year__in=survey.years)
        destinations = destinations.filter(cohort__year__in=survey.years)
    return Unit.objects.filter(
        Q(pk__in=agreements.values("unit")) | Q(code__in=destinations.values("unit_code"))
    )
