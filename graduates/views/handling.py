"""The console's pages of archive transfers and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from graduates.actions import archive, corrections
from graduates.archive import OWN_KEYS, SENT_KEYS
from graduates.corrections import declaration_of, targets
from graduates.filters import GraduateFilter
from graduates.forms import AnswerForm, archive_form
from graduates.hooks import CorrectionEffect
from graduates.models import ArchiveTransfer, CorrectionImage, CorrectionRequest
from graduates.queries import corrections_of_turn
from graduates.states import CorrectionKind, CorrectionState, words_of_correction
from graduates.views.origin import graduate_or_404
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.roles import Level
from schools.scope import visible_to

EVERY, PASSED = "every", "passed"
_COLOURS = {"open": "pending", "accepted": "ok", "refused": "rejected"}
_KIND = dict(CorrectionKind.choices)


@staff_view("graduates.view")
def archive_page(request: StaffRequest, pk: int) -> HttpResponse:
    """Two forms: where the archive goes, and the mail number once it was sent."""
    graduate = graduate_or_404(request, pk)
    transfer = ArchiveTransfer.objects.filter(pk=pk).first()
    grey = archive.why_grey(graduate, transfer, request.user)
    sending, typed = bool(pressed(request, "sent")), posted(request)
    receiver = archive_form(transfer, OWN_KEYS, None if sending else typed, grey=grey)
    sent = archive_form(transfer, SENT_KEYS, typed if sending else None, grey=grey)
    form, act = (sent, archive.record_sending) if sending else (receiver, archive.save)
    if form.is_valid():
        try:
            act(
                graduate_id=pk,
                typed=form.values | form.posted_for_grey,
                by=request.user,
                version=form.cleaned_data["version"],
            )
            messages.success(request, "已保存。")
            return redirect("console:archive", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "graduate": graduate,
        "archive": transfer,
        "form": form,
        "receiver": receiver,
        "sent": sent,
        "grey": grey,
    }
    return render(request, "graduates/console/archive.html", context, status=form.status)


class CorrectionFilter(GraduateFilter):
    path = "graduate__"

    kind = django_filters.ChoiceFilter(label="类别", choices=CorrectionKind.choices)
    state = django_filters.ChoiceFilter(
        label="状态", method="by_state", empty_label="待我处理",
        choices=[
            (PASSED, "已转交学校"),
            *((v, label) for v, label in CorrectionState.choices if v != CorrectionState.OPEN),
            (EVERY, "全部"),
        ],
    )  # fmt: skip

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == PASSED:
            return queryset.filter(state=CorrectionState.OPEN, passed_at__isnull=False)
        return queryset if value == EVERY else queryset.filter(state=value)


def _name(row: Row) -> str:
    return row_link("console:correction", row["pk"], row["graduate__name"])


def _badge(row: Row) -> str:
    colour = _COLOURS.get(row["state"], "off")
    return f'<span class="state state-{colour}">{_state(row)}</span>'


def _state(row: Row) -> str:
    return words_of_correction(row["state"], row["passed_at"])


class CorrectionList(ConsoleList):
    """信息反馈: the corrections that wait for an answer, unless another state is chosen."""

    leads_to = "console:correction"
    title = "信息反馈"
    permission = "graduates.view"
    graduate_path = "graduate"
    filterset_class = CorrectionFilter
    export_name = "corrections"
    empty_title = "没有信息反馈"
    empty_text = "毕业生提交的纠错会出现在这里。"
    columns = (
        Column("name", "姓名", ("graduate__name", "pk"), _name, lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("kind", "类别", ("kind",), lambda r: _KIND[r["kind"]], lambda r: _KIND[r["kind"]]),
        Column("label", "字段", ("label",)),
        Column("current", "现有内容", ("current",), css="wide"),
        Column("proposed", "更正为", ("proposed",), css="wide"),
        Column("due_on", "应办日期", ("due_on",), css="num"),
        Column("state", "状态", ("state", "passed_at"), _badge, _state),
    )
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近提交", ("pk",), descending=True),
        Order("due", "应办日期", ("due_on", "pk"), column="due_on"),
        Order("kind", "类别", ("kind", "pk"), column="kind"),
    )

    def all_rows(self) -> QuerySet[CorrectionRequest]:
        rows = CorrectionRequest.objects.all()
        if not self.request.GET.get("state"):
            rows = corrections_of_turn(rows, self.user)
        return rows


def _visible_correction(request: StaffRequest, pk: int) -> CorrectionRequest:
    rows = CorrectionRequest.objects.select_related("graduate__cohort", "graduate__department")
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("graduates.view")
def correction(request: StaffRequest, pk: int) -> HttpResponse:
    return _correction(request, _visible_correction(request, pk))


def _correction(
    request: StaffRequest, row: CorrectionRequest, form: AnswerForm | None = None
) -> HttpResponse:
    form = form or AnswerForm()
    is_open = row.state == CorrectionState.OPEN
    may = is_open and request.user.has_perm("graduates.correct")
    by_department = request.staff.role_level in (Level.CLASS, Level.DEPARTMENT)
    target, images = targets()[row.kind], list(row.images.select_related("file"))
    context = {
        "row": row,
        "badge": _COLOURS.get(row.state, "off"),
        "images": images,
        "open": is_open,
        "may": may and not (by_department and row.passed_at is not None),
        "may_pass_on": may and by_department and row.passed_at is None,
        "why_not": target.why_not(row.graduate, row.field, request.user) if may else "",
        "effect": _effect(request, row, len(images)) if is_open else None,
        "form": form,
    }
    return render(request, "graduates/console/correction.html", context, status=form.status)


def _effect(request: StaffRequest, row: CorrectionRequest, pictures: int) -> CorrectionEffect:
    """What accepting would do now. What was asked for may have been deleted from the record since."""
    if declaration_of(row.graduate, row.kind, row.field) is None:
        return CorrectionEffect(missing=[f"现在的去向不填“{row.label}”，不能采纳"])
    effect = targets()[row.kind].effect
    return effect(row.graduate, row.field, row.proposed, request.user, pictures)


@staff_view("graduates.correct")
@require_POST
def correction_answer(request: StaffRequest, pk: int) -> HttpResponse:
    row = _visible_correction(request, pk)
    form, wanted = AnswerForm(request.POST), pressed(request, "do")
    if not form.is_valid():
        return _correction(request, row, form)
    answer = form.cleaned_data["answer"]
    try:
        if wanted == "refuse":
            corrections.refuse(request=row, by=request.user, answer=answer)
        elif wanted == "pass-on":
            corrections.pass_on(request=row, by=request.user, note=answer)
        else:
            corrections.accept(request=row, by=request.user, answer=answer)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _correction(request, row, form)
    said = (
        "已转交学校处理，毕业生会收到消息。"
        if wanted == "pass-on"
        else "已答复，毕业生会收到消息。"
    )
    messages.success(request, said)
    return redirect("console:corrections")


@staff_view("graduates.view")
def correction_image(request: StaffRequest, pk: int) -> HttpResponseBase:
    visible = visible_to(CorrectionRequest.objects.all(), request.user, graduate="graduate")
    rows = CorrectionImage.objects.select_related("file").filter(request__in=visible)
    return files.respond(get_object_or_404(rows, pk=pk).file)
