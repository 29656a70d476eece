"""Public verification of agreements: by the address in the QR code, or by uploading the PDF. Nobody has
to sign in; uploads are limited by IP address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.throttle import client_address
from core.forms import posted
from core.rate import RateLimited, limit
from esign.forms import VerificationForm
from esign.models import Agreement
from esign.verification import MOST_BYTES, Verdict, public_facts
from esign.verification import verify as judge

_UPLOADS_AN_HOUR = 60


def by_token(request: HttpRequest, token: str) -> HttpResponse:
    """The page that the anti-forgery QR code leads to."""
    agreement = Agreement.objects.filter(token=token).first()
    return _page(request, agreement, unknown=agreement is None)


def verify(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


def _page(
    request: HttpRequest, agreement: Agreement | None, *, unknown: bool = False
) -> HttpResponse:
    verdict: Verdict | None = None
    form = VerificationForm(posted(request), request.FILES)
    if form.is_bound:
        try:
            limit(f"verify:{client_address(request)}", most=_UPLOADS_AN_HOUR, seconds=3600)
            if form.is_valid():
                verdict = judge(form.cleaned_data["file"].read(MOST_BYTES + 1))
        except RateLimited as refusal:
            form.add_refusal(refusal)
    context = {
        "form": form,
        "unknown": unknown,
        "facts": public_facts(agreement) if agreement else None,
        "verdict": verdict,
        "of_file": public_facts(verdict.agreement) if verdict and verdict.agreement else None,
    }
    status = 404 if unknown else form.status
    return render(request, "esign/public/verify.html", context, status=status)
