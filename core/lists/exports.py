"""The export of a list: the filtered rows as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import rate, spreadsheets
from core.errors import Refused
from core.lists.columns import Column, Order

MOST_EXPORTS = 30  # of one person in an hour


class ExportedList:
    """The part of a list page that exports. The page itself has what is declared without a value."""

    request: HttpRequest
    title: ClassVar[str]
    export_name: ClassVar[str] = ""
    export_cap: ClassVar[int] = 30_000

    def order(self) -> Order:
        raise NotImplementedError

    def offered_columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def chosen_columns(self) -> list[Column]:
        raise NotImplementedError

    def may_export(self) -> bool:
        return bool(self.export_name)

    def more_exports(self) -> list[tuple[str, str]]:
        """Further exports of what is filtered, in layouts of their own: (label, URL name)."""
        return []

    def export_menu(self) -> list[tuple[str, str]]:
        """The lines of the menu 导出: (label, address)."""
        query = self.request.GET.copy()
        for key in ("export", "after", "before", "size"):
            query.pop(key, None)
        kept = query.urlencode()
        menu = []
        if self.may_export():
            start = f"?{kept}&" if kept else "?"
            menu += [("当前列", f"{start}export=1"), ("全部列", f"{start}export=all")]
        others = [(label, reverse(url_name)) for label, url_name in self.more_exports()]
        return menu + [(label, f"{path}?{kept}" if kept else path) for label, path in others]

    def exportable(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The filtered rows in the list's order. Refuses more rows than an export may have, and more
        exports than a person needs in an hour."""
        try:
            rate.limit(f"export:{self.request.user.pk}", most=MOST_EXPORTS, seconds=3600)
        except rate.RateLimited:
            raise rate.RateLimited(
                "export_too_often",
                f"每人每小时最多导出{MOST_EXPORTS}次。请一小时后再试，或先筛选好，把需要的记录一次导出。",
            ) from None
        if queryset.order_by().values("pk")[: self.export_cap + 1].count() > self.export_cap:
            raise Refused(
                "export_too_many",
                f"符合条件的超过{self.export_cap}条，请缩小筛选范围（如按院系、届别）分次导出。",
            )
        order = self.order()
        return queryset.order_by(*[f"-{f}" if order.descending else f for f in order.fields])

    def export(self, queryset: QuerySet[Any], *, every_column: bool) -> HttpResponse:
        """The filtered rows as a workbook, in the list's order, with the columns that are shown or with
        every column."""
        offered = self.offered_columns() if every_column else self.chosen_columns()
        columns = [c for c in offered if c.label]
        rows = self.exportable(queryset).values(*{f for c in columns for f in c.fields})
        content = spreadsheets.write(
            [c.label for c in columns],
            ([c.export(row) for c in columns] for row in rows.iterator(chunk_size=2000)),
            title=self.title[:30],
        )
        self.exported(len(content))
        response = HttpResponse(content, content_type=spreadsheets.CONTENT_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{self.file_name()}.xlsx"'
        return response

    def file_name(self) -> str:
        return self.export_name

    def exported(self, size: int) -> None:
        """Called after an export, to log it."""
