"""更正代码: the coded fields of an e-signed destination, beside what the agreement says."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError
from destinations import forms
from destinations.actions import review
from destinations.steps import MACHINE
from destinations.views.review import destination_or_404
from schools.access import StaffRequest, staff_view
from schools.forms import Errors, FormField, errors_of, items, read_number

_REASON = FormField("reason", "理由", "long", max_length=200, hint="会写入经过, 不能再改。")


@staff_view("destinations.review")
def codes(request: StaffRequest, pk: int) -> HttpResponse:
    d = destination_or_404(request, pk)
    step = MACHINE.check("correct_codes", d, request.user)
    typed: dict[str, Any] = forms.stored_values(d)
    errors, status = Errors(), 200
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            review.correct_codes(
                graduate_id=pk,
                typed=typed,
                reason=typed.get("reason", ""),
                by=request.user,
                version=read_number(typed.get("version", "")) or 0,
            )
            messages.success(request, f"{d.graduate.name}: 已更正代码。")
            return redirect("console:destination", pk=pk)
        except DomainError as refusal:
            errors, status = errors_of(refusal), refusal.status
    context = {
        "d": d,
        "items": [forms.field_item(key, typed, errors) for key in review.CORRECTABLE]
        + items([_REASON], typed, errors),
        "facts": [row for row in forms.shown_values(d) if row[0] not in review.CORRECTABLE],
        "target": step.target,
        "errors": errors,
    }
    return render(request, "destinations/console/codes.html", context, status=status)
