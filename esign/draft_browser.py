"""The browser that proved the phone of a draft. Only it sees what the draft holds.

The address of a draft travels: people send it on, and browsers keep it. So a draft from a card is
bound to one browser by a signed cookie, and a draft of somebody who is signed in to their account.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from esign.actions.drafts import LIFETIME
from esign.models import Draft

COOKIE = "invite_proof"
_SALT = "esign.draft-browser"


def proof_of(draft: Draft) -> str:
    """The cookie's value for a draft."""
    return signing.dumps(draft.pk, salt=_SALT)


def cookie_path(draft: Draft) -> str:
    """The beginning of the draft's addresses, so that several drafts have a cookie each."""
    return reverse("invite-phone", args=[draft.key]).removesuffix("phone/")


def bind_browser(response: HttpResponseBase, request: HttpRequest, draft: Draft) -> None:
    """Let this browser go on with the draft, after it proved the phone."""
    response.set_cookie(
        COOKIE, proof_of(draft), max_age=LIFETIME, path=cookie_path(draft), httponly=True,
        samesite="Lax", secure=request.is_secure(),
    )  # fmt: skip


def is_bound(request: HttpRequest, draft: Draft) -> bool:
    """Whether this browser may see and change the draft."""
    if draft.by_id is not None:
        return draft.by_id == request.user.pk
    if draft.mobile_proved_at is None:
        return False
    try:
        proof = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return proof == draft.pk
