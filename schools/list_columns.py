"""Columns that every list of graduates offers, beside its own."""

from __future__ import annotations

from collections.abc import Sequence

from codes import lookup
from core.lists.columns import Column, Row
from core.lists.html import text as escaped


def with_shared_columns(
    columns: Sequence[Column], path: str, *, every_school: bool
) -> list[Column]:
    """`columns` with 学校, where a person sees several schools, and class, major and level to choose. A
    list without a student number is none of graduates and gets nothing. `path` leads from a row to its
    graduate."""
    if not any(c.key == "student_no" for c in columns):
        return list(columns)
    own = [c for c in columns if c.key != "school"]
    prefix = f"{path}__" if path else ""
    if every_school:
        place = next(n for n, c in enumerate(own) if c.key == "student_no") + 1
        own.insert(place, Column("school", "学校", (f"{prefix}school__name",), css="wide"))
    known = {c.key for c in own}
    return [*own, *(c for c in _optional(prefix) if c.key not in known)]


def _optional(prefix: str) -> list[Column]:
    level = f"{prefix}level"

    def level_words(row: Row) -> str:
        return lookup.name("education_level", row[level])

    return [
        Column("school_class", "班级", (f"{prefix}school_class__name",), css="wide", optional=True),
        Column("major", "专业", (f"{prefix}major_name",), css="wide", optional=True),
        Column("level", "学历", (level,), lambda r: escaped(level_words(r)), level_words,
               optional=True),
    ]  # fmt: skip
