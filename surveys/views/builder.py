"""The builder of a survey: its questions in their order, the standard blocks, one question, a preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.errors import DomainError, Invalid, Refused
from core.forms import posted, pressed, read_number
from schools.access import StaffRequest, staff_view
from surveys import blocks, flow, questions
from surveys.actions import surveys as actions
from surveys.forms import QuestionForm, question_form
from surveys.models import Survey
from surveys.page_form import page_form
from surveys.question_types import TYPES, type_of
from surveys.questions import Kind, Question
from surveys.steps import SURVEY
from surveys.views.console import open_survey, own_survey, seen_edition
from surveys.words import publisher_words

_write = staff_view("surveys.edit")


@_write
def listing(request: StaffRequest, pk: int) -> HttpResponse:
    """The questions of a draft, and what may be added."""
    shown = own_survey(request, pk)
    refusal = SURVEY.why_not("edit", shown, request.user)
    if refusal:
        messages.error(request, refusal)
        return redirect("console:survey", pk=pk)
    every = questions.load(shown.questions)
    starts, number = set(), 0
    for page in flow.pages_of(every):
        starts.add(number)
        number += len(page)
    lines = [
        {
            "question": one, "number": at + 1, "page": at in starts,
            "marks": _marks(one, every),
            "problem": next(iter(flow.problems_of(one, every[:at]).values()), [""])[0],
        }
        for at, one in enumerate(every)
    ]  # fmt: skip
    context = {
        "survey": shown, "lines": lines, "kinds": Kind.choices,
        "blocks": blocks.blocks_for(shown.audience),
    }  # fmt: skip
    return render(request, "surveys/console/questions.html", context)


def _marks(one: Question, every: list[Question]) -> str:
    marks = [one.kind_label]
    if type_of(one).answers and not one.required:
        marks.append("选答")
    if one.is_core:
        marks.append("核心题")
    if condition := _condition(one, every):
        marks.append(f"{condition}时才问")
    return "，".join(marks)


def _condition(one: Question, every: list[Question]) -> str:
    """On which answers the question is asked, in words."""
    if one.when is None:
        return ""
    before = next((q for q in every if q.key == one.when[0]), None)
    if before is None:
        return ""
    labels = dict(before.choices)
    return f"“{before.text}”选了{'、'.join(labels.get(str(at), '？') for at in one.when[1])}"


def _change(
    request: StaffRequest, pk: int, said: str, change: Callable[[list[Question]], list[Question]]
) -> HttpResponse:
    own_survey(request, pk)
    try:
        actions.set_questions(
            survey_id=pk, change=change, edition=seen_edition(request), by=request.user
        )
        if said:
            messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:survey-questions", pk=pk)


@_write
@require_POST
def insert_block(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a standard block behind the questions."""
    own = own_survey(request, pk)
    block = blocks.all_blocks().get(pressed(request, "block"))
    if block is None or block.audience != own.audience:
        raise Http404
    return _change(
        request, pk, f"已插入“{block.title}”。", lambda every: blocks.insert(every, block)
    )


@_write
@require_POST
def move(request: StaffRequest, pk: int) -> HttpResponse:
    """Move a question up or down by one, or remove it."""
    own_survey(request, pk)
    way = next((name for name in ("up", "down", "remove") if pressed(request, name)), "")
    if way:
        key = pressed(request, way)
        return _change(request, pk, "", lambda every: _moved(every, way, key))
    return redirect("console:survey-questions", pk=pk)


def _moved(every: list[Question], way: str, key: str) -> list[Question]:
    at = next((n for n, one in enumerate(every) if one.key == key), None)
    if at is None:
        raise Refused("gone", "题目已不存在，请刷新。")
    if way == "remove":
        if any(one.when is not None and one.when[0] == key for one in every):
            raise Refused("needed", "后面有题目按这一题的选项显示，请先修改那些题目。")
        return every[:at] + every[at + 1 :]
    to = at - 1 if way == "up" else at + 1
    if not 0 <= to < len(every):
        return every
    made = list(every)
    made[at], made[to] = made[to], made[at]
    first, second = made[min(at, to)], made[max(at, to)]
    if first.when is not None and first.when[0] == second.key:
        raise Refused("order", "按前面题目的选项显示的题目，不能移到那一题前面。")
    return made


@_write
def add(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    if kind not in TYPES:
        raise Http404
    return _edit(request, own_survey(request, pk), kind, None)


@_write
def edit(request: StaffRequest, pk: int, key: str) -> HttpResponse:
    shown = own_survey(request, pk)
    question = next((q for q in questions.load(shown.questions) if q.key == key), None)
    if question is None:
        raise Http404
    return _edit(request, shown, question.kind, question)


def _edit(
    request: StaffRequest, shown: Survey, kind: str, question: Question | None
) -> HttpResponse:
    refusal = SURVEY.why_not("edit", shown, request.user)
    if refusal:
        messages.error(request, refusal)
        return redirect("console:survey", pk=shown.pk)
    every = questions.load(shown.questions)
    at = len(every) if question is None else every.index(question)
    form = question_form(kind, question, every[:at], shown.edition, posted(request))
    if form.is_valid() and _save(request, shown, form, kind, question):
        messages.success(request, "题目已保存。")
        return redirect("console:survey-questions", pk=shown.pk)
    context = {
        "survey": shown, "form": form, "question": question, "kind_label": Kind(kind).label,
    }  # fmt: skip
    return render(request, "surveys/console/question.html", context, status=form.status)


def _save(
    request: StaffRequest, shown: Survey, form: QuestionForm, kind: str, question: Question | None
) -> bool:
    def change(every: list[Question]) -> list[Question]:
        key = question.key if question is not None else blocks.new_key(every)
        made = form.question(kind, key)
        at = next((n for n, q in enumerate(every) if q.key == key), len(every))
        changed = [*every[:at], made, *every[at + 1 :]]
        if found := flow.problems_of(made, changed[:at]):
            raise Invalid(found)
        for number, later in enumerate(changed[at + 1 :], at + 1):
            if later.when is not None and flow.problems_of(later, changed[:number]).get("when"):
                raise Invalid({"options": [f"“{later.text}”按去掉的选项显示，请先修改那一题。"]})
        return changed

    try:
        actions.set_questions(
            survey_id=shown.pk, change=change, edition=form.cleaned_data["edition"], by=request.user
        )
    except DomainError as refusal:
        form.add_refusal(refusal)
        return False
    return True


@staff_view("surveys.view")
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """The survey as whoever is invited will see it, with every branch; nothing is kept."""
    shown = open_survey(request, pk)
    pages = flow.pages_of(questions.load(shown.questions))
    number = min(read_number(request.GET.get("page", "")) or 0, len(pages))
    back = reverse("console:survey-preview", args=[pk])
    context: dict[str, Any] = {
        "survey": shown, "publisher": publisher_words(shown), "number": number, "total": len(pages),
        "preview": back, "named": shown.audience == "employers",
    }  # fmt: skip
    if number == 0:
        return render(request, "surveys/console/preview_first.html", context)
    context["form"] = page_form(pages[number - 1])
    return render(request, "surveys/console/preview_page.html", context)
