"""Batches as they go, the mapping of codes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from codes import lookup
from core.errors import DomainError, Invalid
from destinations.catalogue import catalogue
from national_sync import tasks
from national_sync.actions import mapping as mapping_actions
from national_sync.connection import is_configured
from national_sync.fields import CODE_TABLES
from national_sync.mapping import CATEGORY, Mapped
from national_sync.models import Batch, BatchLine
from national_sync.queries import status, turn_of
from national_sync.states import HTTP, WORKBOOK, EntryState
from schools.access import StaffRequest, staff_view
from schools.forms import read_ids
from schools.models import School
from schools.scope import scope_of

_MOST_SHOWN = 200
_WAYS = {HTTP: "接口", WORKBOOK: "工作簿"}


@staff_view("national.operate")
def batches(request: StaffRequest) -> HttpResponse:
    """The newest batches and where the loop stands; refreshed while somebody looks."""
    found, way = status(), request.GET.get("way", "")
    rows = Batch.objects.select_related("school").order_by("-created_at", "id")
    if way in _WAYS:
        rows = rows.filter(way=way)
    context = {
        "rows": [(b, _WAYS.get(b.way, b.way), turn_of(b)) for b in rows[:50]],
        "ways": [("", "全部"), *_WAYS.items()],
        "way": way,
        "status": found,
        "entries": [(EntryState(s).label, n, s) for s, n in found["entries"].items()],
        "configured": is_configured(),
    }
    part = request.headers.get("HX-Request")
    name = "national_sync/parts/batches.html" if part else "national_sync/batches.html"
    return render(request, name, context)


@staff_view("national.operate")
def batch(request: StaffRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(Batch, pk=pk)
    lines = BatchLine.objects.filter(batch=found).order_by("pk")
    rejected = lines.filter(verdict="rejected")[:_MOST_SHOWN]
    context = {"batch": found, "rejected": rejected, "percent": _percent(found),
               "way": _WAYS.get(found.way, found.way), "turn": turn_of(found)}  # fmt: skip
    part = request.headers.get("HX-Request")
    name = "national_sync/parts/batch.html" if part else "national_sync/batch.html"
    return render(request, name, context)


def _percent(found: Batch) -> int:
    return round(100 * found.answered / found.lines) if found.lines else 100


@staff_view("national.operate")
@require_POST
def upload_now(request: StaffRequest) -> HttpResponse:
    if is_configured():
        tasks.upload_changes.delay()
        messages.success(request, "已开始上报, 进展见下方批次。")
    else:
        messages.error(request, "尚未配置全国系统的地址和密钥。")
    return redirect("console:batches")


def own_school(request: StaffRequest) -> School:
    """The person's own school; the province names one."""
    scope = scope_of(request.user)
    if scope is not None and not scope.everything:
        return get_object_or_404(School, pk=scope.school_id)
    ids = sorted(read_ids([request.GET.get("school") or request.POST.get("school", "")]))
    return get_object_or_404(School, pk=ids[0]) if ids else _first()


def _first() -> School:
    found = School.objects.filter(is_open=True).first()
    if found is None:
        raise Http404
    return found


@staff_view("national.operate")
def codes(request: StaffRequest) -> HttpResponse:
    """国家代码对照: every code that goes up, those without a national one first."""
    table = request.GET.get("table") or request.POST.get("table") or CODE_TABLES[0]
    if table not in CODE_TABLES:
        raise Http404
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        code = request.POST.get("code", "")
        try:
            mapping_actions.set_code(
                table=table, code=code, by=request.user,
                national_code=request.POST.get("national_code", ""),
            )  # fmt: skip
            messages.success(request, "已保存, 因此暂缓的记录会自动重新检查。")
            return redirect(f"{request.path}?table={table}")
        except Invalid as invalid:
            errors = invalid.errors
        except DomainError as refusal:
            errors = {"": [refusal.message]}
    context = {
        "table": table,
        "tables": [(t, _TABLE_NAMES[t]) for t in CODE_TABLES],
        "rows": _codes(table),
        "errors": [s for found in errors.values() for s in found],
        "typed": request.POST,
    }
    return render(request, "national_sync/codes.html", context, status=422 if errors else 200)


def _codes(table: str) -> list[dict[str, Any]]:
    own, simulated = Mapped.load(simulated=False), Mapped.load(simulated=True)
    names = catalogue().names if table == CATEGORY else lookup.table(table).names
    rows = [
        {
            "code": code, "name": name, "national": own.national(table, code) or "",
            "own": own.own.get((table, code), ""), "simulated": simulated.own.get((table, code), ""),
        }
        for code, name in names.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda r: bool(r["national"]))


_TABLE_NAMES = {
    CATEGORY: "毕业去向", "id_type": "证件类型", "gender": "性别", "ethnicity": "民族",
    "politics": "政治面貌", "education_level": "学历", "education_type": "学历类型",
    "teacher_student": "师范生类别", "difficulty": "困难生类别", "training_mode": "培养方式",
    "graduation_conclusion": "毕结业结论", "unit_property": "单位性质",
    "unit_industry": "单位行业", "job_category": "职位类别", "study_form": "学习形式",
    "country": "国家(地区)", "archive_transfer_type": "档案转递类型",
    "hukou_migration_type": "户口迁移类型",
}  # fmt: skip
