"""Doing something with every row that a list shows: the page that asks, and the job's own page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import frame
from core.errors import DomainError, Refused
from core.forms import pressed
from core.frame import BulkAction
from core.lists import walk
from core.lists.html import text
from core.lists.page import Column, ListPage, Order, Page, Row
from schools.access import StaffRequest, staff_view
from schools.actions import bulk
from schools.filters import BulkRowFilter
from schools.forms import BulkForm
from schools.lists import StaffListPage
from schools.models import BulkJob, BulkRow, BulkState


def wants_all(request: StaffRequest) -> bool:
    """Whether the form of a list asks for every row that it shows, not only for the ticked ones."""
    return pressed(request, "all") == "1"


@staff_view("console.use")
@require_POST
def every_row(request: StaffRequest) -> HttpResponse:
    """Say what would happen to how many rows, and let a job do it once that is confirmed."""
    return confirm(request, pressed(request, "bulk"))


def confirm(request: StaffRequest, key: str, *, reason: str = "") -> HttpResponse:
    """The page that asks; `reason` is what was typed beside the list's button."""
    action = frame.bulk_actions().get(key)
    address = walk.address_of(request)
    page = walk.page_at(request, address)
    if action is None or page is None or not _is_of(action, page):
        raise Refused("no_list", "请从列表中选择要办理的记录；搜索的内容已过期的，请重新搜索。")
    if not action.open_to(request.user):
        raise PermissionDenied
    form = BulkForm(
        request.POST if pressed(request, "sure") == "1" else None,
        initial={"reason": reason or action.usual_reason},
    )
    form.fields["reason"].label = action.reason_label
    if not action.asks_reason:
        del form.fields["reason"]
    if form.is_valid():
        try:
            job = bulk.start(
                page=page,
                action=action,
                expected=form.cleaned_data["expected"] or 0,
                came_from=address,
                reason=form.cleaned_data.get("reason", ""),
                by=request.user,
            )
            return redirect("console:bulk-job", pk=job.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    count, refused = 0, ""
    try:
        count = bulk.rows_of(page, action).count()
    except DomainError as refusal:
        refused = refusal.message
    context = {"action": action, "address": address, "count": count, "refused": refused, "form": form,
               "list_title": page.title, "narrowed": action.rows is not frame.every_row}  # fmt: skip
    return render(request, "schools/bulk_confirm.html", context, status=form.status)


def _is_of(action: BulkAction, page: ListPage) -> bool:
    return isinstance(page, StaffListPage) and page.list_key in action.lists


def _result(row: Row) -> str:
    kind, word = ("ok", "成功") if row["done"] else ("bad", "未执行")
    return f'<span class="state state-{kind}">{word}</span>'


class BulkRows(StaffListPage):
    """How far a job is and what became of each row so far, for the person who began it."""

    permission = "console.use"
    title = "批量办理结果"
    template_name = "schools/bulk_job.html"
    keeps_views = False
    filterset_class = BulkRowFilter
    export_name = "bulk-result"
    empty_title = "还没有这样的记录"
    empty_text = "办理一条，这里就写明一条的结果。"
    orders = (Order("order", "办理顺序", ("id",), indexed=True),)
    columns: ClassVar = (
        Column("label", "记录", cell=lambda r: text(r["label"] or "—"), css="wide"),
        Column("done", "结果", ("done",), _result),
        Column("message", "说明", css="wrap"),
    )

    @property
    def job(self) -> BulkJob:
        if not hasattr(self, "_job"):
            rows = BulkJob.objects.filter(by=self.user, pk=self.kwargs["pk"])
            found = rows.annotate(
                able=Count("rows", filter=Q(rows__done=True)),
                left_out=Count("rows", filter=Q(rows__done=False)),
            ).first()
            if found is None:
                raise Http404
            self._job = found
        return self._job

    def get_queryset(self) -> QuerySet[BulkRow]:
        return BulkRow.objects.filter(job=self.job, done__isnull=False)

    def get_context(self, page: Page) -> dict[str, Any]:
        job, action = self.job, frame.bulk_actions().get(self.job.action)
        return {
            "job": job,
            "action": action,
            "running": job.state in (BulkState.WAITING, BulkState.RUNNING),
            "back": job.came_from,
        }
