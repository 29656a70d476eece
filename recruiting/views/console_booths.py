"""The hosts' pages of the units at a fair: the list, one registration, and steps on several at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import audit, spreadsheets
from core.errors import DomainError
from core.forms import picked_ids, posted
from core.lists import html
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from recruiting import fair_queries
from recruiting.actions import booth_lists, booths
from recruiting.actions.booths import free_booths
from recruiting.actions.fair_base import when
from recruiting.fair_forms import BoothForm, BoothListForm
from recruiting.fair_steps import BOOTH
from recruiting.filters import BoothFilter
from recruiting.models import Booth, Fair, Posting
from recruiting.rules.fairs import ON_SITE, WITH_BOOTHS
from recruiting.states import BoothState
from recruiting.unit_standing import barred_from_fairs_until, recruiting_refusals
from recruiting.words import place_words
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage
from schools.views import bulk as every

_STATES = dict(BoothState.choices)
_REASONS = ("专业与本校不符", "报名的职位与活动主题不符", "展位有限，请参加其他场次")


def _registered(row: Row) -> str:
    return localtime(row["created_at"]).strftime("%Y-%m-%d %H:%M")


class BoothList(StaffListPage):
    """The units of one fair; exported with what hosts need on the day."""

    permission = "recruiting.fairs"
    leads_to = "console:fair-booth"
    title = "参会单位"
    filterset_class = BoothFilter
    template_name = "recruiting/console/fair_booths.html"
    export_name = "units"
    selectable = True
    empty_title = "没有参会单位"
    empty_text = "单位报名后会出现在这里，也可以导入名单。"
    orders = (
        Order("number", "展位号", ("number", "id"), column="number"),
        Order("registered", "报名先后", ("created_at", "id"), column="created_at"),
    )
    columns: ClassVar = (
        Column("number", "展位号", ("number",), css="mono"),
        Column("unit", "单位名称", ("unit__name", "pk"),
               lambda r: row_link("console:fair-booth", r["pk"], r["unit__name"]),
               lambda r: r["unit__name"], css="wide"),
        Column("code", "统一社会信用代码", ("unit__code",), css="mono"),
        Column("people", "参会人数", ("people",), css="num"),
        Column("postings", "参会职位", ("titles",), lambda r: html.text("、".join(r["titles"])),
               lambda r: "、".join(r["titles"]), css="wide"),
        Column("contact", "招聘联系人", ("unit__recruiter__contact_name",)),
        Column("phone", "联系电话", ("unit__recruiter__contact_phone",), css="mono"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("created_at", "报名时间", ("created_at",), _registered, _registered, css="num"),
    )  # fmt: skip

    @property
    def fair(self) -> Fair:
        if not hasattr(self, "_fair"):
            self._fair = get_object_or_404(
                fair_queries.hosted_by(self.user).filter(kind__in=WITH_BOOTHS), pk=self.kwargs["pk"]
            )
        return self._fair

    def get_queryset(self) -> QuerySet[Booth]:
        titles = Posting.objects.filter(booths=OuterRef("pk")).order_by("pk").values("title")
        return self.fair.booths.annotate(titles=ArraySubquery(titles))

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"fair": self.fair, "free": free_booths(self.fair)}

    def exported(self, size: int) -> None:
        data = {"query": self.request.GET.urlencode(), "bytes": size}
        audit.record("recruiting.export_booths", by=self.user, obj=self.fair, data=data)


_view = staff_view("recruiting.fairs")


def _booth(request: StaffRequest, pk: int) -> Booth:
    rows = fair_queries.booths_hosted_by(request.user)
    related = ("fair__school", "unit__recruiter", "member__user")
    return get_object_or_404(rows.select_related(*related), pk=pk)


@_view
def booth(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _booth(request, pk), BoothForm())


def _page(request: StaffRequest, shown: Booth, form: BoothForm) -> HttpResponse:
    waits = shown.state in (BoothState.WAITING, BoothState.RESERVE)
    context = {
        "booth": shown,
        "fair": shown.fair,
        "when": when(shown.fair),
        "recruiter": getattr(shown.unit, "recruiter", None),
        "postings": [(p, place_words(p)) for p in shown.postings.order_by("pk")],
        "may": {step.action for step in BOOTH.available(shown, request.user)},
        "on_site": shown.fair.kind in ON_SITE,
        "why_not": BOOTH.why_not("approve", shown, request.user) if waits else "",
        "refusals": recruiting_refusals(shown.unit) if waits else [],
        "barred_until": barred_from_fairs_until(shown.unit),
        "missed": Booth.objects.filter(unit=shown.unit, state=BoothState.ABSENT).count(),
        "free": free_booths(shown.fair),
        "reasons": _REASONS,
        "following": _following(shown),
        "form": form,
    }
    return render(request, "recruiting/console/fair_booth.html", context, status=form.status)


def _following(booth: Booth) -> Booth | None:
    """The next registration for the fair that waits."""
    rows = Booth.objects.filter(fair=booth.fair_id, state=BoothState.WAITING).exclude(pk=booth.pk)
    return rows.filter(pk__gt=booth.pk).order_by("pk").first() or rows.order_by("pk").first()


# What the page says after each step.
_DONE = {
    "approve": "已通过，已通知单位。",
    "reserve": "已列入候补，已通知单位。",
    "decline": "已谢绝，已通知单位。",
    "arrive": "已标记到场。",
    "undo-arrival": "已撤销到场。",
    "renumber": "展位号已更改，已通知单位。",
}


@_view
@require_POST
def booth_step(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """One step of the host on a registration, as the page's button names it."""
    shown, form = _booth(request, pk), BoothForm(request.POST)
    if action not in _DONE:
        raise Http404
    if form.is_valid():
        try:
            _take(action, pk, request, form)
            messages.success(request, f"{shown.unit.name}：{_DONE[action]}")
            following = _following(shown) if action in ("approve", "reserve", "decline") else None
            return redirect("console:fair-booth", pk=following.pk if following else pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, _booth(request, pk), form)


