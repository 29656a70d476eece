"""重新开放名单: the records that the province has reopened, until when, and by whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import django_filters
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import escape

from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from core.models import Event
from graduates.filters import GraduateFilter
from graduates.models import Graduate
from schools.lists import ConsoleList
from schools.scope import scope_of

_OPEN, _OVER, _SEALED = "开放中", "已到期", "已封存"


class ReopenedFilter(GraduateFilter):
    open = django_filters.ChoiceFilter(
        label="状态", choices=[("1", _OPEN), ("0", "不再开放")], method="by_open"
    )

    def by_open(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        still = Q(reopened_until__gte=timezone.localdate(), cohort__sealed_at=None)
        return queryset.filter(still if value == "1" else ~still)


def _name(row: Row) -> str:
    return row_link("console:origin", row["id"], row["name"])


def _state_label(row: Row) -> str:
    if row["cohort__sealed_at"] is not None:
        return _SEALED
    return _OPEN if row["reopened_until"] >= timezone.localdate() else _OVER


def _state(row: Row) -> str:
    label = _state_label(row)
    return f'<span class="state{" state-open" if label == _OPEN else ""}">{label}</span>'


def _from_event(key: str) -> Callable[[Row], str]:
    """Shows one value of the event by which the record was reopened."""
    return lambda row: escape((row["opened"] or {}).get(key) or "")


def _at(row: Row) -> str:
    at = parse_datetime((row["opened"] or {}).get("at") or "")
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


class Reopened(ConsoleList):
    leads_to = "console:origin"
    title = "重新开放名单"
    permission = "graduates.view"
    filterset_class = ReopenedFilter
    template_name = "graduates/console/reopened.html"
    export_name = "reopened"
    export_permission = "graduates.export"
    row_key = "id"
    empty_title = "没有重新开放的记录"
    empty_text = "截止以后由省级逐条重新开放的毕业生会列在这里。"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("school", "学校", ("school__name",), css="wide"),
        Column("cohort", "届别", ("cohort__year",), lambda r: f"{r['cohort__year']}届",
               lambda r: f"{r['cohort__year']}届"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("reopened_until", "开放至", css="num"),
        Column("state", "状态", ("reopened_until", "cohort__sealed_at"), _state, _state_label),
        Column("by", "操作人", ("opened",), _from_event("by"), _from_event("by")),
        Column("at", "操作时间", ("opened",), _at, _at, css="num"),
        Column("reason", "原因", ("opened",), _from_event("reason"), _from_event("reason"), css="wrap"),
    )  # fmt: skip
    orders = (
        Order("student_no", "学号", ("student_no", "id"), column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
    )

    def all_rows(self) -> QuerySet[Graduate]:
        events = Event.objects.filter(
            object_type="graduate", object_id=OuterRef("pk"), action="graduates.reopen"
        )
        newest = events.order_by("-id").values(
            event=JSONObject(by="actor_label", at="at", reason="reason")
        )
        return Graduate.objects.filter(reopened_until__isnull=False).annotate(
            opened=Subquery(newest[:1])
        )

    def offered_columns(self) -> Sequence[Column]:
        """Only users who see all schools need the column of the school's name."""
        scope = scope_of(self.user)
        everywhere = scope is not None and scope.everything
        return [c for c in self.columns if everywhere or c.key != "school"]

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_reopen": self.user.has_perm("province.schools")}

    def empty_reason(self) -> tuple[str, str]:
        reason = super().empty_reason()
        return reason if "管理范围" in reason[0] else (self.empty_title, self.empty_text)
