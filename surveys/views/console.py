"""The console's pages of surveys: the list, one survey, its form, and what its publisher does with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.errors import DomainError, Invalid
from core.forms import posted, pressed
from core.lists import html
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage
from schools.models import SchoolClass
from schools.scope import visible_to
from surveys import queries, questions, rates
from surveys.actions import surveys as actions
from surveys.filters import SurveyFilter
from surveys.forms import EndForm, SeenForm, SurveyForm, survey_form, wording_form
from surveys.models import Invitation, Survey
from surveys.states import Audience, InvitationState, SurveyState
from surveys.steps import SURVEY
from surveys.words import audience_words, publisher_words

_STATES, _AUDIENCES = dict(SurveyState.choices), dict(Audience.choices)
_view = staff_view("surveys.view")
_write = staff_view("surveys.edit")


def _day(moment: Any) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def _publisher(row: Row) -> str:
    return row["school__name"] or "省级主管部门"


_TITLE = Column("title", "标题", ("title", "pk"),
                lambda r: row_link("console:survey", r["pk"], r["title"]), lambda r: r["title"],
                css="wide")  # fmt: skip
_PUBLISHER = Column("publisher", "发布单位", ("school__name",), lambda r: html.text(_publisher(r)),
                    _publisher, css="wide")  # fmt: skip
_AUDIENCE = Column("audience", "调查对象", ("audience",), lambda r: _AUDIENCES[r["audience"]],
                   lambda r: _AUDIENCES[r["audience"]])  # fmt: skip
_STATE = Column("state", "状态", ("state",),
                lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
                lambda r: _STATES[r["state"]])  # fmt: skip
_CLOSES = Column("closes", "截止时间", ("closes_at",), lambda r: _day(r["closes_at"]),
                 lambda r: _day(r["closes_at"]), css="num")  # fmt: skip
_NEWEST = Order(
    "newest", "最新", ("created_at", "id"), descending=True, indexed=True, column="created"
)


class SurveyList(StaffListPage):
    permission = "surveys.view"
    leads_to = "console:survey"
    title = "问卷"
    filterset_class = SurveyFilter
    template_name = "surveys/console/surveys.html"
    export_name = "surveys"
    empty_title = "没有符合条件的问卷"
    empty_text = "新建问卷，选择调查对象，再插入标准题组。"
    orders = (_NEWEST,)
    columns: ClassVar = (
        _TITLE, _PUBLISHER, _AUDIENCE, _STATE,
        Column("opens", "开始时间", ("opens_at",), lambda r: _day(r["opens_at"]),
               lambda r: _day(r["opens_at"]), css="num"),
        _CLOSES,
        Column("created", "编制时间", ("created_at",), lambda r: _day(r["created_at"]),
               lambda r: _day(r["created_at"]), css="num"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Survey]:
        return queries.open_to(self.user)

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_write": self.user.has_perm("surveys.edit")}


def _count_in(state: str | None) -> Subquery:
    rows = Invitation.objects.filter(survey=OuterRef("pk"))
    if state is not None:
        rows = rows.filter(state=state)
    return Subquery(rows.order_by().values("survey").annotate(n=Count("pk")).values("n"))


def _rate(row: Row) -> str:
    reachable = row["invited"] - (row["bounced"] or 0)
    return rates.percent_words(row["completed"] or 0, reachable)


class ResultList(StaffListPage):
    """The surveys that have begun, with how many answered."""

    permission = "surveys.view"
    leads_to = "console:survey-results"
    title = "调查结果"
    filterset_class = SurveyFilter
    template_name = "core/list.html"
    export_name = "survey-results"
    empty_title = "还没有开始的调查"
    empty_text = "问卷开始以后，这里显示回收情况和结果。"
    orders = (_NEWEST,)
    columns: ClassVar = (
        Column("title", "标题", ("title", "pk"),
               lambda r: row_link("console:survey-results", r["pk"], r["title"]), lambda r: r["title"],
               css="wide"),
        _PUBLISHER, _AUDIENCE, _STATE,
        Column("invited", "邀请", ("invited",), css="num"),
        Column("completed", "完成", ("completed",), lambda r: str(r["completed"] or 0),
               lambda r: r["completed"] or 0, css="num"),
        Column("rate", "回收率", ("invited", "completed", "bounced"), _rate, _rate, css="num"),
        _CLOSES,
        Column("created", "编制时间", ("created_at",), lambda r: _day(r["created_at"]),
               lambda r: _day(r["created_at"]), css="num", optional=True),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Survey]:
        return queries.with_results_for(self.user).annotate(
            completed=_count_in(InvitationState.DONE), bounced=_count_in(InvitationState.BOUNCED)
        )


# --- one survey ----------------------------------------------------------------------------------


def open_survey(request: StaffRequest, pk: int) -> Survey:
    """A survey that this person may open; otherwise a 404."""
    return get_object_or_404(queries.open_to(request.user).select_related("school"), pk=pk)


def own_survey(request: StaffRequest, pk: int) -> Survey:
    """A survey that this person manages; otherwise a 404."""
    return get_object_or_404(queries.managed_by(request.user).select_related("school"), pk=pk)


@_view
def survey(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, open_survey(request, pk))


def _page(request: StaffRequest, shown: Survey, end: EndForm | None = None) -> HttpResponse:
    user = request.user
    is_own = queries.managed_by(user).filter(pk=shown.pk).exists()
    every = questions.load(shown.questions)
    is_draft = shown.state == SurveyState.DRAFT
    context = {
        "survey": shown,
        "publisher": publisher_words(shown),
        "audience": audience_words(shown),
        "may": {step.action for step in SURVEY.available(shown, user)},
        "is_own": is_own,
        "questions": every,
        "why_not_publish": SURVEY.why_not("publish", shown, user) if is_draft and is_own else "",
        "rates": rates.rates_of(shown, queries.own_part(shown, user)) if not is_draft else None,
        "has_results": queries.with_results_for(user).filter(pk=shown.pk).exists(),
        "by_class": shown.audience == Audience.GRADUATES and not is_draft,
        "end": end or EndForm(),
        "form": end,
    }
    status = end.status if end is not None else 200
    return render(request, "surveys/console/survey.html", context, status=status)


@_view
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """How many of each class were invited and have answered. Nobody is named: the system itself reminds
    who has not answered."""
    shown = open_survey(request, pk)
    # The copies of school and cohort on the invitation are those of the graduate.
    mine = visible_to(
        Invitation.objects.filter(survey=shown, graduate__isnull=False), request.user,
        graduate="graduate",
    )  # fmt: skip
    done = Q(state=InvitationState.DONE)
    counted = (
        mine.order_by().values("graduate__school_class")
        .annotate(invited=Count("pk"), completed=Count("pk", filter=done))
    )  # fmt: skip
    by_class = {row["graduate__school_class"]: row for row in counted[:5000]}
    classes = SchoolClass.objects.filter(pk__in=by_class).select_related("department", "school")
    lines = [
        (one, by_class[one.pk]["invited"], by_class[one.pk]["completed"])
        for one in classes.order_by("school__name", "department__name", "name")
    ]
    context = {
        "survey": shown,
        "lines": [(c, n, done, rates.percent_words(done, n)) for c, n, done in lines],
        "several_schools": request.staff.school_id is None,
    }
    return render(request, "surveys/console/progress.html", context)


# --- writing -------------------------------------------------------------------------------------


@_write
def new(request: StaffRequest) -> HttpResponse:
    form = survey_form(None, request.user, posted(request))
    if form.is_valid():
        try:
            made = actions.write(typed=form.typed, by=request.user)
            messages.success(request, "草稿已保存，请编排题目。")
            return redirect("console:survey-questions", pk=made.pk)
        except DomainError as refusal:
            _add(form, refusal)
    return _show_form(request, form, None)


@_write
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    shown = own_survey(request, pk)
    refusal = SURVEY.why_not("edit", shown, request.user)
    if refusal and request.method != "POST":
        messages.error(request, refusal)
        return redirect("console:survey", pk=pk)
    form = survey_form(shown, request.user, posted(request))
    if form.is_valid():
        try:
            actions.edit(
                survey_id=pk, typed=form.typed, edition=form.cleaned_data["edition"],
                by=request.user,
            )  # fmt: skip
            messages.success(request, "已保存。")
            return redirect("console:survey", pk=pk)
        except DomainError as refused:
            _add(form, refused)
    return _show_form(request, form, shown)


def _add(form: SurveyForm, refusal: DomainError) -> None:
    """Show what the action refused; the audience's fields have other names here."""
    if isinstance(refusal, Invalid):
        names = {"school_ids": "schools", "department_ids": "departments"}
        refusal = Invalid({names.get(k, k): said for k, said in refusal.errors.items()})
    form.add_refusal(refusal)


