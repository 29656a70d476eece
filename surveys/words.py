"""How a survey names its publisher and whom it asks."""

from __future__ import annotations

from codes import lookup
from schools.models import Department, School
from surveys.models import Survey
from surveys.states import Audience


def publisher_words(survey: Survey) -> str:
    return survey.school.name if survey.school is not None else "省级主管部门"


def audience_words(survey: Survey) -> list[str]:
    """Whom the survey asks, a part of the audience each."""
    words = [Audience(survey.audience).label]
    if survey.audience == Audience.EMPLOYERS:
        words[0] += "（网签或毕业生登记过的）"
    if survey.school_ids:
        words.append(_names(School, survey.school_ids))
    if survey.department_ids:
        words.append(_names(Department, survey.department_ids))
    if survey.years:
        words.append("、".join(f"{year}届" for year in survey.years))
    if survey.levels:
        chosen = set(survey.levels)
        groups = [g for g in lookup.level_groups() if chosen & set(lookup.levels_of_group([g]))]
        words.append("、".join(groups))
    if survey.groups:
        words.append(f"去向为{'、'.join(survey.groups)}")
    return words


def _names(model: type[School] | type[Department], ids: list[int]) -> str:
    rows = model._default_manager.filter(pk__in=ids).order_by("name")
    return "、".join(rows.values_list("name", flat=True))
