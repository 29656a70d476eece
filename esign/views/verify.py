"""Public verification of agreements: by the address in the QR code, or by uploading the PDF. Nobody has
to sign in; an address with many uploads is asked for a proof."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.forms import posted
from esign.forms import VerificationForm
from esign.models import Agreement
from esign.verification import MOST_BYTES, Verdict, public_facts
from esign.verification import verify as judge


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
        form.protect(request)
        if form.is_valid():
            form.count_try()
            verdict = judge(form.cleaned_data["file"].read(MOST_BYTES + 1))
    context = {
        "form": form,
        "unknown": unknown,
        "facts": public_facts(agreement) if agreement else None,
        "verdict": verdict,
        "of_file": public_facts(verdict.agreement) if verdict and verdict.agreement else None,
    }
    status = 404 if unknown else form.status
    return render(request, "esign/public/verify.html", context, status=status)
