"""全国系统确认情况: who has confirmed inside the national system, whose data differ, and reminding the
others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localtime

from core.errors import DomainError
from core.lists.html import row_link
from core.lists.page import Column, ListPage, Order, Page, Row
from graduates.models import Graduate
from national_sync.actions import remind
from national_sync.filters import ConfirmationFilter
from national_sync.queries import held_there
from national_sync.states import CONFIRMED, LAPSED, UNCONFIRMED
from schools.lists import ConsoleList

_STATE, _DIFFERENCES = "national_copy__national_state", "national_copy__differences"
_WORDS = {
    CONFIRMED: ("已确认", "ok"),
    UNCONFIRMED: ("未确认", "pending"),
    LAPSED: ("已失效", "bad"),
}
_UNKNOWN = ("未获取", "off")


def _name(row: Row) -> str:
    return row_link("console:origin", row["id"], row["name"])


def _state(row: Row) -> str:
    word, colour = _WORDS.get(row[_STATE], _UNKNOWN)
    return f'<span class="state state-{colour}">{word}</span>'


def _state_text(row: Row) -> str:
    return _WORDS.get(row[_STATE], _UNKNOWN)[0]


def _differences(row: Row) -> str:
    count = row[_DIFFERENCES]
    if not count:
        return _differences_text(row)
    return f'<span class="state state-bad">{count} 项</span>'


def _differences_text(row: Row) -> str:
    count = row[_DIFFERENCES]
    if count is None:
        return "未比对"
    return f"{count} 项" if count else "无"


def _moment(name: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        return localtime(row[name]).strftime("%Y-%m-%d %H:%M") if row[name] else "—"

    return text


class Confirmations(ConsoleList):
    """Every graduate of whom the national system has a record."""

    leads_to = "console:origin"
    title = "全国系统确认情况"
    permission = "national.view"
    filterset_class = ConfirmationFilter
    template_name = "national_sync/confirmations.html"
    export_name = "national-confirmations"
    export_permission = "graduates.export"
    row_key = "id"
    empty_title = "还没有已上报全国系统的毕业生"
    empty_text = "生源上报并入库后，这里可以看到谁已在全国系统确认、谁还没有。"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("state", "全国系统确认", (_STATE,), _state, _state_text),
        Column("differences", "与本平台差异", (_DIFFERENCES,), _differences, _differences_text),
        Column("checked", "本平台核对", ("national_copy__confirmed_at",),
               _moment("national_copy__confirmed_at"), _moment("national_copy__confirmed_at"),
               css="num"),
        Column("fetched", "获取时间", ("national_copy__fetched_at",),
               _moment("national_copy__fetched_at"), _moment("national_copy__fetched_at"),
               css="num"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("school", "学校", ("school__name",), css="wide", optional=True),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("student_no", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return held_there(Graduate.objects.all())

    def get_context(self, page: Page) -> dict[str, Any]:
        may_remind = self.user.has_perm("national.remind") and not page.is_empty
        waiting = self.count(remind.to_be_reminded(self.filtered()[0])) if may_remind else 0
        return {
            "may_remind": may_remind,
            "waiting": f"{self.count_cap}+" if waiting > self.count_cap else str(waiting),
            "may_compare": self.user.has_perm("national.compare"),
        }

    def empty_reason(self) -> tuple[str, str]:
        title, text = super().empty_reason()
        if title == self.empty_title and self.get_queryset()[:1].exists():
            return ListPage.empty_title, ListPage.empty_text
        return title, text


class Remind(Confirmations):
    """Send a reminder to those in the filtered list who have not confirmed."""

    permission = "national.remind"
    http_method_names: ClassVar[Sequence[str]] = ("post",)  # type: ignore[misc]

    def post(self, request: HttpRequest) -> HttpResponse:
        query = request.GET.urlencode()
        try:
            found = remind.remind(graduates=self.filtered()[0], by=self.user, query=query)
            level = messages.SUCCESS if found.told else messages.INFO
            messages.add_message(request, level, _told(found))
        except DomainError as refusal:
            messages.error(request, refusal.message)
        here = reverse("console:national-confirmations")
        return redirect(f"{here}?{query}" if query else here)


def _told(found: remind.Reminded) -> str:
    if not found.told and not found.earlier:
        return "没有需要提醒的毕业生：筛选出的都已确认。"
    if not found.told:
        return f"筛选出的 {found.earlier} 人今天都已提醒过，没有重复发送。"
    earlier = f"，另有 {found.earlier} 人今天已提醒过，没有重复发送" if found.earlier else ""
    return f"已提醒 {found.told} 人{earlier}。"
