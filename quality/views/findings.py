"""The staff's pages of findings: the list, and one finding with its evidence and the steps to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import picked_ids
from core.lists.html import row_link, text
from core.lists.page import Column, Order, Page, Row
from quality import finding_page
from quality.actions import findings as actions
from quality.filters import FindingFilter
from quality.finding_steps import FINDING, VERDICTS
from quality.forms import BulkNoteForm, SettleForm
from quality.models import Finding
from quality.queries import findings_for, together_with
from quality.states import UNSETTLED, FindingOwner, FindingState
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.views import bulk

_STATES, _OWNERS = dict(FindingState.choices), dict(FindingOwner.choices)
_view, _settle = staff_view("quality.view"), staff_view("quality.settle")
_CLASSES = {
    "open": "pending", "checking": "pending", "true": "bad", "corrected": "ok", "false_alarm": "off",
    "disputed": "esigned", "gone": "off",
}  # fmt: skip


def state_class(state: str) -> str:
    return _CLASSES[state]


def _state(row: Row) -> str:
    state = row["state"]
    late = state in UNSETTLED and row["due_on"] < timezone.localdate()
    flag = ' <span class="state state-bad">已逾期</span>' if late else ""
    return f'<span class="state state-{_CLASSES[state]}">{_STATES[state]}</span>{flag}'


def _who(row: Row) -> str:
    return str(row["graduate__name"] or row["evidence"].get("name") or row["school__name"])


class FindingList(ConsoleList):
    leads_to = "console:quality-finding"
    title = "核查问题"
    permission = "quality.view"
    graduate_path = "graduate"
    tells_waiting = True
    filterset_class = FindingFilter
    template_name = "quality/findings.html"
    export_name = "quality-findings"
    selectable = True
    empty_title = "没有核查问题"
    empty_text = "比对与筛查查到的问题会出现在这里。"
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近发现", ("id",), descending=True, column="created_at"),
        Order("due", "最先到期", ("due_on", "id"), column="due_on"),
    )
    columns: ClassVar = (
        Column("rule", "规则", ("rule__label", "pk"),
               lambda r: row_link("console:quality-finding", r["pk"], r["rule__label"]),
               lambda r: r["rule__label"]),
        Column("who", "对象", ("graduate__name", "evidence", "school__name"),
               lambda r: text(_who(r)), _who),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("sentence", "问题", css="wrap"),
        Column("state", "状态", ("state", "due_on"), _state, lambda r: _STATES[r["state"]]),
        Column("owner", "处理方", ("owner",), lambda r: _OWNERS[r["owner"]],
               lambda r: _OWNERS[r["owner"]]),
        Column("due_on", "应办日期", ("due_on",), css="num"),
        Column("note", "核实说明", css="wrap", optional=True),
        Column("decided_by", "核实人", optional=True),
        Column("created_at", "发现时间", ("created_at",),
               lambda r: timezone.localtime(r["created_at"]).strftime("%Y-%m-%d %H:%M"),
               css="num", optional=True),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Finding]:
        return findings_for(self.user)

    def placed_rows(self) -> QuerySet[Finding]:
        return findings_for(self.user)

    def all_rows(self) -> QuerySet[Finding]:
        return Finding.objects.all()

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"form": BulkNoteForm(), "most": actions.MOST_AT_ONCE}


def _finding(request: StaffRequest, pk: int) -> Finding:
    """A finding in this person's scope; otherwise a 404."""
    rows = findings_for(request.user)
    return get_object_or_404(
        rows.select_related(*actions.RELATED, "department", "dispute", "run"), pk=pk
    )


@_view
def finding(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _finding(request, pk))


def _page(request: StaffRequest, finding: Finding, form: SettleForm | None = None) -> HttpResponse:
    settles = request.user.has_perm("quality.settle")
    steps = FINDING.available(finding, request.user) if settles else []
    others, outside = together_with(finding, request.user)
    pictures, pictures_outside = finding_page.pictures_of(finding, request.user)
    may = {step.action for step in steps}
    context = {
        "finding": finding,
        "graduate": finding.graduate,
        "who": actions.label_of(finding),
        "state_class": state_class(finding.state),
        "late": finding.state in UNSETTLED and finding.due_on < timezone.localdate(),
        "facts": finding_page.facts_of(finding),
        "pictures": pictures,
        "pictures_outside": pictures_outside,
        "others": [(other, state_class(other.state)) for other in others],
        "outside": outside,
        "history": finding_page.history_of(finding),
        "may": may,
        "verdicts": [step for step in steps if step.action in VERDICTS],
        "why_not": "" if may & set(VERDICTS) else _why_not(request, finding),
        "recipients": actions.may_pass_to(request.user, finding) if "pass_on" in may else [],
        "form": form or SettleForm(initial={"version": finding.version}),
    }
    status = form.status if form is not None else 200
    return render(request, "quality/finding.html", context, status=status)


def _why_not(request: StaffRequest, finding: Finding) -> str:
    """Why this person settles nothing here, if it waits for somebody."""
    if finding.state not in UNSETTLED:
        return ""
    return FINDING.why_not("confirm", finding, request.user)


@_settle
@require_POST
def act(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Take the step that the button names."""
    shown, form = _finding(request, pk), SettleForm(request.POST)
    known = {"begin", "reopen", *VERDICTS, *(f"pass-{owner}" for owner in FindingOwner.values)}
    if action not in known:
        raise Http404
    if form.is_valid():
        values = {"finding_id": pk, "by": request.user, **form.cleaned_data}
        try:
            if action == "begin":
                done = actions.begin(**values)
            elif action == "reopen":
                done = actions.reopen(**values)
            elif action.startswith("pass-"):
                done = actions.pass_on(to=action.removeprefix("pass-"), **values)
            else:
                done = actions.settle(action=action, **values)
            messages.success(request, f"{actions.label_of(shown)}：{_said(done, action)}。")
            return redirect("console:quality-finding", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, _finding(request, pk), form)


def _said(done: Finding, action: str) -> str:
    if action.startswith("pass-"):
        return f"已转交{_OWNERS[done.owner]}"
    return f"现为“{_STATES[done.state]}”"


@_settle
@require_POST
def dismiss_many(request: StaffRequest) -> HttpResponse:
    """Declare the picked findings false alarms; of all that the list shows a job does it."""
    form = BulkNoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    if bulk.wants_all(request):
        return bulk.confirm(request, "dismiss-findings", reason=note)
    if not form.is_valid():
        messages.error(request, form.first_error)
        return redirect("console:quality-findings")
    rows = findings_for(request.user).filter(pk__in=picked_ids(request, most=actions.MOST_AT_ONCE))
    seen = list(rows.order_by("pk").values_list("pk", "version"))
    if not seen:
        messages.warning(request, "没有选择问题。")
        return redirect("console:quality-findings")
    try:
        answers = actions.dismiss_many(seen=seen, note=note, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:quality-findings")
    context = {
        "results": answers,
        "title": "按误报办结",
        "done": sum(answer.ok for answer in answers),
        "back": "console:quality-findings",
    }
    return render(request, "core/bulk_result.html", context)
