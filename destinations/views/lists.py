"""The console's list of destinations, the review queue, and review of many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.forms import picked_ids, pressed, read_number
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from destinations.actions import review
from destinations.catalogue import catalogue
from destinations.fields import ALL as ALL_FIELDS
from destinations.fields import ESIGNED, DestinationField, form_label
from destinations.filters import DestinationFilter
from destinations.forms import BulkReviewForm
from destinations.models import Destination, Evidence, is_seeking
from destinations.queries import waiting_states
from destinations.states import State
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.scope import staff_of
from schools.views import bulk

_STATES = dict(State.choices)


def _name(row: Row) -> str:
    return row_link("console:destination", row["pk"], row["graduate__name"])


def _state(row: Row) -> str:
    state = row["state"]
    flag = ' <span class="state state-pending">有修改</span>' if row["flagged"] else ""
    return f'<span class="state state-{state}">{_STATES[state]}</span>{flag}'


def _category(row: Row) -> str:
    code = str(row["category"])
    leaf = catalogue().leaves.get(code)
    name = leaf.name if leaf else catalogue().names.get(code, code)
    return escape(f"{name}（{ESIGNED}）" if row["agreement_no"] else name)


def _submitted(row: Row) -> str:
    return localtime(row["submitted_at"]).strftime("%m-%d %H:%M")


_COLUMNS = (
    Column("name", "姓名", ("graduate__name", "pk"), _name, lambda r: r["graduate__name"]),
    Column("student_no", "学号", ("graduate__student_no",), css="mono"),
    Column("department", "院系", ("graduate__department__name",), css="wide"),
    Column("school_class", "班级", ("graduate__school_class__name",), css="wide"),
    Column("major", "专业", ("graduate__major_name",), css="wide"),
    Column("category", "毕业去向", ("category", "agreement_no"), _category, _category),
    Column("unit_name", "单位名称", ("unit_name",), css="wide"),
    Column("state", "审核情况", ("state", "flagged"), _state, lambda r: _STATES[r["state"]]),
    Column("submitted_at", "提交时间", ("submitted_at",), _submitted, _submitted, css="num"),
)


def _declared(field: DestinationField) -> Column:
    """A column to choose, with the words for the values of a declared field."""

    def words(row: Row) -> str:
        return field.show(row[field.key])

    return Column(field.key, field.label, (field.key,), lambda r: escape(words(r)), words,
                  css="mono" if field.kind == "unit_code" else "", optional=True)  # fmt: skip


def _evidence(row: Row) -> str:
    if is_seeking(row["category"]):
        return "不需要"
    return f"{row['pictures']}张" if row["pictures"] else "没有"


_DECLARED = tuple(_declared(f) for f in ALL_FIELDS if f.key != "unit_name")
_MORE_COLUMNS = (
    Column("form", "形式", ("form", "agreement_no"),
           lambda r: escape(form_label(r["form"], r["agreement_no"])),
           lambda r: form_label(r["form"], r["agreement_no"]), optional=True),
    Column("evidence", "就业材料", ("pictures", "category"), _evidence, _evidence, optional=True),
    *_DECLARED,
)  # fmt: skip


def _with_pictures(rows: QuerySet[Destination]) -> QuerySet[Destination]:
    """The rows with the number of pictures that prove them. It is counted only where it is shown."""
    standing = Evidence.objects.filter(
        graduate_id=OuterRef("pk"), category=OuterRef("category"), removed_at=None
    )
    counted = standing.order_by().values("graduate_id").annotate(n=Count("pk")).values("n")
    return rows.annotate(pictures=Coalesce(Subquery(counted), 0))


class DestinationList(ConsoleList):
    leads_to = "console:destination"
    title = "去向登记与审核"
    permission = "destinations.view"
    graduate_path = "graduate"
    filterset_class = DestinationFilter
    template_name = "destinations/console/list.html"
    export_name = "destinations"
    export_permission = "destinations.export"
    selectable = True
    row_key = "pk"
    columns = (*_COLUMNS, *_MORE_COLUMNS)
    orders: ClassVar[Sequence[Order]] = (
        Order("student_no", "学号", ("graduate__student_no", "pk"), column="student_no"),
        Order("name", "姓名拼音", ("graduate__name_sort", "pk"), column="name"),
        Order("newest", "最近提交", ("submitted_at", "pk"), descending=True, column="submitted_at"),
        Order("category", "毕业去向", ("category", "pk"), column="category"),
        Order("unit_name", "单位名称", ("unit_name", "pk"), column="unit_name"),
        Order("state", "审核情况", ("state", "pk"), column="state"),
    )

    def all_rows(self) -> QuerySet[Destination]:
        return _with_pictures(Destination.objects.all())

    def more_exports(self) -> list[tuple[str, str]]:
        may = self.user.has_perm("destinations.import")
        return [("完整导入式", "console:destinations-export")] if may else []

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_review": self.user.has_perm("destinations.review"),
                "may_import": self.user.has_perm("destinations.import")}  # fmt: skip


class ReviewQueue(DestinationList):
    """The destinations that wait for this person's review, oldest first."""

    title = "待审核去向"
    permission = "destinations.review"
    orders = (
        Order("oldest", "最早提交", ("submitted_at", "pk"), column="submitted_at"),
        Order("category", "毕业去向", ("category", "pk"), column="category"),
        Order("unit_name", "单位名称", ("unit_name", "pk"), column="unit_name"),
    )
    export_name = "review-queue"
    empty_title = "没有等待审核的去向"
    empty_text = "毕业生提交登记后会出现在这里。"

    def all_rows(self) -> QuerySet[Destination]:
        staff = staff_of(self.user)
        states = waiting_states(staff.role_level if staff else "")
        return _with_pictures(Destination.objects.filter(state__in=states))

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_review": True}

    def empty_reason(self) -> tuple[str, str]:
        reason = super().empty_reason()
        return reason if "范围" in reason[0] else (self.empty_title, self.empty_text)


