"""信息重复: the list of persons who are 在籍 at two schools in one 届, their records side by side, and
the province's decision."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError
from core.forms import posted
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from core.masking import mask_id
from graduates import hooks
from graduates.actions import duplicates
from graduates.fields import ALL
from graduates.filters import GraduateFilter
from graduates.forms import MASKS, DuplicateForm
from graduates.models import Graduate
from graduates.queries import duplicated_records, same_person_and_year
from graduates.records import RELATED, record_of
from graduates.views.origin import graduate_or_404
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList


def _name(row: Row) -> str:
    return row_link("console:duplicate", row["id"], row["name"])


class Duplicates(ConsoleList):
    leads_to = "console:duplicate"
    title = "信息重复"
    permission = "graduates.duplicates"
    filterset_class = GraduateFilter
    export_name = "duplicates"
    row_key = "id"
    empty_title = "没有信息重复"
    empty_text = "同一证件号码在两所学校的同一届中都在籍时，会列在这里由省级核定。"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("id_number", "证件号码", ("person__id_number",),
               lambda r: mask_id(r["person__id_number"]),
               lambda r: mask_id(r["person__id_number"]), css="mono"),
        Column("cohort", "届别", ("cohort__year",), lambda r: f"{r['cohort__year']}届",
               lambda r: f"{r['cohort__year']}届"),
        Column("school", "学校", ("school__name",), css="wide"),
        Column("student_no", "学号", css="mono"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("major", "专业", ("major_name",), css="wide"),
    )  # fmt: skip
    # The records of one person stand below each other.
    orders = (
        Order(
            "person", "证件号码", ("person__id_number", "cohort__year", "id"), column="id_number"
        ),
    )

    def all_rows(self) -> QuerySet[Graduate]:
        return duplicated_records()


@staff_view("graduates.duplicates")
def duplicate(request: StaffRequest, pk: int) -> HttpResponse:
    asked = graduate_or_404(request, pk)
    form = DuplicateForm(posted(request))
    if form.is_valid():
        typed = form.cleaned_data
        try:
            stands = duplicates.decide(
                graduate_id=pk,
                stands_id=typed["stands"] or 0,
                standing=typed["standing"],
                reason=typed["reason"],
                by=request.user,
            )
            messages.success(request, f"已核定：{stands.school.name}的记录保留，两校都已告知。")
            return redirect("console:duplicates")
        except DomainError as refusal:
            form.add_refusal(refusal)
    records = list(same_person_and_year(asked).select_related(*RELATED))
    if not form.errors and len({g.school_id for g in records}) < 2:
        raise Http404
    form.offer_records(records)
    context = {
        "graduate": asked,
        "records": [(g, _links(g, request)) for g in records],
        "rows": _side_by_side(records),
        "form": form,
    }
    return render(request, "graduates/console/duplicate.html", context, status=form.status)


def _links(graduate: Graduate, request: StaffRequest) -> list[tuple[str, str]]:
    """Links to what belongs to a record, such as its destination and its agreement."""
    lists = hooks.detail_links.run(graduate=graduate, user=request.user)
    return [link for links in lists for link in links]


def _side_by_side(graduates: list[Graduate]) -> list[tuple[str, list[str], bool]]:
    """For every field: its label, the words of each record, and whether the values differ."""
    records = [record_of(g) for g in graduates]
    rows = []
    for field in ALL:
        mask = MASKS.get(field.key, str)
        words = [mask(field.show(r[field.key])) for r in records]
        rows.append((field.label, words, len({str(r[field.key]) for r in records}) > 1))
    return rows
