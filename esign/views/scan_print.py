"""Scan-to-print: the pages of the public computer, and the page of the phone."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from core import files, pdf
from core.errors import DomainError
from esign.actions import scan_print
from esign.models import PrintTicket
from graduates.access import GraduateRequest, graduate_view, return_after_sign_in

_COOKIE = "print_secret"


def start(request: HttpRequest) -> HttpResponse:
    """The instructions. The button makes a ticket, whose secret is put into a cookie."""
    if request.method != "POST":
        return render(request, "esign/public/print_start.html")
    try:
        ticket, secret = scan_print.issue_ticket(address=client_address(request))
    except DomainError as refusal:
        context = {"error": refusal.message}
        return render(request, "esign/public/print_start.html", context, status=refusal.status)
    response = redirect("print-ticket", token=ticket.token)
    response.set_cookie(
        _COOKIE, secret, max_age=600, path=reverse("print"), httponly=True,
        samesite="Strict", secure=request.is_secure(),
    )  # fmt: skip
    return response


def _ticket(request: HttpRequest, token: str) -> PrintTicket:
    return scan_print.find_ticket(token=token, secret=request.COOKIES.get(_COOKIE, ""))


def ticket(request: HttpRequest, token: str) -> HttpResponse:
    print_ticket = _ticket(request, token)
    address = f"{settings.PUBLIC_ORIGIN}{reverse('print-scan', args=[token])}"
    context = {
        "ticket": print_ticket,
        "over": scan_print.has_expired(print_ticket),
        "qr": pdf.qr_svg(address),
    }
    return render(request, "esign/public/print_ticket.html", context)


def state(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that is refreshed every two seconds."""
    print_ticket = _ticket(request, token)
    context = {"ticket": print_ticket, "over": scan_print.has_expired(print_ticket)}
    return render(request, "esign/public/print_state.html", context)


@require_POST
def download(request: HttpRequest, token: str) -> HttpResponseBase:
    secret = request.COOKIES.get(_COOKIE, "")
    document = scan_print.redeem_ticket(token=token, secret=secret)
    return files.respond(document.made_file, download=True)


@return_after_sign_in
@graduate_view
def scan(request: GraduateRequest, token: str) -> HttpResponse:
    """The phone's page: the two digits, the agreement, and the button that confirms."""
    print_ticket, error, status = None, "", 200
    act = scan_print.confirm_ticket if request.method == "POST" else scan_print.claim_ticket
    try:
        print_ticket = act(token=token, graduate=request.graduate, by=request.user)
    except DomainError as refusal:
        error, status = refusal.message, refusal.status
    context = {
        "ticket": print_ticket,
        "agreement": print_ticket.document.agreement
        if print_ticket and print_ticket.document
        else None,
        "error": error,
        "tab": "register",
    }
    return render(request, "esign/phone/scan_print.html", context, status=status)
