"""The console's pages of notices: the list, one notice, its form, and who has read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import files
from core.db.counts import count_of
from core.errors import DomainError
from core.forms import posted
from core.lists import html
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from graduates.models import Graduate
from notices import queries
from notices.actions import notices as actions
from notices.actions import receipts
from notices.filters import NoticeFilter, NoticeReaderFilter
from notices.forms import NoticeForm, SeenForm, WithdrawForm, notice_form
from notices.models import Notice, NoticeAttachment, Receipt
from notices.states import NoticeState, Readers
from notices.steps import NOTICE
from notices.text import as_html
from notices.words import audience_words, publisher_words
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_STATES, _READERS = dict(NoticeState.choices), dict(Readers.choices)
_view = staff_view("notices.view")


def _day(moment: Any) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def _marks(row: Row) -> str:
    marks = [
        label
        for label, there in (("置顶", row["pin_place"]), ("需确认", row["must_read"]))
        if there
    ]
    return "、".join(marks)


class NoticeList(StaffListPage):
    permission = "notices.view"
    leads_to = "console:notice"
    title = "通知公告"
    tells_waiting = True
    filterset_class = NoticeFilter
    template_name = "notices/console/notices.html"
    export_name = "notices"
    empty_title = "没有符合条件的通知"
    empty_text = "发给您的通知和您发布的通知会出现在这里。"
    orders = (
        Order("newest", "最新", ("created_at", "id"), descending=True, indexed=True, column="time"),
    )
    columns: ClassVar = (
        Column("title", "标题", ("title", "pk"),
               lambda r: row_link("console:notice", r["pk"], r["title"]), lambda r: r["title"],
               css="wide"),
        Column("publisher", "发布单位", ("publisher", "school__name"),
               lambda r: html.text(publisher_words(r["publisher"], r["school__name"])),
               lambda r: publisher_words(r["publisher"], r["school__name"]), css="wide"),
        Column("readers", "面向", ("readers",), lambda r: _READERS[r["readers"]],
               lambda r: _READERS[r["readers"]]),
        Column("marks", "标记", ("pin_place", "must_read"), _marks, _marks),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("read", "已读", ("read",), css="num"),
        Column("confirmed", "已确认", ("confirmed",), css="num"),
        Column("time", "发布时间", ("published_at", "created_at"), lambda r: _day(r["published_at"]),
               lambda r: _day(r["published_at"]), css="num"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Notice]:
        receipts = Receipt.objects.all()
        confirmed = receipts.filter(confirmed_at__isnull=False)
        return queries.open_to_staff(self.user).annotate(
            read=count_of(receipts, "notice"), confirmed=count_of(confirmed, "notice")
        )

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_publish": self.user.has_perm("notices.publish")}


class NoticeReaders(StaffListPage):
    """Whom a notice for graduates is addressed to, and who has read it."""

    permission = "notices.publish"
    leads_to = "console:origin"
    title = "阅读情况"
    filterset_class = NoticeReaderFilter
    template_name = "notices/console/readers.html"
    export_name = "notice-readers"
    export_permission = "graduates.export"
    empty_title = "没有符合条件的毕业生"
    empty_text = "更改筛选条件，或在顶栏选择其他届别。"
    orders = (
        Order("number", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名", ("name_sort", "id"), column="name"),
    )
    columns: ClassVar = (
        Column("name", "姓名", ("name", "pk"),
               lambda r: row_link("console:origin", r["pk"], r["name"]), lambda r: r["name"]),
        Column("student_no", "学号", ("student_no",), css="mono"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("read_at", "阅读时间", ("notice_read_at",), lambda r: _day(r["notice_read_at"]),
               lambda r: _day(r["notice_read_at"]), css="num"),
        Column("confirmed_at", "确认时间", ("notice_confirmed_at",),
               lambda r: _day(r["notice_confirmed_at"]), lambda r: _day(r["notice_confirmed_at"]),
               css="num"),
    )  # fmt: skip

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.notice: Notice | None = None
        return super().dispatch(request, *args, **kwargs)

    def _notice(self) -> Notice:
        if self.notice is None:
            rows = queries.published_by(self.user).filter(readers=Readers.GRADUATES)
            self.notice = get_object_or_404(rows, pk=self.kwargs["pk"])
        return self.notice

    def get_queryset(self) -> QuerySet[Graduate]:
        notice = self._notice()
        return queries.with_reading(queries.readers_of(notice, self.user), notice)

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"notice": self._notice()}


# --- one notice --------------------------------------------------------------------------------


def _notice(request: StaffRequest, pk: int) -> Notice:
    """A notice that this person manages or that is addressed to them; otherwise a 404."""
    return get_object_or_404(queries.open_to_staff(request.user).select_related("school"), pk=pk)


def _own(request: StaffRequest, pk: int) -> Notice:
    """A notice that this person manages; otherwise a 404."""
    return get_object_or_404(queries.published_by(request.user).select_related("school"), pk=pk)


@_view
def notice(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _notice(request, pk))


def _page(
    request: StaffRequest, shown: Notice, withdraw: WithdrawForm | None = None
) -> HttpResponse:
    receipt = _receipt(request, shown)
    may = {step.action for step in NOTICE.available(shown, request.user)}
    is_own = queries.published_by(request.user).filter(pk=shown.pk).exists()
    counted = is_own and shown.readers == Readers.GRADUATES and shown.state != NoticeState.DRAFT
    context = {
        "notice": shown,
        "body": as_html(shown.body),
        "attachments": shown.attachments.select_related("file"),
        "publisher": publisher_words(shown.publisher, shown.school.name if shown.school else ""),
        "audience": audience_words(shown),
        "may": may,
        "is_own": is_own,
        "receipt": receipt,
        "counts": queries.reading_counts(shown, request.user) if counted else None,
        "withdraw": withdraw or WithdrawForm(),
        "form": withdraw,
    }
    status = withdraw.status if withdraw is not None else 200
    return render(request, "notices/console/notice.html", context, status=status)


def _receipt(request: StaffRequest, shown: Notice) -> Receipt | None:
    """The person's own receipt of a notice that is addressed to them. Opening the page makes it."""
    if not queries.shown_to_staff(request.user).filter(pk=shown.pk).exists():
        return None
    return receipts.note_reading(notice=shown, by=request.user)


