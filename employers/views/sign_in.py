"""Signing in and out as an employer: by one-time code, or by password if one is set."""

from __future__ import annotations

import time

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts import session_page
from accounts.middleware import session_ended_notice
from accounts.models import Realm, User
from accounts.signin import sign_in
from accounts.throttle import client_address
from core.errors import DomainError
from core.forms import posted, pressed
from employers.access import AccountRequest, account_view
from employers.actions import code_sign_in
from employers.forms import SignInForm
from employers.views.account import CODE_SIGN_IN_AT

_CODE_SENT = "如果此手机号码已有帐号，验证码已经发出，10分钟内有效。"


def login(request: HttpRequest) -> HttpResponse:
    """The page for signing in. An account is made by the first invitation that somebody sends; the
    page never reveals which numbers have one."""
    if isinstance(request.user, User) and request.user.realm == Realm.EMPLOYER:
        return redirect("employer-home")
    session_ended_notice(request)
    form, notice = SignInForm(posted(request)), ""
    by_password = "password" in form.data
    asked = "code" in form.data
    form.protect(request, enter=("", "") if by_password or asked else ("send", "1"))
    if form.is_valid():
        mobile = form.cleaned_data["mobile"]
        try:
            if pressed(request, "send"):
                code_sign_in.send_code(mobile=mobile, address=client_address(request))
                notice = _CODE_SENT
                form.count_try()
            else:
                _sign_in(request, mobile, form, by_password=by_password)
                return redirect("employer-home")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "form": form,
        "said": notice,
        "by_password": by_password or request.GET.get("by") == "password",
        "asked": bool(notice) or asked,
    }
    return render(request, "employers/login.html", context, status=form.status)


def _sign_in(request: HttpRequest, mobile: str, form: SignInForm, *, by_password: bool) -> None:
    if by_password:
        sign_in(
            request, realm=Realm.EMPLOYER, login_name=mobile,
            password=form.cleaned_data["password"],
            wrong="手机号码或密码不正确。没有设置过密码的，请用验证码登录。",
        )  # fmt: skip
        return
    code_sign_in.enter_with_code(request, mobile=mobile, code=form.cleaned_data["code"])
    request.session[CODE_SIGN_IN_AT] = int(time.time())


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("employer")


@account_view
def own_sessions(request: AccountRequest) -> HttpResponse:
    return session_page.answer(
        request, "employers/sessions.html", page="employer-sessions", sign_in="employer", tab="unit"
    )
