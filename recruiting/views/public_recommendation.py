"""Public verification of a 就业推荐表 by the address in its QR code. Nobody has to sign in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.throttle import client_address
from core import rate
from recruiting.models import Recommendation
from recruiting.recommendation_text import public_facts

# Of one address in an hour: a fair's visitors may share one.
_MOST_LOOKS = 600


def verify(request: HttpRequest, token: str) -> HttpResponse:
    """Masked name, school, major and whether the form is valid. A made-up address and a form whose
    text was altered give the same answer."""
    rate.limit(f"recommendation:{client_address(request)}", most=_MOST_LOOKS, seconds=3600)
    facts = public_facts(Recommendation.objects.filter(token=token).first())
    return render(
        request, "recruiting/public/recommendation.html", {"facts": facts},
        status=404 if facts is None else 200,
    )  # fmt: skip
