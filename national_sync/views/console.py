"""Pages of the province: batches and the mapping of codes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from codes import lookup
from core.errors import DomainError
from core.forms import posted, read_number
from destinations.catalogue import catalogue
from national_sync import tasks
from national_sync.actions import mapping as mapping_actions
from national_sync.connection import is_configured
from national_sync.fields import CODE_TABLES
from national_sync.forms import NationalCodeForm
from national_sync.mapping import CATEGORY, Mapped
from national_sync.models import Batch, BatchLine
from national_sync.queries import status, turn_of
from national_sync.states import HTTP, OPEN, WORKBOOK, EntryState, Part
from schools.access import StaffRequest, staff_view
from schools.models import School
from schools.scope import scope_of

_MOST_SHOWN = 200
_WAYS = {HTTP: "接口", WORKBOOK: "工作簿"}


@staff_view("national.operate")
def batches(request: StaffRequest) -> HttpResponse:
    """The newest batches and the state of the queue; the page refreshes itself."""
    found, way = status(), request.GET.get("way", "")
    rows = Batch.objects.select_related("school").order_by("-created_at", "id")
    if way in _WAYS:
        rows = rows.filter(way=way)
    context = {
        "rows": [(b, _WAYS.get(b.way, b.way), turn_of(b)) for b in rows[:50]],
        "tiles": [_tile(state, count) for state, count in found["entries"].items()],
        "ways": [("", "全部"), *_WAYS.items()],
        "way": way,
        "status": found,
        "configured": is_configured(),
    }
    part = request.headers.get("HX-Request")
    name = "national_sync/parts/batches.html" if part else "national_sync/batches.html"
    return render(request, name, context)


_BAD = (EntryState.PARKED, EntryState.HELD, EntryState.REJECTED)


def _tile(state: str, count: int) -> dict[str, Any]:
    """One figure that leads to these entries; in red where somebody has to do something."""
    is_bad = bool(count) and state in _BAD
    return {"state": state, "count": count, "label": EntryState(state).label, "is_bad": is_bad}


@staff_view("national.operate")
def batch(request: StaffRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(Batch, pk=pk)
    lines = BatchLine.objects.filter(batch=found).order_by("pk")
    rejected = list(lines.filter(verdict="rejected")[:_MOST_SHOWN])
    for line in rejected:
        line.part_label = Part(line.part).label  # type: ignore[attr-defined]
    context = {
        "batch": found,
        "rejected": rejected,
        "percent": _percent(found),
        "refresh": found.state in OPEN,
        "way": _WAYS.get(found.way, found.way),
        "turn": turn_of(found),
    }
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
        messages.success(request, "已开始上报，进展见下方批次。")
    else:
        messages.error(request, "尚未配置全国系统的地址和密钥。")
    return redirect("console:batches")


def own_school(request: StaffRequest) -> School:
    """The person's own school; the province names one in the address."""
    scope = scope_of(request.user)
    if scope is not None and not scope.everything:
        return get_object_or_404(School, pk=scope.school_id)
    asked_for = read_number(request.GET.get("school", ""))
    if asked_for is not None:
        return get_object_or_404(School, pk=asked_for)
    first = School.objects.filter(is_open=True).first()
    if first is None:
        raise Http404
    return first


@staff_view("national.operate")
def codes(request: StaffRequest) -> HttpResponse:
    """国家代码对照: every code that is reported, those without a national code first."""
    table = request.GET.get("table") or CODE_TABLES[0]
    if table not in CODE_TABLES:
        raise Http404
    form = NationalCodeForm(posted(request))
    if form.is_valid():
        try:
            mapping_actions.set_code(table=table, by=request.user, **form.cleaned_data)
            messages.success(request, "已保存，因此暂缓的记录会自动重新检查。")
            return redirect(f"{request.path}?table={table}")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "table": table,
        "tables": [(t, TABLE_NAMES[t]) for t in CODE_TABLES],
        "rows": _code_rows(table, form),
    }
    return render(request, "national_sync/codes.html", context, status=form.status)


def _code_rows(table: str, form: NationalCodeForm) -> list[dict[str, Any]]:
    """Every code with what it is called nationally and a form of its own. `form` takes the place
    of the one that was posted, if its code is in this table."""
    own, simulated = Mapped.load(simulated=False), Mapped.load(simulated=True)
    names = catalogue().names if table == CATEGORY else lookup.table(table).names
    rows = []
    for code, name in names.items():
        is_posted = form.is_bound and form.data.get("code") == code
        registered = own.own.get((table, code), "")
        initial = {"code": code, "national_code": registered}
        one = form if is_posted else NationalCodeForm(initial=initial, auto_id=f"{code}-%s")
        one.fields["national_code"].widget.attrs |= {
            "aria-label": f"{name}的国家代码",
            "class": "form-control form-control-sm code-box",
        }
        rows.append(
            {
                "code": code,
                "name": name,
                "national": own.national(table, code) or "",
                "simulated": simulated.own.get((table, code), ""),
                "form": one,
                "sentences": [str(e) for errors in one.errors.values() for e in errors],
            }
        )
    return sorted(rows, key=lambda row: (not row["sentences"], bool(row["national"])))


TABLE_NAMES = {
    CATEGORY: "毕业去向", "id_type": "证件类型", "gender": "性别", "ethnicity": "民族",
    "politics": "政治面貌", "education_level": "学历", "education_type": "学历类型",
    "teacher_student": "师范生类别", "difficulty": "困难生类别", "training_mode": "培养方式",
    "graduation_conclusion": "毕结业结论", "unit_property": "单位性质",
    "unit_industry": "单位行业", "job_category": "职位类别", "study_form": "学习形式",
    "country": "国家（地区）", "archive_transfer_type": "档案转递类型",
    "hukou_migration_type": "户口迁移类型",
}  # fmt: skip
