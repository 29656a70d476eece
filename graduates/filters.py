"""The filters of every list of graduates, and the search by keyword."""

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

from accounts.models import User
from codes import lookup, readers, text
from core.forms import read_number
from graduates.models import Graduate
from graduates.states import Confirmation, Standing
from schools import options
from schools.current_cohort import of_every_year, year_of
from schools.scope import scope_of


def without_account(rows: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """The graduates who are 在籍 and have not activated their account."""
    return rows.filter(standing=Standing.ENROLLED, person__activated_at__isnull=True)


class NameGrams(Func):
    """The expression of the name search index (migration 0002_guarantees)."""

    function = "graduates_name_codes"
    output_field = models.Field()


class HasGrams(Func):
    """The SQL `grams @> wanted`: the name has every wanted gram."""

    template = "%(expressions)s"
    arg_joiner = " @> "
    output_field = models.BooleanField()
    conditional = True


class HasOneGram(HasGrams):
    """The SQL `grams && wanted`: the name has at least one of the wanted grams."""

    arg_joiner = " && "


def grams_of(part: str, *, school_id: int | None) -> list[int]:
    """The numbers under which the index has names that contain `part`: one for each pair of its
    characters, or one for its only character.

    Each character takes 21 bits; the school, if only its names are wanted, takes the bits above.
    """
    pairs = [part] if len(part) <= 2 else [part[i : i + 2] for i in range(len(part) - 1)]
    school = (school_id or 0) << 42
    return [school | reduce(lambda code, c: code << 21 | ord(c), pair, 0) for pair in pairs]


def name_contains(part: str, *, school_id: int | None, prefix: str = "") -> HasGrams:
    """The condition that a name contains `part`, or at least all its pairs of characters. It uses the
    index of grams, with a school that of the school's names."""
    expression = NameGrams(F(f"{prefix}school_id"), F(f"{prefix}name"))
    grams = grams_of(part, school_id=school_id)
    return HasGrams(expression, Value(grams, ArrayField(models.BigIntegerField())))


def latin_word_in_name(word: str, *, school_id: int | None, prefix: str = "") -> Q:
    """The condition that a name contains `word`, in capitals or not and with accents or not: nguyen
    and Nguyễn both find NGUYEN and Nguyễn.

    The index is asked for names that have each letter in any of its forms, and the pattern for those
    that have them in this order. Few names have Latin letters, so that is quick.
    """
    expression = NameGrams(F(f"{prefix}school_id"), F(f"{prefix}name"))
    letters = [text.forms_of_letter(c) for c in word]
    condition = Q()
    for forms_of_letter in list(dict.fromkeys(letters))[:_MOST_LETTERS]:
        grams = [g for c in forms_of_letter for g in grams_of(c, school_id=school_id)]
        condition &= Q(HasOneGram(expression, Value(grams, ArrayField(models.BigIntegerField()))))
    pattern = "".join(f"[{re.escape(one)}]" for one in letters)
    return condition & Q(**{f"{prefix}name__regex": pattern})


def search_graduates(
    queryset: QuerySet[Any], value: str, user: User, prefix: str = ""
) -> QuerySet[Any]:
    """The rows of graduates with this name, student number, exam number or document number. `prefix`
    leads from a row to its graduate."""
    typed = readers.search_words(value)
    if not typed:
        return queryset
    if not typed.isascii():
        name = _name_of(typed)
        return queryset.filter(_by_name(name, user, prefix)) if name else queryset.none()
    number = text.clean_code(typed)
    if not number:
        return queryset.none()
    matches = Q(**{f"{prefix}student_no__startswith": number})
    if len(number) >= _SHORTEST_DOCUMENT:
        matches |= Q(**{f"{prefix}person__id_number": number})
    if len(number) >= 8:
        matches |= Q(**{f"{prefix}exam_no": number})
    if _LATIN_NAME.fullmatch(typed):
        matches |= _by_name(typed, user, prefix)
    return queryset.filter(matches)


_SHORTEST_DOCUMENT = 5  # a passport's number
_LATIN_NAME = re.compile(r"[A-Za-z][A-Za-z'.,\- ]+")
_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_MOST_WORDS = 8
# How many letters of a word the index is asked for; the pattern has all of them.
_MOST_LETTERS = 10


def _name_of(typed: str) -> str:
    """A typed name as it would be stored. Only Latin names have blanks."""
    name = text.clean_name(typed)
    return name.replace(" ", "") if _HAN.search(name) else name


def _by_name(name: str, user: User, prefix: str) -> Q:
    """The condition that a name contains `name`, within the user's school. Of a Latin name it has to
    contain each word, in capitals or not, because passports write NGUYEN Van An, and with accents or
    not, because they leave these out."""
    scope = scope_of(user)
    school_id = scope.school_id if scope and not scope.everything else None
    if not _HAN.search(name):
        matches = Q()
        for word in name.split()[:_MOST_WORDS]:
            matches &= latin_word_in_name(word, school_id=school_id, prefix=prefix)
        return matches
    matches = Q(name_contains(name, school_id=school_id, prefix=prefix))
    if len(name) > 2:
        # The pairs of characters may stand apart in a name, so look for the whole text, too.
        matches &= Q(**{f"{prefix}name__contains": name})
    return matches


class _ShallowCopied(django_filters.Filter):
    """A filter of which a filter set copies only what a request changes. django-filter copies every
    filter deeply for each request, which takes longer than the page's query."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _ShallowCopied:
        copied = copy.copy(self)
        copied.extra = dict(self.extra)
        copied.method = self.method  # the setter binds the method to the copy
        return copied


class Choice(_ShallowCopied, django_filters.ChoiceFilter):
    """A filter whose choices are set for each request."""


class Keyword(_ShallowCopied, django_filters.CharFilter):
    """The search box of a list."""


class GraduateFilter(django_filters.FilterSet):
    """Filters by school, level, department, class, major and keyword, within the year that the page
    is about. `path` leads from a row to its graduate, `unit_name` to the name of its unit, where it has
    one; `less_used` filters are hidden behind a button.
    """

    by_year = True
    path = ""
    unit_name = ""
    less_used: ClassVar[frozenset[str]] = frozenset({"level", "major", "gender"})

    school = Choice(label="学校", method="by_school")
    level = Choice(label="学历", method="by_level")
    department = Choice(label="院系", method="by_department")
    school_class = Choice(label="班级", method="by_class")
    major = Choice(label="专业", method="by_major")
    gender = Choice(label="性别", method="by_gender")
    q = Keyword(label="关键字", method="by_keyword", help_text="姓名、学号、考生号或证件号码")

    def __init__(self, data: Any = None, queryset: Any = None, *, request: HttpRequest) -> None:
        self.year = None if of_every_year(request) else year_of(request)
        if self.year is not None:
            queryset = queryset.filter(cohort_id__in=self.year.cohort_ids)
        super().__init__(data, queryset, request=request)
        for name, values in self.choices().items():
            if not values:
                del self.filters[name]
                continue
            self.filters[name].extra["choices"] = values
        if self.unit_name:
            self.filters["q"].extra["help_text"] = "姓名、学号、考生号、证件号码或单位名称"

    def choices(self) -> dict[str, options.Choices]:
        """The choices of each filter in the user's scope. A filter without choices is not shown."""
        assert isinstance(self.request.user, User)
        user = self.request.user
        return {
            "level": [(g, g) for g in lookup.level_groups()],
            "gender": list(lookup.table("gender").names.items()),
            **options.list_options(
                user,
                read_number(self.data.get("department", "")),
                None if self.year is None else self.year.year,
            ),
        }

    @property
    def qs(self) -> QuerySet[Any]:
        """The filtered rows. If the address names no filter, no form is made."""
        if not any(self.data.get(name) for name in self.filters):
            return self.queryset
        return super().qs

    def get_form_class(self) -> type[forms.Form]:
        """A form of the filters that the address names. django-filter would make one of all declared
        filters, and a field that the address does not name would only be empty."""
        fields = {name: f.field for name, f in self.filters.items() if name in self.data}
        return type(f"{type(self).__name__}Form", (forms.Form,), fields)

    def _filter_graduates(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        wanted = {f"{self.path}{name}": value}
        scope = scope_of(self.request.user)
        if self.path and scope is not None and not scope.everything:
            # Redundant condition, so that the planner uses an index of graduates, which begins with
            # the school.
            wanted[f"{self.path}school_id"] = scope.school_id
        return queryset.filter(**wanted)

    def by_school(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(school_id=int(value))

    def by_level(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._filter_graduates(queryset, "level__in", lookup.levels_of_group([value]))

    def by_gender(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._filter_graduates(queryset, "gender", value)

    def by_department(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._filter_graduates(queryset, "department_id", int(value))

    def by_class(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._filter_graduates(queryset, "school_class_id", int(value))

    def by_major(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._filter_graduates(queryset, "major_code", value)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Graduates by name or number; a Chinese keyword is looked for in units' names, too: two
        characters are enough within a school, four among all schools, whose rows no index narrows."""
        by_graduate = search_graduates(queryset, value, self.request.user, self.path)
        keyword = readers.search_words(value)
        if not self.unit_name or keyword.isascii():
            return by_graduate
        scope = scope_of(self.request.user)
        everywhere = scope is not None and scope.everything and not self.data.get("school")
        if len(keyword) < (4 if everywhere else 2):
            return by_graduate
        of_unit = Q(**{f"{self.unit_name}__contains": keyword})
        return queryset.filter(Q(pk__in=by_graduate.values("pk")) | of_unit)


class OriginFilter(GraduateFilter):
    less_used = GraduateFilter.less_used | {"account"}

    confirmation = Choice(label="确认情况", choices=Confirmation.choices, field_name="confirmation")
    account = Choice(
        label="帐号", choices=[("none", "未激活"), ("active", "已激活")], method="by_account"
    )

    def by_account(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return (
            without_account(queryset)
            if value == "none"
            else queryset.filter(person__activated_at__isnull=False)
        )
