"""The province's pages of certification letters (认证公函): the list, and the review of one letter."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import audit, files
from core.errors import DomainError
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from core.masking import mask_phone
from core.models import StoredFile
from employers.actions import letters
from employers.filters import LetterFilter
from employers.forms import LetterReviewForm
from employers.letter_steps import LETTER, TAKES_OVER, review_mark
from employers.models import Letter, LetterKind, LetterState
from employers.queries import contacts_of, letters_waiting, manager_of
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_STATES, _KINDS = dict(LetterState.choices), dict(LetterKind.choices)
_REASONS = (
    "缺少帐号管理者手写签名", "缺少红色单位公章或人事章", "身份证两面不全或不清晰",
    "单位名称或统一社会信用代码与平台不一致", "图片不清晰，请重新拍照上传",
)  # fmt: skip


def _unit(row: Row) -> str:
    return row_link("console:letter", row["pk"], row["unit__name"])


def _state(row: Row) -> str:
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>'


class LetterList(StaffListPage):
    permission = "employers.certify"
    leads_to = "console:letter"
    title = "认证公函"
    tells_waiting = True
    filterset_class = LetterFilter
    empty_title = "没有符合条件的公函"
    empty_text = "用人单位提交盖章公函后会出现在这里。"
    orders = (
        Order("oldest", "最早提交", ("id",), indexed=True, column="created_at"),
        Order("newest", "最新提交", ("id",), descending=True, indexed=True, column="created_at"),
    )
    columns: ClassVar = (
        Column("unit", "单位名称", ("unit__name", "pk"), _unit, css="wide"),
        Column("code", "统一社会信用代码", ("unit__code",), css="mono"),
        Column("kind", "事项", ("kind",), lambda r: str(_KINDS[r["kind"]])),
        Column("name", "帐号管理者", ("name",)),
        Column("mobile", "手机号码", ("mobile",), lambda r: mask_phone(r["mobile"]), css="mono"),
        Column("state", "状态", ("state",), _state),
        Column("created_at", "提交时间", ("created_at",),
               lambda r: localtime(r["created_at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
        Column("decided_by", "审核人", ("decided_by",)),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Letter]:
        return Letter.objects.all()


_certifier_view = staff_view("employers.certify")
_RELATED = (
    "unit__certificate", "scan", "member__user", "member__id_front", "member__id_back",
)  # fmt: skip


def _letter(pk: int) -> Letter:
    return get_object_or_404(Letter.objects.select_related(*_RELATED), pk=pk)


def _pictures(letter: Letter) -> list[tuple[str, str, StoredFile]]:
    """(slot, label, file) of the pictures that the reviewer compares, the scanned letter first."""
    member = letter.member
    pictures = [
        ("scan", "盖章公函", letter.scan),
        ("id_front", "身份证人像面", member.id_front if member else None),
        ("id_back", "身份证国徽面", member.id_back if member else None),
        ("certificate", "单位证件", letter.unit.certificate),
    ]
    return [(slot, label, file) for slot, label, file in pictures if file is not None]


@_certifier_view
def letter(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _letter(pk), LetterReviewForm())


def _page(request: StaffRequest, letter: Letter, form: LetterReviewForm) -> HttpResponse:
    former = manager_of(letter.unit, besides=letter.member)
    context: dict[str, Any] = {
        "letter": letter,
        "pictures": _pictures(letter),
        "mark": review_mark(letter),
        "may_approve": LETTER.can("approve", letter, request.user),
        "may_refuse": LETTER.can("refuse", letter, request.user),
        "why_not": _why_not(letter, request),
        "former": former if letter.kind in TAKES_OVER else None,
        "contacts": contacts_of(letter.unit, besides=letter.mobile)
        if letter.kind in TAKES_OVER
        else [],
        "following": letters_waiting().filter(pk__gt=letter.pk).order_by("pk").first(),
        "reasons": _REASONS,
        "takes_over": letter.kind in TAKES_OVER,
        "form": form,
    }
    return render(request, "employers/console/letter.html", context, status=form.status)


def _why_not(letter: Letter, request: StaffRequest) -> str:
    """Why this reviewer can't approve an open letter; "" if they can."""
    if letter.state not in (LetterState.WAITING, LetterState.SECOND):
        return ""
    try:
        LETTER.check("approve", letter, request.user)
    except DomainError as refusal:
        return refusal.message
    return ""


@_certifier_view
@require_POST
def approve(request: StaffRequest, pk: int) -> HttpResponse:
    _letter(pk)
    form = LetterReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, _letter(pk), form)
    typed = form.cleaned_data
    try:
        approved = letters.approve(
            letter_id=pk, ticks=typed["check"], seen=typed["seen"], reason=typed["reason"],
            by=request.user,
        )  # fmt: skip
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, _letter(pk), form)
    messages.success(request, f"{approved.unit.name}：{approved.get_state_display()}。")
    return _redirect_to_next(pk)


@_certifier_view
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    letter, form = _letter(pk), LetterReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, letter, form)
    typed = form.cleaned_data
    try:
        letters.refuse(letter_id=pk, reason=typed["reason"], seen=typed["seen"], by=request.user)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, _letter(pk), form)
    messages.success(request, f"{letter.unit.name}：未通过，已告知提交人。")
    return _redirect_to_next(pk)


def _redirect_to_next(pk: int) -> HttpResponse:
    """Go to the next letter that waits, or to the list if there is none."""
    following = letters_waiting().filter(pk__gt=pk).order_by("pk").first()
    if following is None:
        return redirect("console:letters")
    return redirect("console:letter", pk=following.pk)


@_certifier_view
def picture(request: StaffRequest, pk: int, slot: str) -> HttpResponseBase:
    """One picture of a letter. Each view of an identity card is logged."""
    letter = _letter(pk)
    file = next((f for s, _, f in _pictures(letter) if s == slot), None)
    if file is None:
        raise Http404
    if slot in ("id_front", "id_back"):
        audit.record("employers.see_identity", by=request.user, obj=letter, data={"slot": slot})
    return files.respond(file)
