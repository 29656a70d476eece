"""The page 最近修改: who changed which field of whom, from the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.timezone import localtime

from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from core.models import Event
from graduates.models import Graduate
from graduates.views.origin import ACTION_LABELS, describe
from schools.lists import ConsoleList
from schools.scope import scope_of, visible_to


def _value_html(value: object) -> str:
    return escape(str(value)) or "空"


def _changes(row: Row) -> str:
    event = Event(action=row["action"], data=row["data"])
    parts = [
        f"{escape(label)}: <del>{_value_html(old)}</del> → {_value_html(new)}"
        for label, old, new in describe(event)["changes"][:4]
    ]
    return "<br>".join(parts)


class Changes(ConsoleList):
    leads_to = "console:origin"
    walked_by = "object_id"
    title = "最近修改"
    permission = "graduates.view"
    export_permission = "graduates.export"
    row_key = "id"
    columns = (
        Column("at", "时间", cell=lambda r: localtime(r["at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
        Column("object_label", "毕业生", ("object_label", "object_id"),
               lambda r: row_link("console:origin", r["object_id"], r["object_label"] or "查看")),
        Column("action", "操作", cell=lambda r: ACTION_LABELS.get(r["action"], escape(r["action"]))),
        Column("data", "修改内容", ("data", "action"), _changes),
        Column("actor_label", "操作人"),
    )  # fmt: skip
    orders = (Order("newest", "最近", ("id",), descending=True, column="at"),)
    empty_title = "还没有修改记录"
    empty_text = "对毕业生信息的每次修改都会记录在这里。"

    def get_queryset(self) -> QuerySet[Any]:
        events = Event.objects.filter(object_type="graduate", action__in=list(ACTION_LABELS))
        scope = scope_of(self.user)
        if scope is not None and scope.everything:
            return events
        events = events.filter(school_id=scope.school_id if scope else None)
        if scope is not None and scope.whole_school:
            return events
        return events.filter(
            object_id__in=visible_to(Graduate.objects.all(), self.user).values("id")
        )

    def empty_reason(self) -> tuple[str, str]:
        return self.empty_title, self.empty_text
