"""Filters that every list of graduates has, and the keyword search."""

from __future__ import annotations

import copy
import re
from functools import reduce
from typing import Any, ClassVar

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, QuerySet, Value
from django.http import HttpRequest

from codes import lookup, readers, text
from graduates.states import Confirmation
from schools import options
from schools.scope import scope_of


class NameGrams(Func):
    """The expression of the name search index (migration 0006)."""

    function = "graduates_name_codes"
    output_field = models.Field()


class HasGrams(Func):
    """`grams @> wanted`: every wanted gram is among the name's."""

    template = "%(expressions)s"
    arg_joiner = " @> "
    output_field = models.BooleanField()
    conditional = True


def grams_of(part: str, *, school_id: int | None) -> list[int]:
    """The numbers the index holds for `part`: its pairs of characters, or its only one.

    21 bits a character, and above them the school, if only its names are meant.
    """
    pairs = [part] if len(part) <= 2 else [part[i : i + 2] for i in range(len(part) - 1)]
    school = (school_id or 0) << 42
    return [school | reduce(lambda code, c: code << 21 | ord(c), pair, 0) for pair in pairs]


def name_contains(part: str, *, school_id: int | None, prefix: str = "") -> HasGrams:
    """Names that contain `part`, by the gram index; within a school by that school's grams."""
    expression = NameGrams(F(f"{prefix}school_id"), F(f"{prefix}name"))
    grams = grams_of(part, school_id=school_id)
    return HasGrams(expression, Value(grams, ArrayField(models.BigIntegerField())))


def search(queryset: QuerySet[Any], value: str, user: Any, prefix: str = "") -> QuerySet[Any]:
    """By name, student number, exam number or the number of a document."""
    typed = readers.read("search", value, label="关键字").value
    if not typed:
        return queryset
    if not typed.isascii():
        return queryset.filter(_by_name([_name_of(typed)], user, prefix))
    number = text.clean_code(typed)
    if not number:
        return queryset.none()
    matches = Q(**{f"{prefix}student_no__startswith": number})
    if len(number) >= _SHORTEST_DOCUMENT:
        matches |= Q(**{f"{prefix}person__id_number": number})
    if len(number) >= 8:
        matches |= Q(**{f"{prefix}exam_no": number})
    if _LATIN_NAME.fullmatch(typed):
        # The index tells capitals from small letters: names are written in one of these ways.
        spellings = {typed, typed.upper(), typed.lower(), typed.title()}
        matches |= _by_name(sorted(spellings), user, prefix)
    return queryset.filter(matches)


_SHORTEST_DOCUMENT = 5  # a passport's number
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z'.,\- ]+")


def _name_of(typed: str) -> str:
    """A name as it is stored: blanks belong to Latin names only."""
    name = text.clean_name(typed)
    return name.replace(" ", "") if re.search("[\u2e80-\U0003fffd]", name) else name


def _by_name(names: list[str], user: Any, prefix: str) -> Q:
    """Names that contain one of `names`, within the school of `user`."""
    scope = scope_of(user)
    school_id = scope.school_id if scope and not scope.everything else None
    matches = Q()
    for name in names:
        found = Q(name_contains(name, school_id=school_id, prefix=prefix))
        if len(name) > 2:
            # Pairs of characters of a longer part may lie apart; the whole part must be there.
            found &= Q(**{f"{prefix}name__contains": name})
        matches |= found
    return matches


class _CopiedShallow(django_filters.Filter):
    """Every filter set starts by copying its filters; here only what a request changes is."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _CopiedShallow:
        made = copy.copy(self)
        made.extra = dict(self.extra)
        made.method = self.method  # binds it to the copy
        return made


class Choice(_CopiedShallow, django_filters.ChoiceFilter):
    """A filter whose choices are set for each request."""


class Keyword(_CopiedShallow, django_filters.CharFilter):
    pass


class GraduateFilter(django_filters.FilterSet):
    """Cohort, level, department, class, major, keyword. `path` leads to the graduate."""

    path = ""
    less_used: ClassVar[frozenset[str]] = frozenset({"level", "major"})

    school = Choice(label="学校", method="by_school")
    cohort = Choice(label="届别", method="by_cohort")
    level = Choice(label="学历", method="by_level")
    department = Choice(label="院系", method="by_department")
    school_class = Choice(label="班级", method="by_class")
    major = Choice(label="专业", method="by_major")
    q = Keyword(label="关键字", method="by_keyword", help_text="姓名、学号、考生号或证件号码")

    def __init__(self, data: Any = None, queryset: Any = None, *, request: HttpRequest) -> None:
        super().__init__(data, queryset, request=request)
        for name, values in self.choices().items():
            if not values:
                del self.filters[name]
                continue
            self.filters[name].extra["choices"] = values

    def choices(self) -> dict[str, options.Choices]:
        """Choices by filter, in the person's scope; a filter with none is not shown."""
        user: Any = self.request.user
        return {
            "level": [(g, g) for g in lookup.level_groups()],
            **options.list_options(
                user, _number(self.data.get("department")), _number(self.data.get("cohort"))
            ),
        }

    @property
    def qs(self) -> QuerySet[Any]:
        """Without a form where the address filters by nothing, as on the way in."""
        if not any(self.data.get(name) for name in self.filters):
            return self.queryset
        return super().qs

    def get_form_class(self) -> type[forms.Form]:
        """A form over the filters that are left and asked for; django-filter's own keeps all
        declared ones. A field that the address does not name would only say that it is empty."""
        fields = {name: f.field for name, f in self.filters.items() if name in self.data}
        return type(f"{type(self).__name__}Form", (forms.Form,), fields)

    def _with(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        wanted = {f"{self.path}{name}": value}
        scope = scope_of(self.request.user)
        if self.path and scope is not None and not scope.everything:
            # The row's own school says it already, but graduates are found by theirs.
            wanted[f"{self.path}school_id"] = scope.school_id
        return queryset.filter(**wanted)

    def by_school(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(school_id=int(value))

    def by_cohort(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        from schools.models import Cohort

        scope = scope_of(self.request.user)
        rows = Cohort.objects.filter(year=int(value))
        if scope is not None and not scope.everything:
            rows = rows.filter(school_id=scope.own_school)
        return queryset.filter(cohort_id__in=list(rows.values_list("id", flat=True)))

    def by_level(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._with(queryset, "level__in", lookup.levels_of_group([value]))

    def by_department(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._with(queryset, "department_id", int(value))

    def by_class(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._with(queryset, "school_class_id", int(value))

    def by_major(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._with(queryset, "major_code", value)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, value, self.request.user, self.path)


def _number(value: str | None) -> int | None:
    """Nothing for what is no number of ours: ², or one that no column could hold."""
    plain = value and value.isascii() and value.isdigit() and len(value) <= 9
    return int(value) if value and plain else None


class OriginFilter(GraduateFilter):
    confirmation = Choice(label="确认情况", choices=Confirmation.choices, field_name="confirmation")