def _take(action: str, pk: int, request: StaffRequest, form: BoothForm) -> None:
    by = request.user
    if action == "approve":
        booths.approve(booth_id=pk, number=form.cleaned_data["number"], by=by)
    elif action == "renumber":
        booths.renumber(booth_id=pk, number=form.cleaned_data["number"], by=by)
    elif action == "decline":
        booths.decline(booth_id=pk, reason=form.cleaned_data["reason"], by=by)
    elif action == "reserve":
        booths.reserve(booth_id=pk, by=by)
    elif action == "arrive":
        booths.arrive(booth_id=pk, by=by)
    else:
        booths.undo_arrival(booth_id=pk, by=by)


# Steps on several registrations: the action, and what the page with the results is called.
_BULK = {
    "approve": (booths.approve, "批量通过"),
    "reserve": (booths.reserve, "批量列入候补"),
    "arrive": (booths.arrive, "批量标记到场"),
}


@_view
@require_POST
def bulk(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """One step on the picked registrations, those that came first before the others; on all that the
    list shows a job takes it."""
    shown = get_object_or_404(fair_queries.hosted_by(request.user), pk=pk)
    if action not in _BULK:
        raise Http404
    if every.wants_all(request):
        return every.confirm(request, f"{action}-booths")
    take, title = _BULK[action]
    rows = shown.booths.filter(pk__in=picked_ids(request)).select_related("unit")
    results = []
    for found in rows.order_by("created_at", "id"):
        try:
            done = take(booth_id=found.pk, by=request.user)
            message, ok = (f"展位{done.number}" if done.number else ""), True
        except DomainError as refusal:
            message, ok = refusal.message, False
        results.append({"label": found.unit.name, "ok": ok, "message": message})
    context = {
        "results": results,
        "title": title,
        "noun": "单位",
        "done": sum(bool(result["ok"]) for result in results),
        "back_to": reverse("console:fair-booths", args=[pk]),
    }
    return render(request, "core/bulk_result.html", context)


# --- the list as a workbook --------------------------------------------------------------------


@_view
def take_list(request: StaffRequest, pk: int) -> HttpResponse:
    """Take units into the fair from a workbook. The page then says for each row what came of it."""
    rows = fair_queries.hosted_by(request.user).filter(kind__in=WITH_BOOTHS)
    shown = get_object_or_404(rows, pk=pk)
    form = BoothListForm(posted(request), request.FILES)
    answers: list[booth_lists.ListRow] = []
    if form.is_valid():
        try:
            answers = booth_lists.take(fair_id=pk, content=form.content, by=request.user)
        except DomainError as refusal:
            form.add_refusal(refusal)
    taken = [row for row in answers if row.done]
    context = {
        "fair": shown,
        "form": form,
        "answered": form.is_bound and form.is_valid(),
        "refused": [row for row in answers if not row.done],
        "taken": taken,
        "free": free_booths(shown),
    }
    return render(request, "recruiting/console/fair_list.html", context, status=form.status)


@_view
def list_template(request: StaffRequest) -> HttpResponse:
    """The empty workbook to fill in."""
    content = spreadsheets.write(booth_lists.COLUMNS, [], title="参会单位", widths=[24, 36, 10, 12])
    return spreadsheets.respond(content, "units-template")
