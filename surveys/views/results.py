"""The results of a survey: a school sees its own, a department only its own, the province all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from core import audit, rate, spreadsheets
from core.forms import read_number
from core.lists.exports import MOST_EXPORTS
from schools.access import StaffRequest, staff_view
from schools.models import School
from schools.roles import Level
from surveys import export, quality, queries, questions, rates, results
from surveys.models import Survey
from surveys.questions import Question
from surveys.states import Audience


@dataclass
class Part:
    """The answers that a person looks at: `chosen` is the department or, of the province, the school."""

    survey: Survey
    rows: QuerySet[Any]
    school_id: int | None
    may_see_texts: bool
    choices: list[tuple[int, str]] = field(default_factory=list)
    chosen: int | None = None
    needs_choice: bool = False

    @property
    def weights(self) -> dict[str, float]:
        """Weights are those of the whole, so a part of it has none."""
        if self.chosen is not None or (
            self.survey.school_id is None and self.school_id is not None
        ):
            return {}
        return results.weights_of(self.survey, self.rows.filter(is_valid=True))


def _part(request: StaffRequest, pk: int) -> Part:
    """What this person may see of a survey's answers; otherwise a 404."""
    rows = queries.with_results_for(request.user).select_related("school")
    survey = get_object_or_404(rows, pk=pk)
    answers, staff = rates.answers_of(survey), request.staff
    level = staff.role_level
    school_id = queries.own_part(survey, request.user)
    part = Part(survey, answers, school_id, level in (Level.SCHOOL, Level.PROVINCE))
    if survey.audience == Audience.EMPLOYERS:
        return part
    if level == Level.PROVINCE:
        asked = set(answers.order_by().values_list("school_fact", flat=True).distinct())
        part.choices = list(
            School.objects.filter(pk__in=asked).order_by("name").values_list("pk", "name")
        )
    else:
        assert staff.school_id is not None
        part.rows = answers.filter(school_fact=staff.school_id)
        found = queries.departments_for(request.user, staff.school_id)
        part.choices = list(found.values_list("pk", "name"))
    part.needs_choice = level == Level.DEPARTMENT
    part.chosen = _chosen(request, part)
    if part.chosen is not None:
        name = "school_fact" if level == Level.PROVINCE else "department_fact"
        part.rows = part.rows.filter(**{name: part.chosen})
    elif part.needs_choice:
        part.rows = part.rows.none()
    return part


def _chosen(request: StaffRequest, part: Part) -> int | None:
    wanted = request.GET.get("part", "")
    offered = [pk for pk, _ in part.choices]
    if not wanted:
        return offered[0] if part.needs_choice and offered else None
    number = read_number(wanted)
    if number not in offered:
        raise Http404
    return number


def _tables(part: Part, every: list[Question]) -> list[results.Table]:
    return results.tables_of(
        part.survey, every, part.rows, weights=part.weights, with_texts=part.may_see_texts
    )


@staff_view("surveys.view")
def results_page(request: StaffRequest, pk: int) -> HttpResponse:
    part = _part(request, pk)
    survey = part.survey
    every = questions.load(survey.questions)
    context = {
        "survey": survey, "part": part, "tables": _tables(part, every),
        "rates": rates.rates_of(survey, part.school_id), "quality": quality.RULES,
        "weight_rule": results.WEIGHT_RULE if part.weights else "",
        "may_export": request.user.has_perm("surveys.edit"),
        "named": survey.audience == Audience.EMPLOYERS,
    }  # fmt: skip
    return render(request, "surveys/console/results.html", context)


@staff_view("surveys.edit")
def workbook(request: StaffRequest, pk: int) -> HttpResponse:
    """Tables, codebook and anonymised rows as one workbook."""
    part = _part(request, pk)
    rate.limit(f"export:{request.user.pk}", most=MOST_EXPORTS, seconds=3600)
    every = questions.load(part.survey.questions)
    content = export.workbook(part.survey, every, _tables(part, every), part.rows, part.weights)
    audit.record(
        "core.export", by=request.user, object_type="survey-workbook", object_id=pk,
        school_id=request.staff.school_id, data={"bytes": len(content)},
    )  # fmt: skip
    return spreadsheets.respond(content, f"survey-{pk}")