@_view
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(queries.shown_to_staff(request.user), pk=pk)
    return _do(request, pk, "已确认。", lambda: receipts.confirm(notice=shown, by=request.user))


@_view
def attachment(request: StaffRequest, pk: int, file: int) -> HttpResponseBase:
    rows = NoticeAttachment.objects.filter(notice=_notice(request, pk)).select_related("file")
    return files.respond(get_object_or_404(rows, pk=file).file, download=True)


# --- writing -----------------------------------------------------------------------------------

_write = staff_view("notices.publish")


@_write
def new(request: StaffRequest) -> HttpResponse:
    form = notice_form(None, request.user, posted(request), request.FILES or None)
    if form.is_valid():
        try:
            made = actions.write(
                typed=form.typed, uploads=form.cleaned_data["uploads"], by=request.user
            )
            messages.success(request, "草稿已保存，核对后发布。")
            return redirect("console:notice", pk=made.pk)
        except DomainError as refusal:
            form.add_notice_refusal(refusal)
    return _show_form(request, form, None)


@_write
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _own(request, pk)
    refusal = NOTICE.why_not("edit", shown, request.user)
    if refusal and request.method != "POST":
        messages.error(request, refusal)
        return redirect("console:notice", pk=pk)
    form = notice_form(shown, request.user, posted(request), request.FILES or None)
    if form.is_valid():
        v = form.cleaned_data
        try:
            actions.edit(
                notice_id=pk, typed=form.typed, uploads=v["uploads"], kept=v["kept"],
                version=v["version"], by=request.user,
            )  # fmt: skip
            messages.success(request, "已保存。")
            return redirect("console:notice", pk=pk)
        except DomainError as refused:
            form.add_notice_refusal(refused)
    return _show_form(request, form, shown)


def _show_form(request: StaffRequest, form: NoticeForm, shown: Notice | None) -> HttpResponse:
    stored = list(shown.attachments.select_related("file")) if shown is not None else []
    kept = form.cleaned_data.get("kept", set()) if form.is_bound else {a.pk for a in stored}
    context = {"form": form, "notice": shown, "attachments": [(a, a.pk in kept) for a in stored]}
    return render(request, "notices/console/notice_form.html", context, status=form.status)


def _do(request: StaffRequest, pk: int, said: str, act: Callable[[], Any]) -> HttpResponse:
    """Take a step and go back to the notice, with what was done or why it was not."""
    try:
        act()
        messages.success(request, said)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:notice", pk=pk)


@_write
@require_POST
def publish(request: StaffRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    form = SeenForm(posted(request))
    version = form.cleaned_data["version"] if form.is_valid() else 0
    return _do(
        request, pk, "已发布。",
        lambda: actions.publish(notice_id=pk, version=version, by=request.user),
    )  # fmt: skip


@_write
@require_POST
def pin(request: StaffRequest, pk: int) -> HttpResponse:
    """Pin a notice, or take it down from its place."""
    if _own(request, pk).pin_place is None:
        return _do(request, pk, "已置顶。", lambda: actions.pin(notice_id=pk, by=request.user))
    return _do(request, pk, "已取消置顶。", lambda: actions.unpin(notice_id=pk, by=request.user))


@_write
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _own(request, pk)
    form = WithdrawForm(posted(request))
    if form.is_valid():
        try:
            actions.withdraw(notice_id=pk, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "已撤回，读者不再看到。")
            return redirect("console:notice", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, shown, form)


@_write
@require_POST
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    shown = _own(request, pk)
    try:
        actions.discard(notice_id=pk, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:notice", pk=pk)
    messages.success(request, f"草稿“{shown.title}”已删除。")
    return redirect("console:notices")


@_write
@require_POST
def copy(request: StaffRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    made = actions.copy(notice_id=pk, by=request.user)
    messages.success(request, "已复制为草稿。")
    return redirect("console:notice-edit", pk=made.pk)
