"""The picture of a proof, and a new one in its place."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import proof, proof_picture
from accounts.proof_form import ProofInput


def picture(request: HttpRequest, challenge: str) -> HttpResponse:
    digits = proof.digits_of(challenge)
    if digits is None:
        raise Http404
    return HttpResponse(proof_picture.draw(digits, challenge), content_type="image/png")


def another(request: HttpRequest, entrance: str) -> HttpResponse:
    """Another picture, for the script that puts it into the page. Without the script the button sends
    the form, and the page comes back with another picture."""
    try:
        wanted = proof.Entrance(entrance)
    except ValueError:
        raise Http404 from None
    widget = ProofInput.context_of(proof.new_challenge(wanted))
    return render(request, "accounts/parts/proof_picture.html", {"widget": widget})
