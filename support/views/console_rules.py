"""帮扶方式与标准: the province edits the ways of helping and the quota of each year."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted
from core.models import Event
from schools.access import StaffRequest, staff_view
from schools.models import Cohort
from support.actions import rules
from support.forms import QuotaForm, WayForm
from support.models import Quota, Way
from support.queries import PARTS

_view = staff_view("support.import")
_MOST_CHANGES = 20


@_view
def support_rules(request: StaffRequest) -> HttpResponse:
    return _page(request, None)


def _years() -> list[tuple[str, str]]:
    years = Cohort.objects.order_by("-year").values_list("year", flat=True).distinct()
    return [(str(year), f"{year}届") for year in years]


def _page(request: StaffRequest, refused: QuotaForm | None) -> HttpResponse:
    quotas = [
        (quota, [getattr(quota, key) for key, _ in PARTS])
        for quota in Quota.objects.order_by("-year")
    ]
    default = Quota.objects.filter(year=0).first() or Quota(year=0)
    initial = {"year": "0"} | {key: getattr(default, key) for key, _ in PARTS}
    events = Event.objects.filter(action__in=["support.save_way", "support.save_quota"])
    context = {
        "ways": Way.objects.order_by("-is_active", "position"),
        "quotas": quotas,
        "parts": [counts_as.label for _, counts_as in PARTS],
        "form": refused or QuotaForm(years=_years(), initial=initial),
        "changes": events.order_by("-id")[:_MOST_CHANGES],
    }
    status = refused.status if refused is not None else 200
    return render(request, "support/console/rules.html", context, status=status)


@_view
@require_POST
def quota(request: StaffRequest) -> HttpResponse:
    form = QuotaForm(posted(request), years=_years())
    if form.is_valid():
        typed = form.cleaned_data
        try:
            rules.save_quota(year=int(typed["year"]), typed=typed, by=request.user)
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "已保存帮扶标准。")
            return redirect("console:support-rules")
    return _page(request, form)


@_view
def way_new(request: StaffRequest) -> HttpResponse:
    return _way_page(request, None)


@_view
def way(request: StaffRequest, pk: int) -> HttpResponse:
    return _way_page(request, get_object_or_404(Way, pk=pk))


def _way_page(request: StaffRequest, way: Way | None) -> HttpResponse:
    initial = {"is_active": True, "version": ""} if way is None else {
        "name": way.name, "counts_as": way.counts_as, "is_active": way.is_active,
        "version": rules.version_of(way),
    }  # fmt: skip
    form = WayForm(posted(request), initial=initial)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            saved = rules.save_way(
                way_id=way.pk if way is not None else None, typed=typed,
                version=typed["version"], by=request.user,
            )  # fmt: skip
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"已保存“{saved.name}”。")
            return redirect("console:support-rules")
    context = {"way": way, "form": form}
    return render(request, "support/console/way.html", context, status=form.status)
