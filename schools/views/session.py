"""The console's sign-in, sign-out, password and home pages."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import session_page
from accounts.forms import OwnPasswordForm
from accounts.middleware import session_ended_notice
from accounts.models import Realm
from accounts.signin import change_own_password, held_user, sign_in
from core import frame
from core.errors import DomainError
from core.forms import posted
from core.menu import counted_items
from schools.access import StaffRequest, staff_view
from schools.fields import missing_contact
from schools.forms import LoginForm
from schools.scope import scope_of
from schools.waiting import COUNT_CAP, waiting_count, waiting_in_other_years, worklist


def login(request: HttpRequest) -> HttpResponse:
    session_ended_notice(request)
    form = LoginForm(posted(request))
    form.protect(request)
    if form.is_valid():
        try:
            sign_in(
                request,
                realm=Realm.STAFF,
                login_name=form.cleaned_data["login"],
                password=form.cleaned_data["password"],
                wrong="用户名或密码不正确。用户名由学校系统管理员分配。",
            )
            if held_user(request):
                query = urlencode({"next": next_page(request)})
                return redirect(f"{reverse('console:second-step')}?{query}")
            return redirect(next_page(request))
        except DomainError as refusal:
            form.add_refusal(refusal)
    return render(request, "schools/login.html", {"form": form}, status=form.status)


def next_page(request: HttpRequest) -> str:
    target = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    start = reverse("console:home")
    return target if safe and target.startswith(start) else start


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("console:login")


@staff_view("console.use")
def home(request: StaffRequest) -> HttpResponse:
    scope = scope_of(request.user)
    return render(
        request,
        "schools/home.html",
        {
            "work": worklist(request.user),
            "elsewhere": waiting_in_other_years(request.user),
            "scope": scope,
            "panels": frame.home_panels(request.user),
            "missing_contact": _missing_contact(request),
        },
    )


def _missing_contact(request: StaffRequest) -> list[str]:
    """What the school's admin still has to fill in, because agreements print it."""
    school = request.staff.school
    if school is None or not request.user.has_perm("schools.set_up"):
        return []
    return missing_contact(school)


@staff_view("console.use")
def counts(request: StaffRequest) -> HttpResponse:
    """How many wait at each menu entry, as one fragment; counting stops at the cap."""
    waiting = []
    for item in counted_items(request.user):
        n = waiting_count(item, request.user)
        waiting.append((item.url_name, f"{COUNT_CAP}+" if n > COUNT_CAP else n or ""))
    return render(request, "schools/parts/counts.html", {"waiting": waiting})


@staff_view("console.use")
def password(request: StaffRequest) -> HttpResponse:
    form = OwnPasswordForm(posted(request))
    if form.is_valid():
        try:
            change_own_password(request, **form.cleaned_data)
            messages.success(request, "密码已修改，其他设备上的登录已退出。")
            return redirect("console:home")
        except DomainError as refusal:
            form.add_refusal(refusal)
    return render(request, "schools/password.html", {"form": form}, status=form.status)


@staff_view("console.use")
def own_sessions(request: StaffRequest) -> HttpResponse:
    return session_page.answer(
        request, "schools/sessions.html", page="console:sessions", sign_in="console:login"
    )
