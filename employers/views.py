"""The employer's sign-in page."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.models import Realm, User
from accounts.signin import sign_in
from codes import text
from core.errors import DomainError


def login(request: HttpRequest) -> HttpResponse:
    """By mobile number and password; accounts come with the first signing."""
    if isinstance(request.user, User) and request.user.realm == Realm.EMPLOYER:
        return render(request, "employers/home.html")
    error, status = "", 200
    if request.method == "POST":
        try:
            sign_in(
                request,
                realm=Realm.EMPLOYER,
                login_name=text.clean_phone(request.POST.get("mobile", "")),
                password=request.POST.get("password", ""),
                wrong="手机号码或密码不正确。",
            )
            return redirect("employer")
        except DomainError as refusal:
            error, status = refusal.message, refusal.status
    context = {"error": error, "typed": request.POST.get("mobile", "")}
    return render(request, "employers/login.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("employer")
