"""The hosts' pages of fairs and talks: the list, one event with what it needs, and its form."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.db.counts import count_of
from core.errors import DomainError
from core.forms import posted
from core.lists import html
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from recruiting import fair_queries, visiting
from recruiting.actions import fairs, talks
from recruiting.actions.booths import free_booths
from recruiting.actions.fair_base import RELATED, when
from recruiting.fair_forms import CancelForm, FairForm, fair_form
from recruiting.fair_queries import ON_THE_LIST
from recruiting.fair_steps import FAIR
from recruiting.filters import FairFilter
from recruiting.models import Booking, Booth, Fair
from recruiting.rules.fairs import ON_SITE, WITH_BOOTHS
from recruiting.states import BoothState, FairKind, FairState
from recruiting.words import school_names
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_STATES, _KINDS = dict(FairState.choices), dict(FairKind.choices)
_BOOTH_STATES = dict(BoothState.choices)
_FIRST_WAITING = 10


def _time(row: Row) -> str:
    start, end = localtime(row["starts_at"]), localtime(row["ends_at"])
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M}至{until}"


def _place(row: Row) -> str:
    return html.text(row["place"] or ("待定" if row["kind"] in ON_SITE else "线上"))


def _booths(row: Row) -> str:
    if row["kind"] not in WITH_BOOTHS:
        return ""
    waiting = f"，待审核{row['waiting']}" if row["waiting"] else ""
    return f"{row['given']}/{row['booths_offered']}{waiting}"


class FairList(StaffListPage):
    permission = "recruiting.fairs"
    leads_to = "console:fair"
    title = "招聘会与宣讲会"
    tells_waiting = True
    filterset_class = FairFilter
    template_name = "recruiting/console/fairs.html"
    empty_title = "没有符合条件的活动"
    empty_text = "新建招聘会，或等待用人单位申请宣讲会。"
    orders = (
        Order(
            "newest", "最晚举行", ("starts_at", "id"), descending=True, indexed=True, column="time"
        ),
        Order("soonest", "最早举行", ("starts_at", "id"), indexed=True),
    )
    columns: ClassVar = (
        Column("title", "名称", ("title", "pk"),
               lambda r: row_link("console:fair", r["pk"], r["title"]), css="wide"),
        Column("kind", "类型", ("kind",), lambda r: _KINDS[r["kind"]]),
        Column("host", "主办", ("school__name",),
               lambda r: html.text(r["school__name"] or "省级"), css="wide"),
        Column("unit", "宣讲单位", ("unit__name",), css="wide"),
        Column("time", "时间", ("starts_at", "ends_at"), _time, css="num"),
        Column("place", "地点", ("place", "kind"), _place, css="wide"),
        Column("booths", "展位", ("kind", "given", "waiting", "booths_offered"), _booths, css="num"),
        Column("bookings", "预约", ("booked",), css="num"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>'),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Fair]:
        given = Booth.objects.filter(state__in=ON_THE_LIST)
        waiting = Booth.objects.filter(state=BoothState.WAITING)
        booked = Booking.objects.filter(state__in=visiting.HAS_PLACE)
        return fair_queries.hosted_by(self.user).annotate(
            given=count_of(given, "fair"),
            waiting=count_of(waiting, "fair"),
            booked=count_of(booked, "fair"),
        )


_view = staff_view("recruiting.fairs")


def _fair(request: StaffRequest, pk: int) -> Fair:
    """An event that this person runs; otherwise a 404."""
    rows = fair_queries.hosted_by(request.user).select_related(*RELATED)
    return get_object_or_404(rows, pk=pk)


@_view
def fair(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _fair(request, pk))


def _page(
    request: StaffRequest, shown: Fair, *, cancel: CancelForm | None = None,
    decision: FairForm | None = None,
) -> HttpResponse:  # fmt: skip
    refused = cancel or decision
    waits = shown.state == FairState.APPLIED
    waiting = shown.booths.filter(state=BoothState.WAITING).select_related("unit")
    context = {
        "fair": shown,
        "when": when(shown),
        "schools": school_names(shown.school_ids),
        "may": {step.action for step in FAIR.available(shown, request.user)},
        "why_not": FAIR.why_not("approve", shown, request.user) if waits else "",
        "with_booths": shown.kind in WITH_BOOTHS,
        "counts": _counts(shown),
        "free": free_booths(shown),
        "waiting": waiting.order_by("created_at", "id")[:_FIRST_WAITING],
        "taken": visiting.occupancy(shown),
        "postings": fair_queries.postings_at(shown).count() if shown.unit_id is not None else 0,
        "cancel": cancel or CancelForm(),
        "decision": decision or (_form_of(request, shown) if waits else None),
        "form": refused,
    }
    status = refused.status if refused is not None else 200
    return render(request, "recruiting/console/fair.html", context, status=status)


def _counts(fair: Fair) -> list[tuple[str, str, int]]:
    """How many registrations there are in each state, as (state, label, number); zeros are left out."""
    rows = fair.booths.order_by().values("state").annotate(number=Count("pk"))
    found = dict(rows.values_list("state", "number"))
    return [
        (value, label, found[value]) for value, label in _BOOTH_STATES.items() if value in found
    ]


@_view
def occupancy(request: StaffRequest, pk: int) -> HttpResponse:
    """How full the event and its slots are, asked for every half minute by the event's page."""
    shown = _fair(request, pk)
    context = {"fair": shown, "taken": visiting.occupancy(shown)}
    return render(request, "recruiting/console/parts/fair_occupancy.html", context)


