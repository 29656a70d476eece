"""Schools by the names that people type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schools.models import School

_BETWEEN_NAMES = re.compile(r"[、,，;；\n]+")


def schools_named(typed: str) -> tuple[list[int], list[str]]:
    """The ids of the schools whose full names were typed, separated by 、 or line breaks, and the names
    that no open school has."""
    names = [name.strip() for name in _BETWEEN_NAMES.split(typed) if name.strip()]
    known = dict(School.objects.filter(name__in=names, is_open=True).values_list("name", "pk"))
    return sorted(set(known.values())), [name for name in names if name not in known]


def no_such_schools(unknown: Sequence[str]) -> str:
    return f"没有找到学校“{'、'.join(unknown[:3])}”，请填写全称。"
