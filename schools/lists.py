"""The bases of console lists: for staff with the permission, and only rows of their scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core import audit, frame
from core.lists.columns import Column
from core.lists.page import ListPage, Order, Remembered
from schools.access import StaffPage
from schools.current_cohort import year_of
from schools.list_columns import with_shared_columns
from schools.list_views import ListWithViews
from schools.models import ListChoice
from schools.scope import scope_of, staff_of, visible_to


class StaffListPage(StaffPage, ListWithViews):
    """A list of the console whose `get_queryset` starts from what the person may see."""

    export_permission = ""

    def waiting_rows(self) -> QuerySet[Any]:
        """What the list's line of the menu counts."""
        lines = {item.url_name: item for item in frame.console_menu()}
        waiting = lines[f"console:{self.list_key}"].waiting
        assert waiting is not None
        return waiting(self.user)

    def takes_all(self) -> bool:
        """Whether something can be done with every row of the list at once."""
        return any(
            self.list_key in action.lists and action.open_to(self.user)
            for action in frame.bulk_actions().values()
        )

    def reminder_topics(self) -> list[frame.ReminderTopic]:
        """What the people of this list can be reminded of by this person (催办)."""
        if not self.user.has_perm("notices.remind"):
            return []
        topics = frame.reminder_topics().values()
        return [topic for topic in topics if self.list_key in topic.lists]

    def may_open(self) -> bool:
        return self.user.has_perm(self.permission)

    def may_export(self) -> bool:
        return not self.export_permission or self.user.has_perm(self.export_permission)

    def exported(self, size: int) -> None:
        scope = scope_of(self.user)
        audit.record(
            "core.export",
            by=self.user,
            object_type=self.file_name(),
            school_id=scope.school_id if scope is not None else None,
            data={"query": self.request.GET.urlencode(), "bytes": size},
        )

    def file_name(self) -> str:
        return self.export_name or self.list_key

    def remembered(self) -> Remembered:
        staff = staff_of(self.user)
        for text in getattr(staff, "list_choices", None) or ():
            chosen = json.loads(text)
            if chosen["key"] == self.list_key:
                return Remembered(chosen["columns"], chosen["size"])
        return Remembered()

    def remember(self, chosen: Remembered) -> None:
        row = ListChoice(
            user=self.user,
            list_key=self.list_key,
            columns=list(chosen.columns),
            size=chosen.size,
        )
        ListChoice.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["user", "list_key"],
            update_fields=["columns", "size"],
        )


class ConsoleList(StaffListPage):
    """Subclasses give `all_rows`, which is not cut to the scope, and the path to the graduate."""

    graduate_path = ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.by_year and "cohort" not in request.GET:
            # The links of the page name its year, so that what they lead to is about the same one.
            year = year_of(request)
            if year is not None:
                query = request.GET.copy()
                query["cohort"] = str(year.year)
                request.GET = query  # type: ignore[assignment]
        return super().get(request, *args, **kwargs)

    def all_rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def offered_columns(self) -> Sequence[Column]:
        scope = scope_of(self.user)
        every_school = scope is not None and scope.everything
        return with_shared_columns(self.columns, self.graduate_path, every_school=every_school)

    def get_queryset(self) -> QuerySet[Any]:
        return visible_to(self.all_rows(), self.user, graduate=self.graduate_path)

    def placed_rows(self) -> QuerySet[Any]:
        rows = self.get_queryset().model._default_manager.all()
        return visible_to(rows, self.user, graduate=self.graduate_path)

    def keys_first(self, order: Order) -> bool:
        """Keys first also for the province: no index has the rows of all schools in order."""
        scope = scope_of(self.user)
        every_school = scope is not None and scope.everything and not self.request.GET.get("school")
        return super().keys_first(order) or (every_school and not order.joins)

    def empty_reason(self) -> tuple[str, str]:
        """The cause of an empty list: no scope, no graduates of the level, or no roster yet. It is the
        most common support call of the manual."""
        scope = scope_of(self.user)
        if scope is not None and scope.is_empty:
            return "还没有管理范围", "未分配届别/院系/班级，请联系学校系统管理员。"
        if self.empty_title != ListPage.empty_title:
            # A list that is not of graduates has its own words for being empty.
            if self.is_filtered() and self.get_queryset()[:1].exists():
                return ListPage.empty_title, ListPage.empty_text
            return super().empty_reason()
        if not self.get_queryset()[:1].exists():
            if scope is not None and scope.levels is not None:
                unlimited = self.all_rows().filter(school_id=scope.school_id)
                if unlimited[:1].exists():
                    return (
                        "范围内没有毕业生",
                        "管理的学历与院系、班级毕业生的学历不相符，请联系学校系统管理员。",
                    )
            return "还没有毕业生", "系统中尚未导入本范围的毕业生。"
        return super().empty_reason()
