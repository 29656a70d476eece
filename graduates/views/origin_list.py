"""The console's list of origin records (生源信息), its full export, and locking many at once."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from codes import lookup
from codes.fields import choices_by_label
from core import spreadsheets
from core.forms import picked_ids, pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from core.masking import mask_id, mask_phone
from graduates.actions import origin
from graduates.fields import ALL, BY_KEY
from graduates.filters import OriginFilter
from graduates.models import Graduate
from graduates.records import RELATED
from graduates.resources import RosterResource
from graduates.states import Confirmation
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.views import bulk

_CONFIRMATION = dict(Confirmation.choices)


def _name(row: Row) -> str:
    return row_link("console:origin", row["id"], row["name"])


def _confirmation(row: Row) -> str:
    state = row["confirmation"]
    return f'<span class="state state-{state}">{_CONFIRMATION[state]}</span>'


def _major(row: Row) -> str:
    return escape(row["major_name"])


def _declared(key: str) -> Column:
    """A column to choose, with the words for the values of a declared field."""
    field = BY_KEY[key]

    def words(row: Row) -> str:
        return field.show(row[key])

    return Column(key, field.label, (key,), lambda r: escape(words(r)), words, optional=True)


# Further fields of the manual's list of 生源信息, in its order.
_DECLARED = tuple(
    _declared(key)
    for key in (
        "education_type", "teacher_student", "major_code", "local_major", "duration",
        "directed_unit", "enrolled_on", "graduates_on", "conclusion", "difficulty", "outstanding",
        "archive_moved", "household_moved",
    )
)  # fmt: skip


class OriginList(ConsoleList):
    leads_to = "console:origin"
    title = "生源信息"
    permission = "graduates.view"
    filterset_class = OriginFilter
    template_name = "graduates/console/origin_list.html"
    export_name = "origins"
    export_permission = "graduates.export"
    selectable = True
    row_key = "id"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("confirmation", "确认情况", cell=_confirmation,
               text=lambda r: _CONFIRMATION[r["confirmation"]]),
        Column("gender", "性别", cell=lambda r: lookup.name("gender", r["gender"])),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("major", "专业", ("major_name",), _major, css="wide"),
        Column("origin", "生源所在地", cell=lambda r: escape(lookup.place_name(r["origin"])),
               css="wide"),
        Column("id_number", "证件号码", ("person__id_number",),
               lambda r: mask_id(r["person__id_number"]), lambda r: mask_id(r["person__id_number"]),
               css="mono"),
        Column("mobile", "手机号码", cell=lambda r: mask_phone(r["mobile"]),
               text=lambda r: mask_phone(r["mobile"]), css="mono"),
        Column("level", "学历", cell=lambda r: lookup.name("education_level", r["level"]),
               optional=True),
        Column("exam_no", "考生号", css="mono", optional=True),
        Column("training_mode", "培养方式", optional=True,
               cell=lambda r: lookup.name("training_mode", r["training_mode"])),
        Column("ethnicity", "民族", optional=True,
               cell=lambda r: lookup.name("ethnicity", r["ethnicity"])),
        Column("politics", "政治面貌", optional=True,
               cell=lambda r: lookup.name("politics", r["politics"])),
        Column("email", "电子邮箱", optional=True, css="wide"),
        *_DECLARED,
    )  # fmt: skip
    orders = (
        Order("student_no", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
        Order("newest", "最新导入", ("id",), descending=True),
        Order("confirmation", "确认情况", ("confirmation", "student_no", "id"),
              column="confirmation"),
        Order("major", "专业", ("major_name", "student_no", "id"), column="major"),
        Order("origin", "生源所在地", ("origin", "student_no", "id"), column="origin"),
    )  # fmt: skip

    def all_rows(self) -> QuerySet[Graduate]:
        return Graduate.objects.all()

    def more_exports(self) -> list[tuple[str, str]]:
        may = self.user.has_perm("graduates.export_full")
        return [("完整名册式", "console:roster-export")] if may else []

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_lock": self.user.has_perm("graduates.lock"),
                "may_unlock": self.user.has_perm("graduates.unlock"),
                "may_import": self.user.has_perm("graduates.import"),
                "may_add": self.user.has_perm("graduates.add")}  # fmt: skip


class RosterExport(OriginList):
    """The export of all filtered records in the layout of the roster, with unmasked numbers. It is
    logged."""

    permission = "graduates.export_full"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, _ = self.filtered()
        rows = self.exportable(queryset).select_related(*RELATED)
        resource = RosterResource()
        header = [str(f.column_name) for f in resource.get_export_fields()]
        content = spreadsheets.write(
            header,
            (resource.export_row(g) for g in rows.iterator(2000)),
            title="生源信息",
            choices=choices_by_label(ALL),
        )
        self.exported(len(content))
        response = HttpResponse(content, content_type=spreadsheets.CONTENT_TYPE)
        response["Content-Disposition"] = 'attachment; filename="roster.xlsx"'
        return response


@staff_view("graduates.lock")
@require_POST
def lock_many(request: StaffRequest) -> HttpResponse:
    """Lock or unlock the picked rows. The first page says what would happen to each row, and which
    required fields are empty in how many; its button does it, and the second page says what happened.
    """
    ids, unlocking = picked_ids(request), pressed(request, "action") == "unlock"
    if bulk.wants_all(request):
        return bulk.confirm(request, "unlock" if unlocking else "lock")
    title = "批量解锁" if unlocking else "批量锁定"
    if pressed(request, "sure") != "1":
        rows = origin.preview_locks(graduate_ids=ids, by=request.user, unlocking=unlocking)
        left = [r for r in rows if not r.ok]
        context = {
            "rows": rows,
            "able": [r for r in rows if r.ok],
            "left": left,
            "with_gaps": sum(bool(r.gaps) for r in left),
            "gaps": Counter(label for r in left for label in r.gaps).most_common(),
            "unlocking": unlocking,
            "title": title,
        }
        return render(request, "graduates/console/bulk_lock.html", context)
    results = origin.lock_many(graduate_ids=ids, by=request.user, unlocking=unlocking)
    context = {"results": results, "title": title,
               "done": sum(r.ok for r in results), "back": "console:origins"}  # fmt: skip
    return render(request, "core/bulk_result.html", context)
