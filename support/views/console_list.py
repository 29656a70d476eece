"""帮扶对象: the list of graduates in difficulty, its exports, and naming one 责任人 for several.

An export has masked names and numbers. The whole ones are exported with a reason that is typed and logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from codes import lookup, text
from core import audit
from core.errors import DomainError
from core.forms import picked_ids, posted, pressed
from core.lists.html import row_link
from core.lists.html import text as escaped
from core.lists.page import Column, Order, Page, Row
from core.masking import mask_id, mask_name
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.scope import scope_of
from support import queries
from support.actions import helping
from support.filters import ListingFilter
from support.forms import AssignManyForm, ExportForm
from support.models import Listing
from support.states import ListingState

_STATES = dict(ListingState.choices)
_LEAST_REASON, _LONGEST_REASON = 5, 200
_PARTS = tuple(key for key, _ in queries.PARTS)
_OF_PARTS = tuple(f"of_{key}" for key in _PARTS)


def group_words(codes: Sequence[str]) -> str:
    return "、".join(lookup.name("support_group", code) for code in codes)


def _yes(value: object) -> str:
    return "有" if value else "没有"


def _cell_of_part(key: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        wanted = row[f"of_{key}"]
        return f"{row[key]}/{wanted}" if wanted else str(row[key])

    return cell


def _met(row: Row) -> str:
    enough = all(row[key] >= row[f"of_{key}"] for key in _PARTS)
    return "达标" if enough else "未达标"


_NAME = Column(
    "name", "姓名", ("graduate__name", "graduate_id"),
    lambda r: row_link("console:support-person", r["graduate_id"], r["graduate__name"]),
    lambda r: r["graduate__name"],
)  # fmt: skip
_NUMBER = Column("student_no", "学号", ("graduate__student_no",), css="mono")
_MASKED = {
    "name": Column("name", "姓名", ("graduate__name",), None, lambda r: mask_name(r["graduate__name"])),
    "student_no": Column("student_no", "学号", ("graduate__student_no",), None,
                         lambda r: mask_id(r["graduate__student_no"])),
}  # fmt: skip


class SupportList(ConsoleList):
    leads_to = "console:support-person"
    walked_by = "graduate_id"
    title = "帮扶对象"
    permission = "support.view"
    graduate_path = "graduate"
    filterset_class = ListingFilter
    template_name = "support/console/list.html"
    export_name = "support"
    empty_title = "没有帮扶对象"
    empty_text = "省级导入困难群体名单后，这里列出您负责或管理范围内的毕业生。"
    selectable = True
    columns: ClassVar[Sequence[Column]] = (
        _NAME,
        _NUMBER,
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("groups", "类型", ("groups",), lambda r: escaped(group_words(r["groups"])),
               lambda r: group_words(r["groups"]), css="wide"),
        Column("responsible", "责任人", ("responsible_label",),
               lambda r: escaped(r["responsible_label"] or "未指定")),
        Column("plan", "方案", ("planned",), lambda r: _yes(r["planned"])),
        Column("records", "记录", ("helped",), css="right num"),
        *(
            Column(
                key, label, (key, f"of_{key}"), _cell_of_part(key), css="right num",
                optional=key == "policy",
            )
            for key, label in (queries.PART_LABELS | {"training": "培训见习"}).items()
        ),
        Column("met", "帮扶标准", (*_PARTS, *_OF_PARTS), _met),
        Column("outcome", "去向", ("settled",), lambda r: "已落实" if r["settled"] else "未落实"),
        Column("certified", "认定日期", ("certified_on",), css="num", optional=True),
        Column("since", "列入日期", ("since",), css="num", optional=True),
        Column("state", "名单", ("state",), lambda r: _STATES[r["state"]], optional=True),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近列入", ("id",), descending=True, indexed=True),
        Order("student_no", "学号", ("graduate__student_no", "id"), column="student_no"),
        Order("name", "姓名拼音", ("graduate__name_sort", "id"), column="name"),
    )
    _exporting = False

    def all_rows(self) -> QuerySet[Listing]:
        return Listing.objects.all()

    def get_queryset(self) -> QuerySet[Listing]:
        rows = queries.listings_for(self.user)
        known = queries.quotas()
        settled = ExpressionWrapper(queries.has_outcome(), BooleanField())
        return rows.annotate(
            planned=queries.has_plan(), helped=queries.records_of_one(), settled=settled,
            **{key: queries.helps_of_one(key) for key in _PARTS},
            **{f"of_{key}": queries.quota_of_row(key, known) for key in _PARTS},
        )  # fmt: skip

    def placed_rows(self) -> QuerySet[Listing]:
        return queries.listings_for(self.user)

    def offered_columns(self) -> Sequence[Column]:
        offered = super().offered_columns()
        if not self._exporting:
            return offered
        return [_MASKED.get(column.key, column) for column in offered]

    def export(self, queryset: QuerySet[Any], *, every_column: bool) -> HttpResponse:
        self._exporting = True
        return super().export(queryset, every_column=every_column)

    def more_exports(self) -> list[tuple[str, str]]:
        return [("完整姓名和学号（填写用途）", "console:support-export")]

    def get_context(self, page: Page) -> dict[str, Any]:
        return {
            "may_assign": self.user.has_perm("support.assign"),
            "reads": queries.is_of_school(self.user),
        }


class SupportExport(SupportList):
    """The export with whole names and numbers, after a reason was typed. It is logged with the reason."""

    http_method_names: ClassVar[Sequence[str]] = ("get", "post")  # type: ignore[misc]
    keeps_views = False

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._page(ExportForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExportForm(posted(request))
        if form.is_valid():
            reason = text.clean_lines(form.cleaned_data["reason"])
            if _LEAST_REASON <= len(reason) <= _LONGEST_REASON:
                self._reason = reason
                try:
                    return ConsoleList.export(self, self.filtered()[0], every_column=True)
                except DomainError as refusal:
                    form.add_refusal(refusal)
            else:
                sentence = f"请填写用途，{_LEAST_REASON}至{_LONGEST_REASON}个字。"
                form.add_error("reason", sentence)
        return self._page(form)

    def _page(self, form: ExportForm) -> HttpResponse:
        rows = self.filtered()[0]
        context = {
            "form": form, "count": self.count(rows), "query": self.request.GET.urlencode(),
        }  # fmt: skip
        page = "support/console/export.html"
        return render(self.request, page, context, status=form.status)

    def exported(self, size: int) -> None:
        scope = scope_of(self.user)
        audit.record(
            "core.export", by=self.user, object_type="support", reason=self._reason,
            school_id=scope.school_id if scope is not None else None,
            data={"query": self.request.GET.urlencode(), "bytes": size, "whole": True},
        )  # fmt: skip


@staff_view("support.assign")
def assign(request: StaffRequest) -> HttpResponse:
    """Choose a 责任人 for the ticked graduates, then name them."""
    people = helping.candidates(request.staff.school_id or 0)
    ids = picked_ids(request)
    form = AssignManyForm(posted(request) if pressed(request, "sure") else None, people=people)
    if form.is_valid():
        chosen = form.cleaned_data
        try:
            answers = helping.assign_many(
                listing_ids=_in_scope(request, chosen["pick"]), user_id=int(chosen["responsible"] or 0),
                by=request.user,
            )  # fmt: skip
        except DomainError as refusal:
            form.add_refusal(refusal)
        else:
            context = {
                "results": answers, "title": "指定责任人",
                "done": sum(answer.ok for answer in answers), "back": "console:support",
            }  # fmt: skip
            return render(request, "core/bulk_result.html", context)
    rows = queries.listings_for(request.user).filter(pk__in=ids, state=ListingState.LISTED)
    rows = rows.select_related("graduate__school_class").order_by("graduate__student_no")
    if not rows and not form.is_bound:
        messages.info(request, "请先勾选要指定责任人的毕业生。")
        return redirect(reverse("console:support"))
    context = {"rows": rows, "form": form, "ids": ids}
    return render(request, "support/console/assign.html", context, status=form.status)


def _in_scope(request: StaffRequest, ids: set[int]) -> list[int]:
    rows = queries.listings_for(request.user).filter(pk__in=ids)
    return list(rows.values_list("pk", flat=True))
