"""手工新增待确认: persons whom staff entered by hand, for a second staff member to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from core.masking import mask_id
from graduates import hooks
from graduates.actions import hand_entries
from graduates.fields import ALL
from graduates.filters import GraduateFilter
from graduates.forms import MASKS, EntryAnswerForm
from graduates.models import Graduate, HandEntry
from graduates.records import record_of
from graduates.states import EntryCause, EntryState
from graduates.views.origin import graduate_or_404
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList

_REFUSED = "refused"
_CAUSES = dict(EntryCause.choices)


class HandEntryFilter(GraduateFilter):
    state = django_filters.ChoiceFilter(
        label="状态", choices=[(_REFUSED, "未确认的")], method="by_state", empty_label="待确认"
    )

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset  # `HandEntries.all_rows` has asked for it


def _name(row: Row) -> str:
    return row_link("console:hand-entry", row["id"], row["name"])


def _cause(row: Row) -> str:
    return _CAUSES[row["entry"]["cause"]]


def _at(row: Row) -> str:
    at = parse_datetime(row["entry"]["at"])
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


class HandEntries(ConsoleList):
    leads_to = "console:hand-entry"
    title = "手工新增待确认"
    permission = hand_entries.PERMISSION
    filterset_class = HandEntryFilter
    export_permission = "graduates.export"
    row_key = "id"
    empty_title = "没有待确认的手工录入"
    empty_text = "不经名册、由老师手工新增的毕业生和手工更改的证件号码，由另一位老师在这里确认。"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("id_number", "证件号码", ("person__id_number",),
               lambda r: mask_id(r["person__id_number"]), css="mono"),
        Column("cause", "录入方式", ("entry",), _cause),
        Column("by", "录入人", ("entry",), lambda r: escape(r["entry"]["by"])),
        Column("at", "录入时间", ("entry",), _at, css="num"),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近新增", ("id",), descending=True),
        Order("student_no", "学号", ("student_no", "id"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Graduate]:
        refused = self.request.GET.get("state") == _REFUSED
        wanted = hand_entries.with_refused_entries if refused else hand_entries.with_waiting_entries
        entries = HandEntry.objects.filter(graduate=OuterRef("pk")).exclude(
            state=EntryState.CONFIRMED
        )
        newest = entries.order_by("-id").values(
            entry=JSONObject(cause="cause", by="entered_label", at="entered_at")
        )
        return wanted(Graduate.objects.all()).annotate(entry=Subquery(newest[:1]))


@staff_view(hand_entries.PERMISSION)
def hand_entry(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, graduate_or_404(request, pk))


def _page(
    request: StaffRequest, graduate: Graduate, form: EntryAnswerForm | None = None
) -> HttpResponse:
    entries = list(hand_entries.unconfirmed_entries(graduate.pk))
    record = record_of(graduate)
    form = form or EntryAnswerForm(initial={"seen": entries[0].pk if entries else 0})
    context = {
        "graduate": graduate,
        "entries": entries,
        "why_not": hand_entries.why_not_decide(entries, request.user),
        "may_refuse": any(entry.state == EntryState.WAITING for entry in entries),
        "facts": [
            (field.label, MASKS.get(field.key, str)(field.show(record[field.key]))) for field in ALL
        ],
        "waits": [w for waits in hooks.signing_waits.run(graduate=graduate) for w in waits],
        "form": form,
    }
    return render(request, "graduates/console/hand_entry.html", context, status=form.status)


@staff_view(hand_entries.PERMISSION)
@require_POST
def hand_entry_confirm(request: StaffRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, "confirm")


@staff_view(hand_entries.PERMISSION)
@require_POST
def hand_entry_refuse(request: StaffRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, "refuse")


def _decide(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    form = EntryAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, graduate, form)
    seen = form.cleaned_data["seen"] or 0
    try:
        if action == "confirm":
            hand_entries.confirm(graduate_id=pk, seen=seen, by=request.user)
            messages.success(request, f"已确认{graduate.name}的手工录入。")
        else:
            reason = form.cleaned_data["reason"]
            hand_entries.refuse(graduate_id=pk, seen=seen, reason=reason, by=request.user)
            messages.success(request, "已答复不确认，录入人会收到消息。")
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, graduate, form)
    return redirect("console:hand-entries")
