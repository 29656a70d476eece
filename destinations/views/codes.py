"""The page 更正代码: the coded fields of an e-signed destination beside the other ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError
from core.forms import posted
from destinations import forms, shown
from destinations.actions import review
from destinations.steps import MACHINE
from destinations.views.review import destination_or_404
from schools.access import StaffRequest, staff_view


@staff_view("destinations.review")
def codes(request: StaffRequest, pk: int) -> HttpResponse:
    d = destination_or_404(request, pk)
    step = MACHINE.check("correct_codes", d, request.user)
    form = forms.correct_codes_form(d, posted(request))
    if form.is_valid():
        try:
            review.correct_codes(
                graduate_id=pk,
                typed=form.values,
                reason=form.cleaned_data["reason"],
                by=request.user,
                version=form.cleaned_data["version"],
            )
            messages.success(request, f"{d.graduate.name}：已更正代码。")
            return redirect("console:destination", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "d": d,
        "form": form,
        "facts": [row for row in shown.shown_values(d) if row[0] not in review.CORRECTABLE],
        "target": step.target,
    }
    return render(request, "destinations/console/codes.html", context, status=form.status)
