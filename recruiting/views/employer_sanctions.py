"""The unit's page 处理与申诉: its sanctions, and the one appeal against each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view, find_in_units
from employers.pages import newest_page
from recruiting import queries
from recruiting.actions import sanctions
from recruiting.models import Sanction
from recruiting.report_forms import AppealForm
from recruiting.report_steps import APPEAL

_TAB = "unit"


@employer_view
def listing(request: EmployerRequest) -> HttpResponse:
    page, following = newest_page(queries.sanctions_of(request.member), request)
    context = {"rows": page, "following": following, "tab": _TAB}
    return render(request, "recruiting/employer/sanctions.html", context)


@employer_view
def sanction(request: EmployerRequest, pk: int) -> HttpResponse:
    """One sanction; a post is the unit's appeal against it."""
    shown: Sanction = find_in_units(request, pk, queries.sanctions_of)
    form = AppealForm(posted(request))
    if form.is_valid():
        try:
            sanctions.appeal(sanction_id=pk, text=form.cleaned_data["appeal"], by=request.member)
            messages.success(request, "申诉已提交，由作出处理以外的人员答复。")
            return redirect("employer-sanction", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "sanction": shown,
        "may_appeal": APPEAL.can("appeal", shown, request.user) and sanctions.may_appeal(shown),
        "appeal_until": shown.decided_at + sanctions.APPEAL_WITHIN,
        "form": form,
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/sanction.html", context, status=form.status)
