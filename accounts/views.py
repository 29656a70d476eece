"""The picture of a proof, a new picture or sum in its place, and the page of a kept form."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import kept_forms, proof, proof_picture
from accounts.models import Realm, User
from accounts.proof_form import ProofInput, new_challenge


def picture(request: HttpRequest, challenge: str) -> HttpResponse:
    digits = proof.answer_of(challenge)
    if digits is None or proof.kind_of(challenge) != proof.Kind.PICTURE:
        raise Http404
    return HttpResponse(proof_picture.draw(digits, challenge), content_type="image/png")


def another(request: HttpRequest, entrance: str) -> HttpResponse:
    """Another picture or sum, for the script that puts it into the page. Without the script the button
    sends the form, and the page comes back with another one."""
    try:
        wanted = proof.Entrance(entrance)
        kind = proof.Kind(request.GET.get("kind", proof.Kind.PICTURE))
    except ValueError:
        raise Http404 from None
    challenge = new_challenge(wanted, kind, proof.network_of(request))
    widget = ProofInput.context_of(challenge)
    return render(request, "accounts/parts/proof_picture.html", {"widget": widget})


_HOMES = {Realm.STAFF: "console:home", Realm.GRADUATE: "home", Realm.EMPLOYER: "employer-home"}


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """What somebody sent after the session had ended, with a button that sends it on."""
    if not isinstance(request.user, User):
        return redirect("home")
    home = _HOMES[Realm(request.user.realm)]
    form = kept_forms.kept_form(request)
    if form is None:
        return redirect(home)
    return render(request, "accounts/kept_form.html", {"kept": form, "home": reverse(home)})
