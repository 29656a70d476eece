"""两步验证: the code at the sign-in of staff, and the page to enrol and to take the factor off."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import second_factor
from accounts.models import User
from accounts.signin import (
    check_own_password,
    enrol_own_factor,
    held_user,
    remove_own_factor,
    sign_in_with_second_factor,
)
from core.encryption import cipher
from core.errors import DomainError
from core.forms import posted, pressed
from core.pdf import qr_svg
from schools.access import StaffRequest, staff_view
from schools.forms import FactorCodeForm, FactorForm, PasswordForm
from schools.views.session import next_page

# The secret before it is enrolled, encrypted, since sessions lie in the database and the cache.
_NEW = "new_second_factor"
_PURPOSE = "second factors that are being enrolled"


def second_step(request: HttpRequest) -> HttpResponse:
    """The right password was typed; the code of the app or a recovery code begins the session."""
    user = held_user(request)
    if user is None:
        messages.info(request, "登录已超时，请重新输入密码。")
        return redirect("console:login")
    form = FactorCodeForm(posted(request))
    if form.is_valid():
        try:
            sign_in_with_second_factor(request, user, **form.cleaned_data)
            return redirect(next_page(request))
        except DomainError as refusal:
            form.add_refusal(refusal)
    return render(request, "schools/second_step.html", {"form": form}, status=form.status)


@staff_view("console.use")
def own_factor(request: StaffRequest) -> HttpResponse:
    """Enrolling, or what can be done with the factor. A button's name tells the forms apart."""
    if second_factor.is_enrolled(request.user):
        return _enrolled(request)
    secret = _new_secret(request)
    form = FactorForm(posted(request))
    if form.is_valid():
        try:
            codes = enrol_own_factor(request, secret=secret, **form.cleaned_data)
            del request.session[_NEW]
            return _show_codes(request, codes)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "form": form,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "required": _is_required(request),
    }
    return render(request, "schools/second_factor_enrol.html", context, status=form.status)


def _enrolled(request: StaffRequest) -> HttpResponse:
    renewing, removing = pressed(request, "do") == "renew", pressed(request, "do") == "remove"
    renewal = PasswordForm(posted(request) if renewing else None, auto_id="renew_%s")
    removal = FactorForm(posted(request) if removing else None, auto_id="remove_%s")
    used = renewal if renewing else removal
    if used.is_valid():
        try:
            if renewing:
                check_own_password(request, **renewal.cleaned_data)
                codes = second_factor.renew_recovery_codes(user=request.user, by=request.user)
                return _show_codes(request, codes)
            remove_own_factor(request, **removal.cleaned_data)
            messages.success(request, "两步验证已停用，可以用新手机重新开通。")
            return redirect("console:second-factor")
        except DomainError as refusal:
            used.add_refusal(refusal)
    context = {
        "form": used,
        "renewal": renewal,
        "removal": removal,
        "left": second_factor.recovery_codes_left(request.user),
        "required": _is_required(request),
    }
    return render(request, "schools/second_factor.html", context, status=used.status)


@staff_view("console.use")
def qr_code(request: StaffRequest) -> HttpResponse:
    """The secret as a QR code for the app, while it is being enrolled."""
    if _NEW not in request.session or second_factor.is_enrolled(request.user):
        raise Http404
    address = second_factor.address_for_app(request.user, _new_secret(request))
    return HttpResponse(qr_svg(address), content_type="image/svg+xml")


def _new_secret(request: StaffRequest) -> str:
    """The secret that this session enrols; the same one until it is enrolled."""
    kept = request.session.get(_NEW, "")
    try:
        return cipher(_PURPOSE).decrypt(kept.encode()).decode()
    except InvalidToken:
        secret = second_factor.new_secret()
        request.session[_NEW] = cipher(_PURPOSE).encrypt(secret.encode()).decode()
        return secret


def _is_required(request: StaffRequest) -> bool:
    return request.staff.role in settings.SECOND_FACTOR_ROLES


def _show_codes(request: StaffRequest, codes: list[str]) -> HttpResponse:
    """The only page that ever shows the recovery codes."""
    assert isinstance(request.user, User)
    return render(request, "schools/recovery_codes.html", {"codes": codes})
