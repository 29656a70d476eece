"""The province's pages of verifications of units' right to recruit."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from recruiting.actions import verifications
from recruiting.fields import PROFILE
from recruiting.filters import VerificationFilter
from recruiting.forms import ReviewForm
from recruiting.models import Verification
from recruiting.report_steps import VERIFICATION
from recruiting.states import VerificationState
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_STATES = dict(VerificationState.choices)
_REASONS = (
    "账号类型与营业执照的经营范围不符", "许可证已过期或不清晰", "招聘联系人电话无法接通",
    "单位简介与实际不符",
)  # fmt: skip


def _state(row: Row) -> str:
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>'


class VerificationList(StaffListPage):
    permission = "recruiting.verify"
    leads_to = "console:verification"
    title = "招聘资格核验"
    tells_waiting = True
    filterset_class = VerificationFilter
    empty_title = "没有符合条件的核验"
    empty_text = "用人单位提交招聘资格核验后会出现在这里。"
    orders = (
        Order("oldest", "最早提交", ("id",), indexed=True, column="created_at"),
        Order("newest", "最新提交", ("id",), descending=True, indexed=True),
    )
    columns: ClassVar = (
        Column("unit", "单位名称", ("unit__name", "pk"),
               lambda r: row_link("console:verification", r["pk"], r["unit__name"]), css="wide"),
        Column("code", "统一社会信用代码", ("unit__code",), css="mono"),
        Column("state", "状态", ("state",), _state),
        Column("created_at", "提交时间", ("created_at",),
               lambda r: localtime(r["created_at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
        Column("decided_by", "核验人", ("decided_by",)),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Verification]:
        return Verification.objects.all()


_verifier_view = staff_view("recruiting.verify")


def _verification(pk: int) -> Verification:
    rows = Verification.objects.select_related("unit__certificate", "member__user", "licence")
    return get_object_or_404(rows, pk=pk)


@_verifier_view
def verification(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _verification(pk), ReviewForm())


def _page(request: StaffRequest, shown: Verification, form: ReviewForm) -> HttpResponse:
    context = {
        "verification": shown,
        "facts": [(d.label, shown.values.get(d.label, "")) for d in PROFILE],
        "may": {step.action for step in VERIFICATION.available(shown, request.user)},
        "reasons": _REASONS,
        "following": _waiting().filter(pk__gt=shown.pk).first(),
        "form": form,
    }
    return render(request, "recruiting/console/verification.html", context, status=form.status)


def _waiting() -> QuerySet[Verification]:
    return Verification.objects.filter(state=VerificationState.WAITING).order_by("pk")


@_verifier_view
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _verification(pk)
    try:
        verifications.approve(verification_id=pk, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:verification", pk=pk)
    messages.success(request, f"{shown.unit.name}：已核验，六个月内可以招聘。")
    return _redirect_to_next(pk)


@_verifier_view
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    shown, form = _verification(pk), ReviewForm(request.POST)
    form.full_clean()
    try:
        verifications.refuse(
            verification_id=pk, reason=form.cleaned_data.get("reason", ""), by=request.user
        )
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, shown, form)
    messages.success(request, f"{shown.unit.name}：未通过，已告知单位。")
    return _redirect_to_next(pk)


def _redirect_to_next(pk: int) -> HttpResponse:
    following = _waiting().filter(pk__gt=pk).first()
    if following is None:
        return redirect("console:verifications")
    return redirect("console:verification", pk=following.pk)


@_verifier_view
def picture(request: StaffRequest, pk: int, slot: str) -> HttpResponseBase:
    """The licence that was handed in, or the unit's certificate."""
    shown = _verification(pk)
    file = {"licence": shown.licence, "certificate": shown.unit.certificate}.get(slot)
    if file is None:
        raise Http404
    return files.respond(file)
