"""全国系统信息反馈 and the ledger, as lists within the scope of the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.forms import picked_ids, posted, pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from national_sync.actions import handling
from national_sync.filters import EntryFilter, FeedbackFilter
from national_sync.fixes import address, how_to_fix, part_of
from national_sync.forms import ReassignForm
from national_sync.models import Entry, Feedback
from national_sync.states import EntryState, FeedbackState, Owner, Part
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.views import bulk

_STATE, _OWNER = dict(FeedbackState.choices), dict(Owner.choices)
_PART, _ENTRY = dict(Part.choices), dict(EntryState.choices)
_SAID = {"note": "说明", "answer": "答复"}
_COLOURS = {"open": "pending", "fixed": "pending", "closed": "ok"}
_ENTRY_COLOURS = {
    "waiting": "pending", "sent": "esigned", "accepted": "ok", "held": "rejected",
    "rejected": "rejected", "failed": "pending", "parked": "rejected",
}  # fmt: skip


def _person(row: Row) -> str:
    return row_link("console:origin", row["graduate_id"], row["graduate__name"])


def _field(row: Row) -> str:
    part = part_of(row["kind"])
    return f'<a href="{address(part, row["graduate_id"], row["field"])}">去更正</a>'


def _fix(row: Row) -> str:
    return escape(how_to_fix(row["code"], row["kind"]))


def _state(row: Row) -> str:
    state = row["state"]
    return f'<span class="state state-{_COLOURS[state]}">{_STATE[state]}</span>'


def _text(row: Row) -> str:
    """The feedback with what was said about it: by the school when passing it up, by the level
    above in its answer."""
    said = "".join(
        f'<div class="soft small">{label}：{escape(row[key])}</div>'
        for key, label in _SAID.items()
        if row[key]
    )
    return f"{escape(row['text'])}{said}"


class FeedbackList(ConsoleList):
    leads_to = "console:origin"
    walked_by = "graduate_id"
    title = "全国系统信息反馈"
    permission = "national.view"
    graduate_path = "graduate"
    tells_waiting = True
    filterset_class = FeedbackFilter
    template_name = "national_sync/feedback.html"
    export_name = "national-feedback"
    selectable = True
    empty_title = "没有反馈信息"
    empty_text = "全国系统退回的记录会出现在这里。"
    columns = (
        Column("name", "姓名", ("graduate__name", "graduate_id"), _person,
               lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("kind", "类别", ("kind",)),
        Column("text", "反馈内容", ("text", *_SAID), _text, lambda r: r["text"], css="wrap"),
        Column("note", "处理说明", css="wrap", optional=True),
        Column("answer", "答复", css="wrap", optional=True),
        Column("fix", "如何更正", ("code", "kind"), _fix,
               lambda r: how_to_fix(r["code"], r["kind"]), css="wrap"),
        Column("go", "", ("kind", "field", "graduate_id"), _field, lambda r: ""),
        Column("owner", "处理方", ("owner",), lambda r: _OWNER[r["owner"]],
               lambda r: _OWNER[r["owner"]]),
        Column("due_on", "应办日期", ("due_on",), css="num"),
        Column("state", "状态", ("state",), _state, lambda r: _STATE[r["state"]]),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近反馈", ("pk",), descending=True),
        Order("due", "应办日期", ("due_on", "pk"), column="due_on"),
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Any]:
        rows = Feedback.objects.all()
        if not self.request.GET.get("state"):
            rows = rows.exclude(state=FeedbackState.CLOSED)
        return rows

    def get_context(self, page: Page) -> dict[str, Any]:
        recipients = sorted(handling.may_reassign_to(self.user))
        answers = handling.owner_of(self.user) == Owner.PROVINCE
        return {
            "recipients": [(owner, _OWNER[owner]) for owner in recipients],
            "form": ReassignForm(answers=answers),
        }


@staff_view("national.view")
@require_POST
def reassign(request: StaffRequest) -> HttpResponse:
    """Pass the picked rows to the owner that the button named; all that the list shows a job passes."""
    form, to = ReassignForm(posted(request)), pressed(request, "to")
    if bulk.wants_all(request):
        note = form.cleaned_data["note"] if form.is_valid() else ""
        return bulk.confirm(request, f"reassign-{to}", reason=note)
    if not form.is_valid():
        messages.error(request, form.first_error)
        return redirect("console:feedback")
    changed = handling.reassign(
        ids=picked_ids(request), to=to, by=request.user, **form.cleaned_data
    )
    if changed:
        messages.success(request, f"已转交 {changed} 条给{_OWNER[to]}。")
    else:
        messages.warning(request, "没有转交任何记录：请先勾选待处理的反馈。")
    return redirect("console:feedback")


def _entry_state(row: Row) -> str:
    state = row["state"]
    colour = _ENTRY_COLOURS.get(state, "off")
    return f'<span class="state state-{colour}">{_ENTRY[state]}</span>'


def _problems(row: Row) -> str:
    return "<br>".join(
        escape(p["message"])
        + (f' <span class="soft">{escape(p["fix"])}</span>' if p["fix"] else "")
        for p in row["problems"]
    )


def _moment(name: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        return localtime(row[name]).strftime("%m-%d %H:%M") if row[name] else ""

    return text


class Ledger(ConsoleList):
    """Every entry of the ledger: what waits, what is held back and why, what was accepted."""

    leads_to = "console:origin"
    walked_by = "graduate_id"
    title = "上报台账"
    permission = "national.view"
    graduate_path = "graduate"
    filterset_class = EntryFilter
    template_name = "national_sync/ledger.html"
    export_name = "national-ledger"
    empty_title = "还没有需要上报的记录"
    empty_text = "生源确认或锁定、去向审核通过后自动进入台账。"
    columns = (
        Column("name", "姓名", ("graduate__name", "graduate_id"), _person,
               lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("part", "部分", ("part",), lambda r: _PART[r["part"]], lambda r: _PART[r["part"]]),
        Column("state", "状态", ("state",), _entry_state, lambda r: _ENTRY[r["state"]]),
        Column("problems", "原因与更正办法", ("problems",), _problems,
               lambda r: "；".join(p["message"] for p in r["problems"]), css="wrap"),
        Column("owner", "处理方", ("owner",), lambda r: _OWNER[r["owner"]],
               lambda r: _OWNER[r["owner"]]),
        Column("changed_at", "变更时间", ("changed_at",), _moment("changed_at"),
               _moment("changed_at"), css="num"),
        Column("accepted_at", "入库时间", ("accepted_at",), _moment("accepted_at"),
               _moment("accepted_at"), css="num"),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近进入", ("pk",), descending=True),
        Order("changed_at", "变更时间", ("changed_at", "pk"), descending=True, column="changed_at"),
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return Entry.objects.all()
