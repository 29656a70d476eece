"""Printing one agreement at the school: the same signed bytes, counted."""

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
    """How often it was printed; a POST hands the PDF out and counts it."""
    found = agreement_or_404(request, pk)
    form = CopiesForm(posted(request), initial={"copies": SigningRules.of(found.cohort).copies})
    if form.is_valid():
        try:
            document = printing.take(agreement=found, by=request.user, **form.cleaned_data)
            return files.respond(document.made_file, download=True)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "agreement": found,
        "graduate": found.graduate,
        "document": documents.current_document(found),
        "why_not": printing.why_not(found),
        "prints": found.prints.order_by("-id")[:100],
        "form": form,
    }
    return render(request, "esign/console/print.html", context, status=form.status)
