"""The staff's pages of 就业推荐表: the list with its bulk steps, and one form with opinion, return, seal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import picked_ids, pressed, read_number
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from recruiting import queries, recommendation_pdf, recommendation_text
from recruiting.actions import recommendation_prints, recommendations
from recruiting.actions.recommendation_bulk import with_version
from recruiting.actions.recommendations import MOST_AT_ONCE
from recruiting.filters import RecommendationFilter
from recruiting.models import Recommendation
from recruiting.recommendation_forms import BulkForm, OpinionForm, ReturnForm
from recruiting.recommendation_steps import RECOMMENDATION
from recruiting.states import RecommendationState
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.roles import Level
from schools.views import bulk

_STATES = dict(RecommendationState.choices)
# What each bulk step is called, and what it writes.
_BULK = {"recommend": ("批量填写院系意见", "院系意见"), "seal": ("批量盖章", "学校意见")}
_OPINIONS = ("同意推荐", "该生在校期间表现良好，同意推荐。", "该生品学兼优，同意推荐。")
_REASONS = ("请补充学习成绩和获奖情况", "社会实践请写明时间和内容", "成绩单不清晰，请重新拍照上传")


def _submitted(row: Row) -> str:
    at = row["submitted_at"]
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


class RecommendationList(ConsoleList):
    leads_to = "console:recommendation"
    title = "就业推荐表"
    permission = "recruiting.recommend"
    graduate_path = "graduate"
    tells_waiting = True
    filterset_class = RecommendationFilter
    template_name = "recruiting/console/recommendations.html"
    export_name = "recommendations"
    selectable = True
    empty_title = "没有就业推荐表"
    empty_text = "毕业生提交推荐表后会出现在这里。"
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近提交", ("id",), descending=True, column="submitted_at"),
        Order("student_no", "学号", ("graduate__student_no", "id"), column="student_no"),
    )
    columns: ClassVar = (
        Column("name", "姓名", ("graduate__name", "pk"),
               lambda r: row_link("console:recommendation", r["pk"], r["graduate__name"]),
               lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("school_class", "班级", ("graduate__school_class__name",), css="wide"),
        Column("major", "专业", ("graduate__major_name",), css="wide"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("number", "编号", ("number",), css="mono"),
        Column("submitted_at", "提交时间", ("submitted_at",), _submitted, _submitted, css="num"),
    )  # fmt: skip

    def all_rows(self) -> QuerySet[Recommendation]:
        rows = Recommendation.objects.exclude(state=RecommendationState.DRAFT)
        return with_version(rows)

    def get_context(self, page: Page) -> dict[str, Any]:
        role = self.request.staff.role_level  # type: ignore[attr-defined]
        return {"may_seal": role == Level.SCHOOL, "most": MOST_AT_ONCE}


_view = staff_view("recruiting.recommend")


def _form(request: StaffRequest, pk: int) -> Recommendation:
    """A form in this person's scope; otherwise a 404."""
    rows = queries.recommendations_for(request.user)
    return get_object_or_404(rows.select_related(*recommendation_text.RELATED), pk=pk)


@_view
def recommendation(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _form(request, pk))


def _page(
    request: StaffRequest,
    form: Recommendation,
    *,
    opinion: OpinionForm | None = None,
    back: ReturnForm | None = None,
) -> HttpResponse:
    refused = opinion or back
    seen = {"version": recommendations.version_of(form)}
    may = {step.action for step in RECOMMENDATION.available(form, request.user)}
    context = {
        "recommendation": form,
        "graduate": form.graduate,
        "facts": recommendation_text.facts_of(form),
        "may": may,
        "why_not": _why_not(request, form, may),
        "form": refused,
        "opinion": opinion or OpinionForm(label=_opinion_label(form), initial=seen),
        "back": back or ReturnForm(initial=seen),
        "opinions": _OPINIONS,
        "reasons": _REASONS,
        "following": _following(request, pk=form.pk),
    }
    status = refused.status if refused is not None else 200
    return render(request, "recruiting/console/recommendation.html", context, status=status)


