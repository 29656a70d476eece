"""文件上报: the school's files, what is due for the next one, and the answers to each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core import spreadsheets
from core.errors import DomainError
from core.forms import posted, pressed
from national_sync.actions import by_file
from national_sync.forms import ResultsForm
from national_sync.models import Batch, BatchLine
from national_sync.queries import held_back
from national_sync.states import WORKBOOK, Part
from national_sync.views.console import own_school
from schools.access import StaffRequest, staff_view
from schools.models import School
from schools.scope import visible_to

_LAYOUTS = {"new": "毕业去向导入表（现行版式）", "old74": "全量信息表（旧版74列）"}
_SHOWN = 200
_VERDICTS = (("", "全部"), ("unanswered", "未回执"), ("rejected", "退回"), ("accepted", "入库"))


@staff_view("national.compare")
def listing(request: StaffRequest) -> HttpResponse:
    return _listing(request, own_school(request))


def _listing(
    request: StaffRequest, school: School, error: str = "", status: int = 200
) -> HttpResponse:
    province = request.user.has_perm("national.operate")
    layouts = [_layout(n, c) for n, c in by_file.due_by_part(school).items()]
    first = next((one for one in layouts if one["total"]), layouts[0])
    first["is_first"] = True
    context = {
        "school": school,
        "schools": School.objects.filter(is_open=True) if province else [],
        "rows": by_file.files_of(school)[:50],
        "layouts": layouts,
        "most": by_file.MOST_LINES,
        "held": held_back(school),
        "error": error,
    }
    return render(request, "national_sync/files.html", context, status=status)


def _layout(name: str, counts: dict[str, int]) -> dict[str, Any]:
    """One layout: what it carries, and how many records of that are due."""
    return {
        "name": name,
        "label": _LAYOUTS[name],
        "parts": [(Part(p).label, n) for p, n in counts.items()],
        "total": sum(counts.values()),
        "left_out": [p.label for p in Part if p not in counts],
    }


@staff_view("national.compare")
@require_POST
def make(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    try:
        made = by_file.make(school=school, by=request.user, layout_name=pressed(request, "layout"))
    except DomainError as refusal:
        return _listing(request, school, refusal.message, refusal.status)
    messages.success(request, f"已生成，共{made.lines}条。下载后导入全国系统，再上传其结果。")
    return redirect("console:national-file", pk=made.pk)


def _batch(request: StaffRequest, pk: str) -> Batch:
    rows = visible_to(Batch.objects.filter(way=WORKBOOK), request.user)
    return get_object_or_404(rows.select_related("school"), pk=pk)


@staff_view("national.compare")
def detail(request: StaffRequest, pk: str) -> HttpResponse:
    """A file and its answers line by line. A POST uploads the workbook of results."""
    batch, received = _batch(request, pk), None
    form = ResultsForm(posted(request), request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        content = upload.read(by_file.MOST_BYTES + 1) if upload else b""
        try:
            received = by_file.receive(batch=batch, content=content, by=request.user)
        except DomainError as refusal:
            form.add_refusal(refusal)
        batch.refresh_from_db()
    context = _answers(request, batch) | {
        "batch": batch,
        "is_open": by_file.is_open(batch),
        "layout": _LAYOUTS[by_file.layout_of(batch).name],
        "form": form,
        "received": received,
        "notice_kind": "warning" if received and received.strays else "success",
    }
    return render(request, "national_sync/file.html", context, status=form.status)


def _answers(request: StaffRequest, batch: Batch) -> dict[str, Any]:
    """The lines with their answers; `verdict` in the address asks for those of one kind."""
    lines = BatchLine.objects.filter(batch=batch).select_related("entry__graduate").order_by("pk")
    asked = request.GET.get("verdict", "")
    if asked in ("unanswered", "rejected", "accepted"):
        lines = lines.filter(verdict="" if asked == "unanswered" else asked)
    page = Paginator(lines, _SHOWN).get_page(request.GET.get("page"))
    rows = [(line, Part(line.part).label) for line in page]
    return {"lines": rows, "page": page, "verdicts": _VERDICTS, "asked": asked}


@staff_view("national.compare")
def workbook(request: StaffRequest, pk: str) -> HttpResponse:
    """Download the national import workbook."""
    batch = _batch(request, pk)
    made = f"{batch.created_at:%Y%m%d}"
    return spreadsheets.respond(by_file.write(batch), f"national-{made}-{str(batch.pk)[:8]}")


@staff_view("national.compare")
@require_POST
def give_up(request: StaffRequest, pk: str) -> HttpResponse:
    batch = _batch(request, pk)
    try:
        count = by_file.give_up(batch=batch, by=request.user)
        messages.success(request, f"文件已作废，{count}条重新排队。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect(f"{reverse('console:national-files')}?school={batch.school_id}")
