"""最低工资标准, by region and date."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import lookup
from core.errors import DomainError
from destinations.actions import wages as actions
from destinations.models import MinimumWage
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.forms import Errors, FormField
from schools.views.own import do

_FIELDS = (
    FormField("place", "地区", "place", hint="省、市或区县; 下级没有自己的标准时用上级的。"),
    FormField("valid_from", "起始日期", "date"),
    FormField("amount", "标准(元/月)", "number", max_length=6),
)


@staff_view("province.catalogue")
def wages(request: StaffRequest) -> HttpResponse:
    typed, errors = request.POST.dict(), Errors()
    if request.method == "POST":
        try:
            made = actions.add(
                place=typed.get("place", ""),
                valid_from=forms.read_date(typed.get("valid_from", ""), "valid_from"),
                amount=forms.read_number(typed.get("amount", "")),
                by=request.user,
            )
            messages.success(request, f"已新增{lookup.place_name(made.division)}的标准。")
            return redirect("console:wages")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {"rows": _rows(), "items": forms.items(_FIELDS, typed, errors), "errors": errors}
    page = "destinations/console/wages.html"
    return render(request, page, context, status=422 if errors else 200)


def _rows() -> list[dict[str, Any]]:
    """Each region's newest line that has begun is the one in force."""
    today, seen, rows = timezone.localdate(), set(), []
    for row in MinimumWage.objects.all():
        begun = row.valid_from <= today
        state = "以后生效" if not begun else "已被取代" if row.division in seen else "有效"
        if begun:
            seen.add(row.division)
        rows.append({"row": row, "place": lookup.place_name(row.division), "state": state})
    return rows


@staff_view("province.catalogue")
@require_POST
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    get_object_or_404(MinimumWage, pk=pk)
    return do(
        request, lambda: actions.delete(wage_id=pk, by=request.user), "已删除。", "console:wages"
    )
