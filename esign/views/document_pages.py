"""The pages of a signed agreement as pictures, for all who may download it. WeChat on Android opens no
PDF, and a picture is quicker to look at than a file. Looking is recorded, but is no print."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError
from core.files.pages import page_pictures
from employers.access import EmployerRequest, employer_view
from esign.actions import documents, printing
from esign.models import Agreement
from esign.views import employer_agreements, phone_agreement
from esign.views.console_agreement import agreement_or_404
from graduates.access import GraduateRequest, graduate_view
from schools.access import StaffRequest, staff_view


@graduate_view
def graduate_pages(request: GraduateRequest, pk: int) -> HttpResponse:
    agreement = phone_agreement.own_agreement(request, pk)
    return _pages(request, agreement, "esign/phone/pages.html", tab="register")


@graduate_view
def graduate_page(request: GraduateRequest, pk: int, number: int) -> HttpResponse:
    return _picture(phone_agreement.own_agreement(request, pk), request, number)


@employer_view
def employer_pages(request: EmployerRequest, pk: int) -> HttpResponse:
    agreement = employer_agreements.own_agreement(request, pk)
    return _pages(request, agreement, "esign/employer/pages.html", tab="agreements")


@employer_view
def employer_page(request: EmployerRequest, pk: int, number: int) -> HttpResponse:
    return _picture(employer_agreements.own_agreement(request, pk), request, number)


@staff_view("esign.print")
def console_pages(request: StaffRequest, pk: int) -> HttpResponse:
    agreement = agreement_or_404(request, pk)
    return _pages(request, agreement, "esign/console/pages.html", graduate=agreement.graduate)


@staff_view("esign.print")
def console_page(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    return _picture(agreement_or_404(request, pk), request, number)


def _pages(request: HttpRequest, agreement: Agreement, template: str, **more: Any) -> HttpResponse:
    """All pages of the document one below another, or the sentence that says why there are none."""
    document, problem = documents.current_document(agreement), printing.print_refusal(agreement)
    numbers: range = range(0)
    if document is not None and problem is None:
        try:
            numbers = range(1, 1 + len(page_pictures(document.made_file)))
        except DomainError as refusal:
            problem = refusal.message
    context = {"agreement": agreement, "numbers": numbers, "problem": problem, **more}
    return render(request, template, context)


def _picture(agreement: Agreement, request: HttpRequest, number: int) -> HttpResponse:
    document = printing.show(agreement=agreement, by=request.user)  # type: ignore[arg-type]
    pictures = page_pictures(document.made_file)
    if not 1 <= number <= len(pictures):
        raise Http404
    response = HttpResponse(pictures[number - 1], content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    return response
