"""The graduate's sign-in, activation and sign-out."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts import session_page
from accounts.middleware import session_ended_notice
from accounts.models import Realm, User
from codes import readers
from core.errors import DomainError, Invalid
from core.forms import posted
from graduates.access import (
    GraduateRequest,
    choose_record,
    forget_next_url,
    graduate_view,
    next_url,
)
from graduates.actions import account
from graduates.forms import ActivationForm, SignInForm
from graduates.models import Graduate
from schools.models import School

_SCHOOL_COOKIE = "school"


def schools(request: HttpRequest) -> JsonResponse:
    """Names of schools that contain what was typed, as JSON."""
    typed = readers.search_words(request.GET.get("q", ""))[:30]
    rows = (
        School.objects.filter(is_open=True, name__contains=typed)
        if typed
        else School.objects.none()
    )
    return JsonResponse({"items": [s.name for s in rows[:20]]})


def _find_school(name: str) -> School:
    """The school with this name or code, or the only one whose name contains `name`. Raises `Invalid`
    if there is none or more than one."""
    typed = readers.read("text", name, label="院校").value or ""
    open_schools = School.objects.filter(is_open=True)
    exact = open_schools.filter(name=typed).first() or open_schools.filter(code=typed).first()
    if exact:
        return exact
    similar = list(open_schools.filter(name__contains=typed)[:6]) if typed else []
    if len(similar) == 1:
        return similar[0]
    if similar:
        names = "、".join(s.name for s in similar)
        raise Invalid({"school": [f"有多所院校符合，请写全：{names}"]})
    raise Invalid({"school": ["没有找到这所院校，请输入院校全称。"]})


def login(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User) and request.user.realm == Realm.GRADUATE:
        return redirect("home")
    session_ended_notice(request)
    return _entrance(
        request, "graduates/phone/login.html", SignInForm, account.sign_in_with_password
    )


def activate(request: HttpRequest) -> HttpResponse:
    return _entrance(request, "graduates/phone/activate.html", ActivationForm, account.activate)


def _entrance(
    request: HttpRequest,
    template: str,
    form_class: type[SignInForm],
    enter: Callable[..., Graduate],
) -> HttpResponse:
    """The page of a form that signs somebody in by the action `enter`."""
    known = School.objects.filter(code=request.COOKIES.get(_SCHOOL_COOKIE, "")).first()
    form = form_class(posted(request), initial={"school": known.name if known else ""})
    form.protect(request)
    if form.is_valid():
        typed = dict(form.cleaned_data)
        try:
            school = _find_school(typed.pop("school"))
            choose_record(request, enter(request, school=school, **typed).pk)
            response = redirect(next_url(request))
            forget_next_url(response)
            response.set_cookie(
                _SCHOOL_COOKIE, school.code, max_age=365 * 86400, httponly=True, samesite="Lax"
            )
            return response
        except DomainError as refusal:
            form.add_refusal(refusal)
    return render(request, template, {"form": form}, status=form.status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@graduate_view
def own_sessions(request: GraduateRequest) -> HttpResponse:
    """The own sessions, and 解除绑定, which ends all of them."""
    return session_page.answer(
        request, "graduates/phone/sessions.html", page="me-sessions", sign_in="login", tab="me"
    )
