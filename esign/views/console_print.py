"""Printing one agreement at the school: the same signed bytes, counted."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from core import files
from core.errors import DomainError, Invalid
from esign.actions import documents, printing
from esign.models import Agreement, SigningRules
from esign.views.console_agreement import agreement_or_404
from schools.access import StaffRequest, staff_view
from schools.forms import Errors, FormField, errors_of, items, read_number

MOST_COPIES = 20
_COPIES = FormField(
    "copies", "打印份数", "number", max_length=2, hint="毕业生、用人单位、学校各执一份。"
)


@staff_view("esign.print")
def agreement_print(request: StaffRequest, pk: int) -> HttpResponseBase:
    """How often it was printed; a POST hands the PDF out and counts it."""
    found = agreement_or_404(request, pk)
    copies: str = str(SigningRules.of(found.cohort).copies)
    errors, status = Errors(), 200
    if request.method == "POST":
        copies = request.POST.get("copies", "")
        try:
            document = printing.take(agreement=found, by=request.user, copies=_read(copies))
            return files.respond(document.made_file, download=True)
        except DomainError as refusal:
            errors, status = errors_of(refusal), refusal.status
    return _page(request, found, copies, errors, status)


def _read(typed: str) -> int:
    number = read_number(typed)
    if number is None or not 1 <= number <= MOST_COPIES:
        raise Invalid({"copies": [f"份数应为1至{MOST_COPIES}。"]})
    return number


def _page(
    request: StaffRequest, found: Agreement, copies: str, errors: Errors, status: int
) -> HttpResponse:
    context = {
        "agreement": found,
        "graduate": found.graduate,
        "document": documents.current_document(found),
        "why_not": printing.why_not(found),
        "prints": found.prints.order_by("-id")[:100],
        "items": items([_COPIES], {"copies": copies}, errors),
        "errors": errors,
    }
    return render(request, "esign/console/print.html", context, status=status)
