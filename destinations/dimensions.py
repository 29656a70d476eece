"""By what the figures are grouped, and the rows of a list behind one line of such a table.

A line's key is a value of the list's filter with the name of the dimension's `filter`, so that each
number opens the list that it counts. Lists and figures read keys and conditions here alone.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import CharField, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Left

from codes import lookup

NONE = "none"  # the key of a line for rows that have no value, or one of no table
_ORIGIN, _PLACE, _INDUSTRY = "graduate__origin", "unit_division", "unit_industry"


def _first_four(field: str) -> Left:
    """Province and city of a division's code."""
    return Left(field, 4, output_field=CharField())


# --- regions: a city of the own province, else a province ------------------------------------------


@lookup.forgotten_with_tables
@functools.cache
def _regions() -> dict[str, str]:
    """Key → name, the cities of the platform's own province first. A key is the beginning of the codes
    that it stands for."""
    places = sorted(lookup.places().values(), key=lambda place: place.code)
    provinces = {p.code[:2]: p.name for p in places if p.level == 1}
    own = next((c for c, name in provinces.items() if name == settings.PROVINCE_NAME), "")
    cities = {p.code[:4]: p.name for p in places if p.level == 2 and own and p.code[:2] == own}
    rest = {own: f"{provinces[own]}（其他）"} if own else {}
    return {**cities, **rest, **{c: name for c, name in provinces.items() if c != own}}


def _region_of(code: str) -> str:
    found = _regions()
    return code if code in found else code[:2] if code[:2] in found else NONE


def _in_region(field: str, key: str) -> Q:
    """The condition that a code belongs to the region with this key. A city's codes begin with it; the
    own province's other codes are those of no city."""
    found = _regions()
    if key == NONE:
        known = Q()
        for province in {k[:2] for k in found}:
            known |= Q(**{f"{field}__startswith": province})
        return ~known
    cities = [k for k in found if len(k) == 4 and k.startswith(key) and k != key]
    inside = Q(**{f"{field}__startswith": key})
    for city in cities:
        inside &= ~Q(**{f"{field}__startswith": city})
    return inside


def region_choices(nothing: str) -> list[tuple[int | str, str]]:
    return [*_regions().items(), (NONE, nothing)]


def origin_is(key: str) -> Q:
    return _in_region(_ORIGIN, key)


def place_is(key: str) -> Q:
    return _in_region(_PLACE, key)


def industry_is(key: str) -> Q:
    known = list(lookup.table("unit_industry").names)
    return ~Q(unit_industry__in=known) if key == NONE else Q(unit_industry=key)


def industry_choices() -> list[tuple[int | str, str]]:
    return [*lookup.table("unit_industry").names.items(), (NONE, _NO_INDUSTRY)]


_NO_ORIGIN, _NO_PLACE, _NO_INDUSTRY = "未填写", "境外或未填写", "未填写"


def origin_choices() -> list[tuple[int | str, str]]:
    return region_choices(_NO_ORIGIN)


def place_choices() -> list[tuple[int | str, str]]:
    return region_choices(_NO_PLACE)


# --- the dimensions --------------------------------------------------------------------------------


def _same(key: str) -> str:
    return key


def _level_group(code: str) -> str:
    """本科, 硕士研究生 …; the code itself if the table has no group for it."""
    entry = lookup.table("education_level").extra.get(code, {})
    return str(entry.get("level_group", code))


def _gender(code: str) -> str:
    return lookup.name("gender", code)


@dataclass(frozen=True)
class Dimension:
    """One way to group the figures. `field` is what the database groups by, `key_of` makes a line's key
    of its value, and `words` the line's name, where no row of `name` says it. Only those who have a
    destination are counted by a dimension `of_settled`, since the others have no such value."""

    key: str
    label: str
    filter: str
    field: str | Combinable
    name: str = ""
    key_of: Callable[[str], str] = _same
    words: Callable[[str], str] = _same
    of_settled: bool = False


def _region_name(nothing: str) -> Callable[[str], str]:
    return lambda key: nothing if key == NONE else _regions()[key]


def _industry_of(code: str) -> str:
    return code if code in lookup.table("unit_industry").names else NONE


def _industry_name(key: str) -> str:
    return _NO_INDUSTRY if key == NONE else lookup.name("unit_industry", key)


_EVERY = (
    Dimension("school", "学校", "school", "school_id", "school__name"),
    Dimension("department", "院系", "department", "graduate__department_id",
              "graduate__department__name"),
    # By code, because schools write a major's name in more than one way.
    Dimension("major", "专业", "major", "graduate__major_code", "graduate__major_name"),
    Dimension("class", "班级", "school_class", "graduate__school_class_id",
              "graduate__school_class__name"),
    Dimension("level", "学历", "level", "graduate__level", key_of=_level_group),
    Dimension("gender", "性别", "gender", "graduate__gender", words=_gender),
    Dimension("origin", "生源地", "origin_place", _first_four(_ORIGIN), key_of=_region_of,
              words=_region_name(_NO_ORIGIN)),
    Dimension("place", "就业地", "place", _first_four(_PLACE), key_of=_region_of,
              words=_region_name(_NO_PLACE), of_settled=True),
    Dimension("industry", "行业", "industry", _INDUSTRY, key_of=_industry_of,
              words=_industry_name, of_settled=True),
)  # fmt: skip
DIMENSIONS = {d.key: d for d in _EVERY}


def offered(*, every_school: bool) -> list[Dimension]:
    """Each school has departments, majors and classes of its own, so that the figures of all schools
    are grouped by school instead."""
    of_a_school = ("department", "major", "class")
    return [d for d in _EVERY if (d.key not in of_a_school if every_school else d.key != "school")]