def _opinion_label(form: Recommendation) -> str:
    return "学校意见" if form.state == RecommendationState.WAITING_SCHOOL else "院系意见"


def _why_not(request: StaffRequest, form: Recommendation, may: set[str]) -> str:
    """Why this person can't take the step that the form waits for; "" if they can or nothing waits."""
    waits_for = {
        RecommendationState.WAITING_DEPARTMENT: "recommend",
        RecommendationState.WAITING_SCHOOL: "seal",
    }.get(RecommendationState(form.state))
    if waits_for is None or waits_for in may:
        return ""
    if waits_for == "seal" and request.staff.role_level != Level.SCHOOL:
        return "等待学校系统管理员盖章。"
    return RECOMMENDATION.why_not(waits_for, form, request.user)


def _following(request: StaffRequest, *, pk: int) -> Recommendation | None:
    """The next form that waits for this person."""
    rows = queries.recommendations_waiting(request.user).exclude(pk=pk)
    return rows.filter(pk__gt=pk).order_by("pk").first() or rows.order_by("pk").first()


@_view
@require_POST
def recommend(request: StaffRequest, pk: int) -> HttpResponse:
    return _give_opinion(request, pk, "recommend")


@_view
@require_POST
def seal(request: StaffRequest, pk: int) -> HttpResponse:
    return _give_opinion(request, pk, "seal")


