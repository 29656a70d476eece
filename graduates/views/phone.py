"""The graduate's own pages: home, origin record, contact, me."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts import inbox
from accounts.signin import change_own_password
from core.errors import Conflict, DomainError, Invalid
from graduates import home as home_steps
from graduates.access import GraduateRequest, choose_record, graduate_view
from graduates.actions import origin
from graduates.fields import ALL, BY_KEY, CONTACT_KEYS
from graduates.models import Graduate
from graduates.permissions import editable_keys
from graduates.records import confirmation_hash, is_confirmation_current, record_of
from graduates.views.origin import form_groups
from schools.forms import Errors, errors_of, read_number


@graduate_view
def home(request: GraduateRequest) -> HttpResponse:
    steps = home_steps.steps(request.graduate)
    following = next((s for s in steps if not s.done), None)
    context = {
        "graduate": request.graduate,
        "steps": steps,
        "following": following,
        "done": sum(s.done for s in steps),
        "unread": inbox.unread(request.user),
        "tab": "home",
    }
    return render(request, "graduates/phone/home.html", context)


@graduate_view
def register_tab(request: GraduateRequest) -> HttpResponse:
    context = {"steps": home_steps.steps(request.graduate), "tab": "register"}
    return render(request, "graduates/phone/register_tab.html", context)


@graduate_view
def services(request: GraduateRequest) -> HttpResponse:
    return render(request, "graduates/phone/services.html", {"tab": "services"})


@graduate_view
def origin_page(request: GraduateRequest) -> HttpResponse:
    """Look, mend what may be mended, and confirm: in one form with one button."""
    return _form(request, [f.key for f in ALL], "graduates/phone/origin.html", confirming=True)


@graduate_view
def contact(request: GraduateRequest) -> HttpResponse:
    return _form(request, CONTACT_KEYS, "graduates/phone/contact.html", confirming=False)


def _form(
    request: GraduateRequest, keys: list[str], template: str, *, confirming: bool
) -> HttpResponse:
    graduate: Graduate = request.graduate
    typed: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    error = ""
    if request.method == "POST":
        allowed = editable_keys(graduate, request.user)
        typed = {k: v for k, v in request.POST.items() if k in keys and k in BY_KEY}
        version = read_number(request.POST.get("version", "")) or 0
        try:
            if confirming and version != graduate.version:
                # What is confirmed is what was shown, also where nothing could be changed.
                raise Conflict("changed", "信息刚刚有变化, 请重新核对后再确认。")
            typed_allowed = {k: v for k, v in typed.items() if k in allowed}
            if typed_allowed:
                graduate = origin.edit(
                    graduate_id=graduate.pk,
                    typed=typed_allowed,
                    by=request.user,
                    version=version,
                )
            if confirming:
                shown = confirmation_hash(record_of(graduate))
                origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=request.user)
            messages.success(request, "已确认并保存。" if confirming else "已保存。")
            return redirect("home" if confirming else "contact")
        except Invalid as invalid:
            errors = invalid.errors
        except DomainError as refusal:
            error = refusal.message
    groups = [
        (group, [i for i in items if i["field"].key in keys])
        for group, items in form_groups(graduate, request.user, typed, errors)
    ]
    context = {
        "graduate": graduate,
        "groups": [(g, items) for g, items in groups if items],
        "errors": errors,
        "error": error,
        "may_edit": any(i["may"] for _, items in groups for i in items),
        "current": is_confirmation_current(graduate),
        "tab": "register",
    }
    return render(request, template, context, status=422 if errors or error else 200)


@graduate_view
def me(request: GraduateRequest) -> HttpResponse:
    mine = Graduate.objects.select_related("cohort", "school").filter(person__user=request.user)
    if request.method == "POST":
        chosen = mine.filter(pk=read_number(request.POST.get("record", "")) or 0).first()
        if chosen is not None:
            choose_record(request, chosen.pk)
            return redirect("home")
    context = {"graduate": request.graduate, "records": mine, "tab": "me"}
    return render(request, "graduates/phone/me.html", context)


@graduate_view
def password(request: GraduateRequest) -> HttpResponse:
    errors, status = Errors(), 200
    if request.method == "POST":
        try:
            change_own_password(request)
            messages.success(request, "密码已修改, 其他设备上的登录已退出。")
            return redirect("me")
        except DomainError as refusal:
            errors, status = errors_of(refusal), refusal.status
    context = {"errors": errors, "tab": "me"}
    return render(request, "graduates/phone/password.html", context, status=status)