@staff_view("destinations.review")
@require_POST
def review_many(request: StaffRequest) -> HttpResponse:
    """Approve or reject the picked rows. The first page says what would happen to each row; its
    button does it, and the second page says what happened."""
    action = "reject" if pressed(request, "action") == "reject" else "approve"
    if bulk.wants_all(request):
        return bulk.confirm(request, action)
    form = BulkReviewForm(request.POST)
    typed = form.cleaned_data if form.is_valid() else {}
    title = "批量不通过" if action == "reject" else "批量通过"
    if pressed(request, "sure") != "1":
        picked = picked_ids(request)
        rows = review.preview_many(graduate_ids=picked, action=action, by=request.user)
        context = {
            "rows": rows,
            "able": sum(r.ok for r in rows),
            "action": action,
            "title": title,
            "reasons": READY_REASONS,
            "form": BulkReviewForm(),
        }
        return render(request, "destinations/console/bulk_confirm.html", context)
    seen = _read_seen(sorted(typed.get("seen", ())))
    results = review.review_many(
        seen=seen, action=action, by=request.user, reason=typed.get("reason", "")
    )
    context = {
        "results": results,
        "title": title,
        "done": sum(r.ok for r in results),
        "back": "console:destinations",
    }
    return render(request, "core/bulk_result.html", context)


def _read_seen(typed: Sequence[str]) -> dict[int, int]:
    """Record → version, from texts such as "12:3": version 3 of record 12."""
    pairs = [[read_number(part) for part in text.split(":")] for text in typed[:500]]
    return {p[0]: p[1] for p in pairs if len(p) == 2 and p[0] is not None and p[1] is not None}


READY_REASONS = (
    "证明材料不清晰，请重新拍照上传",
    "单位名称与证明材料不一致",
    "证明材料缺少单位盖章",
    "组织机构代码与证照不符",
    "单位所在地请核对到区县",
    "毕业去向选择有误，请核对界定",
    "联系人或联系电话有误",
)
