"""The base of console lists: for staff with the permission, and only rows of their scope."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from core import audit
from core.lists.page import ListPage, Order
from schools.access import StaffPage
from schools.current_cohort import year_of
from schools.scope import scope_of, visible_to


class ConsoleList(StaffPage, ListPage):
    """Subclasses give `all_rows`, which is not cut to the scope, and the path to the graduate."""

    graduate_path = ""
    export_permission = ""

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

    def get_queryset(self) -> QuerySet[Any]:
        return visible_to(self.all_rows(), self.user, graduate=self.graduate_path)

    def keys_first(self, order: Order) -> bool:
        """Keys first also for the province: no index has the rows of all schools in order."""
        scope = scope_of(self.user)
        every_school = scope is not None and scope.everything and not self.request.GET.get("school")
        return super().keys_first(order) or (every_school and not order.joins)

    def may_export(self) -> bool:
        return bool(self.export_name) and (
            not self.export_permission or self.user.has_perm(self.export_permission)
        )

    def exported(self, size: int) -> None:
        audit.record(
            "core.export",
            by=self.user,
            object_type=self.export_name,
            school_id=scope_of(self.user).school_id,  # type: ignore[union-attr]
            data={"query": self.request.GET.urlencode(), "bytes": size},
        )

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
