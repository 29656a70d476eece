"""How notices name their publisher and their audience."""

from __future__ import annotations

from codes import lookup
from notices.models import Notice
from notices.states import Readers
from schools.models import Department, School
from schools.roles import LEVEL_LABELS, Level


def publisher_words(publisher: str, school: str | None) -> str:
    """省级, the school's name, or the school's name with the level below it."""
    if publisher == Level.PROVINCE:
        return "省级"
    return f"{school}院系" if publisher == Level.DEPARTMENT else str(school)


def audience_words(notice: Notice) -> list[str]:
    """Whom a notice is addressed to, in words, a part of the audience each."""
    words = [Readers(notice.readers).label]
    if notice.school_ids:
        words.append(_names(School, notice.school_ids))
    if notice.department_ids:
        words.append(_names(Department, notice.department_ids))
    if notice.years:
        words.append("、".join(f"{year}届" for year in notice.years))
    if notice.levels:
        chosen = set(notice.levels)
        groups = [g for g in lookup.level_groups() if chosen & set(lookup.levels_of_group([g]))]
        words.append("、".join(groups))
    if notice.roles:
        words.append("、".join(LEVEL_LABELS[role] for role in notice.roles))
    return words


def _names(model: type[School] | type[Department], ids: list[int]) -> str:
    rows = model._default_manager.filter(pk__in=ids).order_by("name")
    return "、".join(rows.values_list("name", flat=True))
