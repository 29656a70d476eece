"""The province's page of minimum wages (最低工资标准) by region and date."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import lookup
from core.errors import DomainError
from core.forms import posted
from destinations.actions import wages as actions
from destinations.forms import WageForm
from destinations.models import MinimumWage
from schools.access import StaffRequest, staff_view
from schools.views.own import perform_and_redirect


@staff_view("province.catalogue")
def wages(request: StaffRequest) -> HttpResponse:
    form = WageForm(posted(request))
    if form.is_valid():
        try:
            wage = actions.add(by=request.user, **form.cleaned_data)
            messages.success(request, f"已新增{lookup.place_name(wage.division)}的标准。")
            return redirect("console:wages")
        except DomainError as refusal:
            form.add_refusal(refusal)
    page = "destinations/console/wages.html"
    context = {"rows": _rows(), "form": form}
    return render(request, page, context, status=422 if form.errors else 200)


def _rows() -> list[dict[str, Any]]:
    """Every wage with its region's name and its state. A region's newest wage that has begun is in
    force."""
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
    return perform_and_redirect(
        request, lambda: actions.delete(wage_id=pk, by=request.user), "已删除。", "console:wages"
    )