def _show_form(request: StaffRequest, form: SurveyForm, shown: Survey | None) -> HttpResponse:
    context = {"form": form, "survey": shown}
    return render(request, "surveys/console/survey_form.html", context, status=form.status)


def _do(request: StaffRequest, pk: int, said: str, act: Callable[[], Any]) -> HttpResponse:
    """Take a step and go back to the survey, with what was done or why it was not."""
    try:
        act()
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:survey", pk=pk)


def seen_edition(request: StaffRequest) -> int:
    form = SeenForm(posted(request))
    return form.cleaned_data["edition"] if form.is_valid() else 0


@_write
@require_POST
def publish(request: StaffRequest, pk: int) -> HttpResponse:
    own_survey(request, pk)
    edition = seen_edition(request)
    return _do(
        request, pk, "已发布，邀请已生成。",
        lambda: actions.publish(survey_id=pk, edition=edition, by=request.user),
    )  # fmt: skip


@_write
@require_POST
def end(request: StaffRequest, pk: int) -> HttpResponse:
    shown = own_survey(request, pk)
    form = EndForm(posted(request))
    if form.is_valid():
        try:
            actions.end(survey_id=pk, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "已结束，不再接收答卷。")
            return redirect("console:survey", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, shown, form)


@_write
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    shown = own_survey(request, pk)
    try:
        actions.discard(survey_id=pk, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:survey", pk=pk)
    messages.success(request, f"草稿“{shown.title}”已删除。")
    return redirect("console:surveys")


@_write
@require_POST
def copy(request: StaffRequest, pk: int) -> HttpResponse:
    made = actions.copy(survey=own_survey(request, pk), by=request.user)
    messages.success(request, "已复制为草稿，请核对时间和调查对象。")
    return redirect("console:survey-edit", pk=made.pk)


@_write
def wording(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the words of a running survey's questions."""
    shown = own_survey(request, pk)
    refusal = SURVEY.why_not("reword", shown, request.user)
    if refusal and not pressed(request, "save"):
        messages.error(request, refusal)
        return redirect("console:survey", pk=pk)
    form = wording_form(questions.load(shown.questions), shown.edition, posted(request))
    if form.is_valid():
        try:
            changed = actions.reword(
                survey_id=pk, words=form.words(), edition=form.cleaned_data["edition"],
                by=request.user,
            )  # fmt: skip
            messages.success(request, f"已保存，现为第{changed.number}版。")
            return redirect("console:survey", pk=pk)
        except DomainError as refused:
            form.add_refusal(refused)
    context = {"form": form, "survey": shown}
    return render(request, "surveys/console/wording.html", context, status=form.status)
