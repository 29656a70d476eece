"""申请增列: the list, proposing a graduate, and the province's decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from codes import text
from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from core.lists.html import row_link
from core.lists.html import text as escaped
from core.lists.page import Column, Order, Row
from graduates.models import Graduate
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.scope import visible_to
from support import queries
from support.actions import proposals
from support.filters import ProposalFilter
from support.forms import AnswerForm, FindForm, ProposeForm
from support.models import Proposal, ProposalImage
from support.states import ProposalState
from support.steps import PROPOSAL
from support.views import pictures
from support.views.console_list import group_words

_STATES = dict(ProposalState.choices)


def _badge(row: Row) -> str:
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>'


class ProposalList(ConsoleList):
    leads_to = "console:support-proposal"
    title = "申请增列"
    permission = "support.view"
    graduate_path = "graduate"
    tells_waiting = True
    filterset_class = ProposalFilter
    template_name = "support/console/proposals.html"
    empty_title = "没有申请"
    empty_text = "学校认为应列入帮扶名单的毕业生，由辅导员、院系或学校在这里申请，省级决定。"
    columns: ClassVar[Sequence[Column]] = (
        Column("name", "姓名", ("graduate__name", "pk"),
               lambda r: row_link("console:support-proposal", r["pk"], r["graduate__name"]),
               lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("groups", "类型", ("groups",), lambda r: escaped(group_words(r["groups"]))),
        Column("state", "状态", ("state",), _badge),
        Column("proposed_by", "申请人", ("proposed_label",)),
        Column("created_at", "申请时间", ("created_at",),
               lambda r: localtime(r["created_at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近申请", ("id",), descending=True, indexed=True, column="created_at"),
        Order("student_no", "学号", ("graduate__student_no", "id"), column="student_no"),
    )

    def all_rows(self) -> QuerySet[Proposal]:
        return Proposal.objects.all()

    def get_queryset(self) -> QuerySet[Proposal]:
        return queries.proposals_for(self.user)

    def placed_rows(self) -> QuerySet[Proposal]:
        return queries.proposals_for(self.user)

    def get_context(self, page: Any) -> dict[str, Any]:
        return {"may_propose": self.user.has_perm("support.help")}


_view, _help, _decide = (
    staff_view("support.view"), staff_view("support.help"), staff_view("support.import"),
)  # fmt: skip


@_help
def find(request: StaffRequest) -> HttpResponse:
    """Whom the proposal is about, by student number."""
    form = FindForm(posted(request))
    if form.is_valid():
        number = text.clean_code(form.cleaned_data["student_no"])
        rows = visible_to(Graduate.objects.filter(student_no=number), request.user)
        graduate = rows.first() if number else None
        if graduate is not None:
            return redirect("console:support-propose", pk=graduate.pk)
        form.add_error("student_no", "您的管理范围内没有此学号的毕业生。")
    return render(request, "support/console/propose_find.html", {"form": form}, status=form.status)


@_help
def propose(request: StaffRequest, pk: int) -> HttpResponse:
    rows = visible_to(Graduate.objects.all(), request.user)
    rows = rows.select_related("school_class", "department", "cohort")
    graduate = get_object_or_404(rows, pk=pk)
    form = ProposeForm(posted(request), request.FILES)
    kept = pictures.kept_before(request, form)
    if form.is_bound:
        form.full_clean()
        typed = form.cleaned_data
        try:
            pictures.keep(request, form, kept, school_id=graduate.school_id)
            if form.is_valid():
                made = proposals.propose(
                    graduate_id=graduate.pk, groups=typed["groups"], reason=typed["reason"],
                    evidence=kept, by=request.user,
                )  # fmt: skip
                messages.success(request, "已提交，等待省级决定。")
                return redirect("console:support-proposal", pk=made.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
        pictures.show_kept(request, form, kept)
    context = {"graduate": graduate, "form": form, "kept": len(kept)}
    return render(request, "support/console/propose.html", context, status=form.status)


def _proposal(request: StaffRequest, pk: int) -> Proposal:
    rows = queries.proposals_for(request.user).select_related(
        "graduate__school", "graduate__cohort", "graduate__department", "graduate__school_class",
        "school",
    )  # fmt: skip
    return get_object_or_404(rows, pk=pk)


@_view
def proposal(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _proposal(request, pk), AnswerForm())


def _page(request: StaffRequest, proposal: Proposal, form: AnswerForm) -> HttpResponse:
    context = {
        "proposal": proposal,
        "graduate": proposal.graduate,
        "groups": group_words(proposal.groups),
        "images": proposal.images.order_by("pk"),
        "may": {step.action for step in PROPOSAL.available(proposal, request.user)},
        "form": form,
    }
    return render(request, "support/console/proposal.html", context, status=form.status)


@_decide
@require_POST
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Agree or refuse, as the pressed button says."""
    proposal, form = _proposal(request, pk), AnswerForm(posted(request))
    step = {"accept": proposals.accept, "refuse": proposals.refuse}.get(pressed(request, "do"))
    if step is not None and form.is_valid():
        try:
            step(proposal_id=pk, answer=form.cleaned_data["answer"], by=request.user)
        except DomainError as refusal:
            form.add_refusal(refusal)
            proposal.refresh_from_db()
        else:
            messages.success(request, "已决定，申请人会收到消息。")
            return redirect("console:support-proposal", pk=pk)
    return _page(request, proposal, form)


@_help
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    _proposal(request, pk)
    try:
        proposals.withdraw(proposal_id=pk, by=request.user)
        messages.success(request, "已撤回。")
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
    return redirect("console:support-proposal", pk=pk)


@_view
def picture(request: StaffRequest, pk: int, image: int) -> HttpResponseBase:
    proposal = _proposal(request, pk)
    rows = ProposalImage.objects.filter(proposal=proposal).select_related("file")
    return files.respond(get_object_or_404(rows, pk=image).file)
