"""比对: asked for on the page, run by a worker; the page shows the progress and the last answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import picked_ids
from graduates.models import Graduate
from national_sync import tasks
from national_sync.actions import claim, compare
from national_sync.connection import is_configured
from national_sync.models import Comparison, Entry
from national_sync.reconciliation import DIFFERS, EXTRA, MISSING
from national_sync.states import ComparisonState, EntryState, Part
from national_sync.views.console import own_school
from schools.access import StaffRequest, staff_view
from schools.models import School
from schools.scope import visible_to

_KINDS = {DIFFERS: "不一致", MISSING: "全国系统缺少", EXTRA: "本平台没有"}


@staff_view("national.compare")
def page(request: StaffRequest) -> HttpResponse:
    return _page(request, own_school(request))


def _page(
    request: StaffRequest, school: School, error: str = "", status: int = 200
) -> HttpResponse:
    rows = Comparison.objects.filter(school=school).order_by("-id")
    newest = rows.first()
    is_done = newest is None or newest.state == ComparisonState.DONE
    last = newest if is_done else rows.filter(state=ComparisonState.DONE).first()
    part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "school": school,
        "schools": School.objects.filter(is_open=True)
        if not part and request.user.has_perm("national.operate")
        else [],
        "configured": is_configured(),
        "newest": newest,
        "running": newest is not None and newest.is_running,
        "is_stuck": newest is not None and compare.is_stuck(newest),
        "last": last,
        "rows": _rows(request, last) if last is not None else [],
        "error": error,
    }
    return render(request, f"national_sync/{part}reconcile.html", context, status=status)


def _rows(request: StaffRequest, found: Comparison) -> list[dict[str, Any]]:
    """The kept differences with names and the present states in the ledger."""
    kept = (found.result or {})["differences"]
    ids = {d["graduate"] for d in kept if d["graduate"]}
    seen = visible_to(Graduate.objects.filter(pk__in=ids), request.user)
    names = dict(seen.values_list("pk", "name"))
    entries = Entry.objects.filter(graduate_id__in=list(names))
    states = {(g, p): s for g, p, s in entries.values_list("graduate_id", "part", "state")}
    return [
        d
        | {
            "name": names.get(d["graduate"], ""),
            "kind": _KINDS[d["kind"]],
            "part": Part(d["part"]).label,
            "state": _label(states.get((d["graduate"], d["part"]))),
        }
        for d in kept
    ]


def _label(state: str | None) -> str:
    return EntryState(state).label if state else "—"


@staff_view("national.compare")
@require_POST
def start(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    try:
        with transaction.atomic():
            made = compare.ask(school=school, by=request.user)
            transaction.on_commit(lambda: tasks.run_comparison.delay(made.pk))
    except DomainError as refusal:
        return _page(request, school, refusal.message, refusal.status)
    return redirect(f"{reverse('console:reconcile')}?school={school.pk}")


@staff_view("national.compare")
@require_POST
def requeue(request: StaffRequest) -> HttpResponse:
    """Queue the picked graduates of the comparison again."""
    ids = picked_ids(request, most=1000)
    seen = visible_to(Graduate.objects.filter(pk__in=ids), request.user)
    count = claim.requeue(list(seen.values_list("pk", flat=True)))
    messages.success(request, f"已重新排队 {count} 条，几分钟内上报。")
    return redirect("console:ledger")