def _give_opinion(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    shown = _form(request, pk)
    form = OpinionForm(request.POST, label=_BULK[action][1])
    if form.is_valid():
        step = recommendations.seal if action == "seal" else recommendations.recommend
        try:
            done = step(form_id=pk, by=request.user, **form.cleaned_data)
            what = f"已盖章，编号{done.number}" if done.number else "已填写院系意见，等待学校盖章"
            messages.success(request, f"{shown.graduate.name}：{what}。")
            return _onwards(request, pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, _form_now(request, pk), opinion=form)


def _form_now(request: StaffRequest, pk: int) -> Recommendation:
    """The form as it is after a refused step. One that was withdrawn meanwhile is shown by its state
    alone, since the list has it no more."""
    rows = Recommendation.objects.select_related(*recommendation_text.RELATED)
    return rows.get(pk=pk)


def _onwards(request: StaffRequest, pk: int) -> HttpResponse:
    following = _following(request, pk=pk)
    if following is None:
        return redirect("console:recommendations")
    return redirect("console:recommendation", pk=following.pk)


@_view
@require_POST
def give_back(request: StaffRequest, pk: int) -> HttpResponse:
    shown, form = _form(request, pk), ReturnForm(request.POST)
    if form.is_valid():
        try:
            recommendations.give_back(form_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, f"{shown.graduate.name}：已退回，已告知毕业生。")
            return _onwards(request, pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, _form_now(request, pk), back=form)


@_view
@require_POST
def void(request: StaffRequest, pk: int) -> HttpResponse:
    shown, form = _form(request, pk), ReturnForm(request.POST)
    if form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            recommendations.void(form_id=pk, reason=reason, by=request.user)
            messages.success(
                request, f"{shown.graduate.name}：{shown.number}已作废，已告知毕业生。"
            )
            return redirect("console:recommendation", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, _form(request, pk), back=form)


@_view
def picture(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The transcript of a form."""
    file = _form(request, pk).transcript
    if file is None:
        raise Http404
    return files.respond(file)


@_view
def download(request: StaffRequest, pk: int) -> HttpResponse:
    """The PDF of a valid form."""
    try:
        return recommendation_pdf.respond(_form(request, pk), by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:recommendation", pk=pk)


# --- several at once ----------------------------------------------------------------------------


@_view
@require_POST
def recommend_many(request: StaffRequest) -> HttpResponse:
    return _many(request, "recommend")


@_view
@require_POST
def seal_many(request: StaffRequest) -> HttpResponse:
    return _many(request, "seal")


def _many(request: StaffRequest, action: str) -> HttpResponse:
    """One opinion on the picked forms; on all that the list's filter finds a job gives it. The first
    page says which forms these are; its button does it, and the second says what happened to each."""
    if bulk.wants_all(request):
        return bulk.confirm(request, f"{action}-form")
    title, label = _BULK[action]
    sure = pressed(request, "sure") == "1"
    form = BulkForm(request.POST if sure else None, label=label)
    if sure and form.is_valid():
        seen = _in_scope(request, _read_seen(sorted(form.cleaned_data["seen"])))
        step = recommendations.seal_many if action == "seal" else recommendations.recommend_many
        try:
            answers = step(seen=seen, opinion=form.cleaned_data["opinion"], by=request.user)
            return _show_answers(request, title, answers)
        except DomainError as refusal:
            form.add_refusal(refusal)
    chosen = _seen_again(request, form) if sure else _chosen(request)
    rows = [
        (f, recommendations.version_of(f), RECOMMENDATION.why_not(action, f, request.user))
        for f in chosen
    ]
    context = {
        "rows": rows,
        "able": sum(not why for _, _, why in rows),
        "title": title,
        "form": form,
        "opinions": _OPINIONS,
        "most": MOST_AT_ONCE,
    }
    return render(
        request, "recruiting/console/recommendations_confirm.html", context, status=form.status
    )


def _chosen(request: StaffRequest) -> list[Recommendation]:
    """The picked forms, by class and student number."""
    rows = queries.recommendations_for(request.user)
    rows = rows.filter(pk__in=picked_ids(request, most=MOST_AT_ONCE))
    rows = rows.select_related(*recommendation_text.RELATED)
    return list(rows.order_by("graduate__school_class_id", "graduate__student_no")[:MOST_AT_ONCE])


def _seen_again(request: StaffRequest, form: BulkForm) -> list[Recommendation]:
    """The forms of a confirmation that was refused, to be shown again."""
    typed = form["seen"].value() or ()
    ids = [pk for pk, _ in _read_seen([str(text) for text in typed])]
    rows = queries.recommendations_for(request.user).filter(pk__in=ids)
    return list(rows.select_related(*recommendation_text.RELATED).order_by("pk")[:MOST_AT_ONCE])


def _read_seen(typed: Sequence[str]) -> list[tuple[int, str]]:
    """(form, version), from texts such as "12:ab34"; what can't be read is left out."""
    pairs = []
    for text in typed[: 2 * MOST_AT_ONCE]:
        number, _, version = text.partition(":")
        pk = read_number(number)
        if pk is not None and version:
            pairs.append((pk, version))
    return pairs


def _in_scope(request: StaffRequest, seen: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those of `seen` in this person's scope, so that a guessed id shows nobody's name."""
    rows = queries.recommendations_for(request.user).filter(pk__in=[pk for pk, _ in seen])
    mine = set(rows.values_list("pk", flat=True))
    return [(pk, version) for pk, version in seen if pk in mine]


def _show_answers(
    request: StaffRequest, title: str, answers: list[recommendations.BulkAnswer]
) -> HttpResponse:
    context = {
        "results": answers,
        "title": title,
        "done": sum(answer.ok for answer in answers),
        "back": "console:recommendations",
    }
    return render(request, "core/bulk_result.html", context)


@_view
@require_POST
def print_many(request: StaffRequest) -> HttpResponse:
    """Ask for one PDF of the picked forms."""
    try:
        recommendation_prints.request(form_ids=picked_ids(request), by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:recommendations")
    return redirect("console:recommendation-prints")


@_view
def prints(request: StaffRequest) -> HttpResponse:
    """The person's own prints of the last day. htmx asks for the list alone while one is made."""
    rows = recommendation_prints.prints_of(request.user)
    context = {
        "rows": rows,
        "running": any(row.state in ("waiting", "making") for row in rows),
        "address": reverse("console:recommendation-prints"),
    }
    part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"recruiting/console/{part}recommendation_prints.html", context)


@_view
def printed(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The PDF of an own print."""
    own = {row.pk: row for row in recommendation_prints.prints_of(request.user)}
    if pk not in own or own[pk].file is None:
        raise Http404
    return files.respond(own[pk].file, download=True)  # type: ignore[arg-type]