# --- writing -----------------------------------------------------------------------------------


def _form_of(request: StaffRequest, shown: Fair | None, data: Any = None) -> FairForm:
    staff = request.staff
    return fair_form(shown, staff.role_level, staff.school, data)


@_view
def new(request: StaffRequest) -> HttpResponse:
    form = _form_of(request, None, posted(request))
    if form.is_valid():
        try:
            made = fairs.create(typed=form.typed, by=request.user)
            messages.success(request, "草稿已保存，核对后开放报名。")
            return redirect("console:fair", pk=made.pk)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    return _show_form(request, form, None)


@_view
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _fair(request, pk)
    refusal = FAIR.why_not("edit", shown, request.user)
    if refusal and request.method != "POST":
        messages.error(request, refusal)
        return redirect("console:fair", pk=pk)
    form = _form_of(request, shown, posted(request))
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            fairs.edit(fair_id=pk, typed=form.typed, version=version, by=request.user)
            messages.success(request, "已保存。")
            return redirect("console:fair", pk=pk)
        except DomainError as refused:
            form.add_terms_refusal(refused)
    return _show_form(request, form, shown)


def _show_form(request: StaffRequest, form: FairForm, shown: Fair | None) -> HttpResponse:
    context = {"form": form, "fair": shown}
    return render(request, "recruiting/console/fair_form.html", context, status=form.status)


@_view
@require_POST
def open_registration(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _fair(request, pk)
    try:
        fairs.open_registration(fair_id=pk, by=request.user)
        messages.success(request, f"“{shown.title}”已开放报名。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:fair", pk=pk)


@_view
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Call the event off, or refuse the unit's talk, as the page's button says."""
    shown, form = _fair(request, pk), CancelForm(request.POST)
    refuses = shown.state == FairState.APPLIED
    if form.is_valid():
        take = talks.refuse if refuses else fairs.cancel
        try:
            take(fair_id=pk, reason=form.cleaned_data["reason"], by=request.user)
            done = "已答复单位，不予批准。" if refuses else "已取消，已通知报名的单位和毕业生。"
            messages.success(request, done)
            return redirect("console:fair", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
            shown = _fair(request, pk)
    return _page(request, shown, cancel=form)


@_view
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a unit's talk take place, at the time and in the room of the form."""
    shown = _fair(request, pk)
    if shown.unit_id is None:
        raise Http404
    form = _form_of(request, shown, request.POST)
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            talks.approve(fair_id=pk, typed=form.typed, version=version, by=request.user)
            messages.success(request, "已批准并开放报名，已通知单位。")
            return redirect("console:fair", pk=pk)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    return _page(request, _fair(request, pk), decision=form)
