"""Public verification: by the QR's address, or by uploading the PDF. No sign-in, rate-limited."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.throttle import client_address
from core.rate import RateLimited, limit
from esign.models import Agreement
from esign.verification import MOST_BYTES, Verdict, public_facts
from esign.verification import verify as judge

_AN_HOUR = 60


def by_token(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the anti-forgery QR."""
    agreement = Agreement.objects.filter(token=token).first()
    if agreement is None:
        return render(request, "esign/public/verify.html", {"unknown": True}, status=404)
    return _page(request, agreement)


def verify(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


def _page(request: HttpRequest, agreement: Agreement | None) -> HttpResponse:
    verdict: Verdict | None = None
    error, status = "", 200
    if request.method == "POST":
        try:
            limit(f"verify:{client_address(request)}", most=_AN_HOUR, seconds=3600)
            upload = request.FILES.get("file")
            if upload is None:
                error, status = "请选择要验证的PDF文件。", 422
            else:
                verdict = judge(upload.read(MOST_BYTES + 1))
        except RateLimited as refusal:
            error, status = refusal.message, refusal.status
    context = {
        "facts": public_facts(agreement) if agreement else None,
        "verdict": verdict,
        "of_file": public_facts(verdict.agreement) if verdict and verdict.agreement else None,
        "error": error,
    }
    return render(request, "esign/public/verify.html", context, status=status)
