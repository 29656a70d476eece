"""Printing one agreement on the console."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from core import files
from core.errors import DomainError
from core.forms import posted
from esign.actions import documents, printing
from esign.forms import CopiesForm
from esign.models import SigningRules
from esign.views.console_agreement import agreement_or_404
from schools.access import StaffRequest, staff_view


@staff_view("esign.print")
def agreement_print(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The earlier prints. A POST downloads the signed PDF and records one more print."""
    agreement = agreement_or_404(request, pk)
    form = CopiesForm(posted(request), initial={"copies": SigningRules.of(agreement.cohort).copies})
    if form.is_valid():
        try:
            document = printing.hand_out(agreement=agreement, by=request.user, **form.cleaned_data)
            return files.respond(document.made_file, download=True)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "agreement": agreement,
        "graduate": agreement.graduate,
        "document": documents.current_document(agreement),
        "why_not": printing.print_refusal(agreement),
        "prints": agreement.prints.order_by("-id")[:100],
        "form": form,
    }
    return render(request, "esign/console/print.html", context, status=form.status)
