"""抽样核查: the list, a new sample, and a sample's page with draw, division, results and replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from codes import readers
from core.errors import DomainError
from core.forms import posted, pressed, read_number
from core.forms.posted import read_ids
from core.lists.html import row_link
from core.lists.page import Column, Order, Page
from destinations.catalogue import catalogue
from quality import drawing, sample_results
from quality.actions import samples as actions
from quality.models import Sample
from quality.queries import samples_for
from quality.sample_forms import CallersForm, ReplyForm, SampleForm, VoidForm
from quality.sample_steps import SAMPLE
from quality.states import SampleState
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of, years_of
from schools.lists import StaffListPage
from schools.models import Department
from schools.roles import Level

_view = staff_view("quality.sample")
_STATES = dict(SampleState.choices)


class SampleFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=SampleState.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="名称、创建人")

    def by_keyword(self, queryset: QuerySet[Sample], name: str, value: Any) -> QuerySet[Sample]:
        wanted = readers.search_words(value)
        return queryset.filter(name__contains=wanted) | queryset.filter(
            created_by_label__contains=wanted
        )


class SampleList(StaffListPage):
    permission = "quality.sample"
    leads_to = "console:sample"
    title = "抽样核查"
    filterset_class = SampleFilter
    template_name = "quality/samples.html"
    export_name = "samples"
    empty_title = "还没有抽样"
    empty_text = "点右上角的“新建抽样”，抽取一部分审核通过的去向，电话回访。"
    orders = (Order("newest", "最新", ("id",), descending=True, indexed=True, column="time"),)
    columns: ClassVar = (
        Column("name", "名称", ("name", "pk"), lambda r: row_link("console:sample", r["pk"], r["name"]),
               lambda r: r["name"], css="wide"),
        Column("year", "届别", ("year",), lambda r: f"{r['year']}届", lambda r: f"{r['year']}届"),
        Column("school", "学校", ("school__name",), lambda r: r["school__name"] or "全省",
               lambda r: r["school__name"] or "全省", css="wide"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("by", "创建人", ("created_by_label",)),
        Column("time", "创建时间", ("created_at",), lambda r: f"{localtime(r['created_at']):%Y-%m-%d %H:%M}",
               lambda r: f"{localtime(r['created_at']):%Y-%m-%d %H:%M}", css="num"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Sample]:
        return samples_for(self.user)

    def get_context(self, page: Page) -> dict[str, Any]:
        return {}


@_view
def new(request: StaffRequest) -> HttpResponse:
    shown = year_of(request)
    by_province = request.staff.role_level == Level.PROVINCE
    departments = Department.objects.filter(school=request.staff.school, is_active=True)
    form = SampleForm(
        posted(request), by_province=by_province,
        years=[(str(y.year), f"{y.year}届") for y in years_of(request.user)],
        categories=[(leaf.code, leaf.label) for leaf in catalogue().leaves.values()],
        departments=[(str(d.pk), d.name) for d in departments],
        initial={"year": str(shown.year) if shown else "", "percent": "5",
                 "divided_by": ["school"] if by_province else ["department"]},
    )  # fmt: skip
    if form.is_valid():
        try:
            made = actions.create(typed=form.typed, by=request.user)
            messages.success(request, "已创建。种子的SHA-256已经记下，请核对后抽取。")
            return redirect("console:sample", pk=made.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return render(request, "quality/sample_new.html", {"form": form}, status=form.status)


def _seen(request: StaffRequest, pk: int) -> Sample:
    rows = samples_for(request.user).select_related("created_by", "school")
    return get_object_or_404(rows, pk=pk)


@_view
def sample(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _seen(request, pk))


def _page(request: StaffRequest, found: Sample, **forms: Any) -> HttpResponse:
    by, staff = request.user, request.staff
    whole = staff.role_level == Level.PROVINCE or found.school_id == staff.school_id
    only = None if whole else staff.school_id
    strata = sample_results.by_stratum(found, only)
    may = {step.action for step in SAMPLE.available(found, by)}
    replied = found.replies.filter(school=staff.school).exists() if staff.school_id else True
    callers = forms.get("callers")
    if callers is None and "assign" in may:
        callers = _callers_form(found)
    context = {
        "sample": found,
        "whole": whole,
        "strata": strata,
        "schools": [] if found.school_id else sample_results.by_school(found, only),
        "total": sample_results.total_of(strata),
        "weighted": sample_results.weighted_total(strata) if whole else None,
        "definitions": sample_results.DEFINITIONS,
        "divisions": "、".join(actions.DIVISIONS[key] for key in found.divided_by) or "不分层",
        "size": f"{found.number}人" if found.number else f"{(found.share or 0) / 100:g}%",
        "limits": _limits(found),
        "may": may,
        "callers": callers,
        "void": forms.get("void") or VoidForm(),
        "may_reply": found.state == SampleState.PUBLISHED and staff.role_level == Level.SCHOOL and not replied,
        "reply": forms.get("reply") or ReplyForm(),
        "replies": found.replies.select_related("school") if whole
        else found.replies.filter(school=staff.school),
        "shows_results": found.state in (SampleState.CALLING, SampleState.DONE, SampleState.PUBLISHED),
        "unassigned": found.calls.filter(caller=None).count() if "assign" in may else 0,
    }  # fmt: skip
    status = 422 if any(form is not None and form.errors for form in forms.values()) else 200
    return render(request, "quality/sample.html", context, status=status)


def _limits(found: Sample) -> list[str]:
    names = catalogue().names
    said = (
        ["、".join(names.get(code, code) for code in found.categories)] if found.categories else []
    )
    if found.department_ids:
        rows = Department.objects.filter(pk__in=found.department_ids)
        said.append("、".join(rows.values_list("name", flat=True)))
    if found.only_flagged:
        said.append("有未办结核查问题的")
    return said


def _callers_form(found: Sample, data: Any = None) -> CallersForm:
    rows = actions.callers_for(found).order_by("school__code", "pk")[:500]
    return CallersForm(
        data, initial={"version": found.version},
        callers=[
            (str(m.user_id), f"{m.user.label}（{m.school.name if m.school else '省级'}）") for m in rows
        ],
    )  # fmt: skip


def _do(request: StaffRequest, pk: int, said: str, change: Callable[[], object]) -> HttpResponse:
    try:
        change()
        messages.success(request, said)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
    return redirect("console:sample", pk=pk)


@_view
@require_POST
def draw(request: StaffRequest, pk: int) -> HttpResponse:
    _seen(request, pk)
    version = read_number(pressed(request, "version")) or 0
    return _do(request, pk, "已抽取，名单和总体已经固定。",
               lambda: actions.draw(sample_id=pk, version=version, by=request.user))  # fmt: skip


@_view
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    _seen(request, pk)
    try:
        actions.discard(sample_id=pk, by=request.user)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
        return redirect("console:sample", pk=pk)
    messages.success(request, "草稿已删除。")
    return redirect("console:samples")


@_view
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    found = _seen(request, pk)
    form = _callers_form(found, posted(request))
    if form.is_valid():
        try:
            given, left = actions.assign(
                sample_id=pk, user_ids=sorted(read_ids(form.cleaned_data["callers"])),
                version=form.cleaned_data["version"], by=request.user,
            )  # fmt: skip
            said = f"已分派{given}人。"
            if left:
                said += f"另有{left}人没有合适的回访人（须不是经办人，盲访须为外校），请增加回访人后再分派。"
            messages.success(request, said)
            return redirect("console:sample", pk=pk)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    return _page(request, found, callers=form)


@_view
@require_POST
def publish(request: StaffRequest, pk: int) -> HttpResponse:
    _seen(request, pk)
    version = read_number(pressed(request, "version")) or 0
    return _do(request, pk, "已公布结果和种子。",
               lambda: actions.publish(sample_id=pk, version=version, by=request.user))  # fmt: skip


@_view
@require_POST
def void(request: StaffRequest, pk: int) -> HttpResponse:
    found = _seen(request, pk)
    form = VoidForm(posted(request))
    if form.is_valid():
        try:
            actions.void(sample_id=pk, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "已作废。")
            return redirect("console:sample", pk=pk)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    return _page(request, found, void=form)


@_view
@require_POST
def reply(request: StaffRequest, pk: int) -> HttpResponse:
    found = _seen(request, pk)
    form = ReplyForm(posted(request))
    if form.is_valid():
        try:
            actions.reply(sample_id=pk, text=form.cleaned_data["text"], by=request.user)
            messages.success(request, "已提交本校说明。")
            return redirect("console:sample", pk=pk)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    return _page(request, found, reply=form)


@_view
def people(request: StaffRequest, pk: int) -> HttpResponse:
    """The numbers that were drawn, by stratum, so that the draw can be checked elsewhere."""
    found = get_object_or_404(samples_for(request.user).filter(state=SampleState.PUBLISHED), pk=pk)
    only = (
        None
        if found.school_id or request.staff.role_level == Level.PROVINCE
        else request.staff.school_id
    )
    strata = found.strata.filter(school=only) if only else found.strata.all()
    lines = [f"seed {found.seed}", f"sha256(seed) {drawing.hash_of(found.seed)}",
             "order: sha256(seed + id) within a stratum, the first are drawn"]  # fmt: skip
    for stratum in strata:
        lines += [
            f"stratum {stratum.label} size {stratum.size} drawn {stratum.drawn}",
            "population " + " ".join(map(str, stratum.graduate_ids)),
            "drawn " + " ".join(
                map(str, stratum.calls.order_by("place").values_list("graduate_id", flat=True))
            ),
        ]  # fmt: skip
    answer = HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sample-{found.pk}.txt"'
    return answer
