"""工作人员: the list."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet
from django.utils.html import escape

from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from core.masking import mask_phone
from schools.filters import StaffFilter
from schools.lists import ConsoleList
from schools.models import Cohort, Department, StaffMember
from schools.roles import LEVELS, Level, Role

_ROLES = dict(Role.choices)


def _name(row: Row) -> str:
    return row_link("console:staff-member", row["pk"], row["user__label"])


def _state(row: Row) -> str:
    if not row["user__is_active"]:
        return '<span class="state state-bad">停用</span>'
    if row["user__must_change_password"]:
        return '<span class="state">待首次登录</span>'
    return '<span class="state state-ok">启用</span>'


def scope_line(row: Row) -> str:
    """The scope in one line; an account that sees nobody says so."""
    if LEVELS[row["role"]] == Level.SCHOOL:
        return "全校"
    departments, classes = row["department_names"], row["class_count"]
    if not row["cohort_years"] or not (departments or classes):
        return "未分配"
    parts = ["、".join(f"{year}届" for year in row["cohort_years"])]
    parts += ["、".join(row["levels"])] if row["levels"] else []
    what = departments[:3] + ([f"等{len(departments)}个院系"] if len(departments) > 3 else [])
    parts.append("、".join(what + ([f"{classes}个班级"] if classes else [])))
    return " · ".join(parts)


def _scope(row: Row) -> str:
    line = escape(scope_line(row))
    return f'<span class="state state-bad">{line}</span>' if line == "未分配" else line


class StaffList(ConsoleList):
    leads_to = "console:staff-member"
    title = "工作人员"
    permission = "schools.staff"
    filterset_class = StaffFilter
    template_name = "schools/staff_list.html"
    row_key = "pk"
    columns = (
        Column("name", "姓名", ("user__label", "pk"), _name),
        Column("login", "用户名", ("user__login",), css="mono"),
        Column("role", "角色", cell=lambda r: _ROLES[r["role"]]),
        Column("mobile", "手机号码", ("user__mobile",), lambda r: mask_phone(r["user__mobile"]),
               css="mono"),
        Column("state", "状态", ("user__is_active", "user__must_change_password"), _state),
        Column("scope", "管理范围",
               ("role", "cohort_years", "levels", "department_names", "class_count"), _scope,
               css="wrap"),
    )  # fmt: skip
    orders = (
        Order("login", "用户名", ("user__login", "pk"), column="login"),
        Order("newest", "最近新增", ("pk",), descending=True),
        Order("role", "角色", ("role", "pk"), column="role"),
    )

    def all_rows(self) -> QuerySet[StaffMember]:
        years = Cohort.objects.filter(staffmember=OuterRef("pk")).values("year")
        names = Department.objects.filter(staffmember=OuterRef("pk")).values("name")
        return StaffMember.objects.annotate(
            cohort_years=ArraySubquery(years),
            department_names=ArraySubquery(names),
            class_count=Count("classes"),
        )
