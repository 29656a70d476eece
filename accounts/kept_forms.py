"""What somebody sent after the session had ended is kept, so that nothing typed is lost.

The form's content waits in the browser's session, encrypted and for an hour. After signing in, the
person is led to a page that sends it on by a button; the form's own page then checks it as usual.
Passwords and files are not kept. If it is known whose session had ended, nobody else gets the content.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Realm, User
from accounts.throttle import client_address
from core import rate
from core.encryption import cipher

# In the session: the content; set in it as well once the page has been offered.
_KEPT, _OFFERED = "kept_form", "kept_form_offered"
_PURPOSE = "forms after an ended session"
_WITHIN = 3600  # seconds
_MOST = 100_000  # characters
_MOST_AN_HOUR = 60  # of one address
_NOT_KEPT = ("csrfmiddlewaretoken", "proof")
_SECRET = ("password", "repeated")
# Where somebody is sent who has to sign in, with the realm.
_SIGN_IN = {
    "console:login": Realm.STAFF, "login": Realm.GRADUATE, "employer": Realm.EMPLOYER,
}  # fmt: skip
_SAID = "登录已过期，请重新登录。刚才填写的内容已保留，登录后可以继续提交。"


@dataclass(frozen=True)
class KeptForm:
    """A form that was sent too late: its address, and its fields with their values in order."""

    path: str
    fields: list[tuple[str, str]]
    with_files: bool


class KeptForms:
    """Keeps a form that led to the sign-in page, and leads to it after signing in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        if _is_page(request) and self._offer(request):
            return redirect("kept-form")
        signed_in = isinstance(request.user, User)
        response = self.get_response(request)
        if request.method == "POST" and signed_in:
            _forget_sent(request)
        elif request.method == "POST" and response.status_code == 302:
            self._keep(request, response["Location"])
        return response

    def _offer(self, request: HttpRequest) -> bool:
        """Whether to lead to the page of the kept form: once, and only on a page, not on a form sent."""
        if request.method != "GET" or _KEPT not in request.session:
            return False
        if request.session.get(_OFFERED) or request.path == reverse("kept-form"):
            return False
        if kept_form(request) is None:
            return False
        request.session[_OFFERED] = True
        return True

    def _keep(self, request: HttpRequest, location: str) -> None:
        target = location.split("?", maxsplit=1)[0]
        realm = next((realm for name, realm in _SIGN_IN.items() if reverse(name) == target), None)
        if realm is None or request.path in map(reverse, _SIGN_IN) or not _is_page(request):
            return
        fields = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in _NOT_KEPT and not any(part in name for part in _SECRET)
        ]
        content = json.dumps(
            {
                "path": request.get_full_path(), "fields": fields, "files": bool(request.FILES),
                "realm": realm, "user": getattr(request, "ended_for", None), 
            }
        )  # fmt: skip
        if len(content) > _MOST:
            return
        try:
            rate.limit(f"kept:{client_address(request)}", most=_MOST_AN_HOUR, seconds=3600)
        except rate.RateLimited:
            return
        request.session[_KEPT] = cipher(_PURPOSE).encrypt(content.encode()).decode()
        request.session.pop(_OFFERED, None)
        messages.info(request, _SAID)


def _is_page(request: HttpRequest) -> bool:
    """Whether the browser shows the answer as a page, and no script reads it."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def kept_form(request: HttpRequest) -> KeptForm | None:
    """The form kept for the signed-in user, if there is one that is not too old."""
    user, token = request.user, request.session.get(_KEPT)
    if not token or not isinstance(user, User):
        return None
    try:
        content: dict[str, Any] = json.loads(cipher(_PURPOSE).decrypt(token.encode(), ttl=_WITHIN))
    except InvalidToken:
        return None
    if content["realm"] != user.realm or content["user"] not in (None, user.pk):
        return None
    return KeptForm(content["path"], [(n, v) for n, v in content["fields"]], content["files"])


def _forget_sent(request: HttpRequest) -> None:
    """Forget the kept form if it has been sent on."""
    kept = kept_form(request)
    if kept is not None and kept.path == request.get_full_path():
        for key in (_KEPT, _OFFERED):
            request.session.pop(key, None)
