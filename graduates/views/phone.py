"""The graduate's pages: home, origin record, contact, account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts import inbox
from accounts.forms import OwnPasswordForm
from accounts.signin import change_own_password, check_own_password
from codes.form_steps import FormWalk, steps_by_group
from codes.forms import DeclaredForm
from core.errors import Conflict, DomainError
from core.forms import posted, pressed, read_number
from graduates import home as home_steps
from graduates.access import GraduateRequest, choose_record, graduate_view
from graduates.actions import origin
from graduates.fields import ALL, CONTACT_KEYS
from graduates.forms import OwnOriginForm, origin_form
from graduates.models import Graduate
from graduates.records import confirmation_hash, is_confirmation_current, record_of
from graduates.rules import required_gaps


@graduate_view
def home(request: GraduateRequest) -> HttpResponse:
    steps = home_steps.steps_of(request.graduate)
    following = next((s for s in steps if not s.done), None)
    cards, lists = home_steps.feed_of(request.graduate)
    context = {
        "graduate": request.graduate,
        "steps": steps,
        "following": following,
        "done": sum(s.done for s in steps),
        "cards": cards,
        "lists": lists,
        "unread": inbox.unread(request.user),
        "tab": "home",
    }
    return render(request, "graduates/phone/home.html", context)


@graduate_view
def register_tab(request: GraduateRequest) -> HttpResponse:
    context = {"steps": home_steps.steps_of(request.graduate), "tab": "register"}
    return render(request, "graduates/phone/register_tab.html", context)


@graduate_view
def services(request: GraduateRequest) -> HttpResponse:
    return render(request, "graduates/phone/services.html", {"tab": "services"})


@graduate_view
def origin_page(request: GraduateRequest) -> HttpResponse:
    """The whole record, a group a page, and at the end all of it, with the button that saves and
    confirms. Of a record that is confirmed, or in which nothing can be edited, the end comes first."""
    graduate, keys = request.graduate, [f.key for f in ALL]
    form = origin_form(graduate, request.user, posted(request), keys=keys, base=OwnOriginForm)
    steps = steps_by_group(form) if len(form.greyed) < len(keys) else []
    walk, current = FormWalk(form, steps, posted(request)), is_confirmation_current(graduate)
    if current and not form.is_bound:
        walk.position = len(steps)
    # Only what the first page showed is confirmed, also if it changes on the way.
    version, is_valid = graduate.version, form.is_valid()
    if form.is_bound and not walk.sends:
        version = form.cleaned_data.get("version", version)
        walk.turn(lambda: _own_problems(graduate, form))
    elif is_valid:
        try:
            _save(request, form, confirming=True)
            messages.success(request, "已确认并保存。")
            return redirect("home")
        except DomainError as refusal:
            form.add_refusal(refusal)
    if walk.sends:
        walk.refused()
    gaps = required_gaps(record_of(graduate))
    context = {
        "graduate": graduate,
        "form": form,
        "walk": walk,
        "groups": [g for g in form.groups() if walk.at_check or g[0] == walk.title],
        "version": version,
        # What is empty, is needed and can't be filled in here: only a correction helps.
        "gaps": [form[f.key] for f in gaps if f.key in form.greyed],
        "asks_password": walk.at_check and _changes_mobile(graduate, form),
        "current": current,
        "tab": "register",
    }
    status = 422 if form.errors else 200
    return render(request, "graduates/phone/origin.html", context, status=status)


def _own_problems(graduate: Graduate, form: DeclaredForm) -> dict[str, list[str]]:
    """What keeps a page of the form from being left: what the graduate can mend."""
    problems = origin.problems_of(graduate, form.values)
    return {key: said for key, said in problems.items() if key not in form.greyed}


def _changes_mobile(graduate: Graduate, form: DeclaredForm) -> bool:
    return form.is_bound and form.values.get("mobile", graduate.mobile) != graduate.mobile


def _save(request: GraduateRequest, form: DeclaredForm, *, confirming: bool) -> None:
    """Store what was typed, and confirm the record."""
    graduate, version = request.graduate, form.cleaned_data["version"]
    if _changes_mobile(graduate, form):
        # Codes for signing go to this number.
        check_own_password(request, form.cleaned_data["password"])
    if confirming and version != graduate.version:
        # Only what the page showed is confirmed, also if the graduate may edit nothing.
        raise Conflict("changed", "信息刚刚有变化，请重新核对后再确认。")
    if form.values:
        graduate = origin.edit(
            graduate_id=graduate.pk, typed=form.values, by=request.user, version=version
        )
    if confirming:
        shown = confirmation_hash(record_of(graduate))
        origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=request.user)


@graduate_view
def contact(request: GraduateRequest) -> HttpResponse:
    graduate = request.graduate
    form = origin_form(
        graduate, request.user, posted(request), keys=CONTACT_KEYS, base=OwnOriginForm
    )
    if form.is_valid():
        try:
            _save(request, form, confirming=False)
            messages.success(request, "已保存。")
            return redirect("contact")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "graduate": graduate,
        "form": form,
        "asks_password": "mobile" not in form.greyed,
        "may_edit": len(form.greyed) < len(CONTACT_KEYS),
        "tab": "register",
    }
    status = 422 if form.errors else 200
    return render(request, "graduates/phone/contact.html", context, status=status)


@graduate_view
def me(request: GraduateRequest) -> HttpResponse:
    own_records = Graduate.objects.select_related("cohort", "school").filter(
        person__user=request.user
    )
    if request.method == "POST":
        chosen = own_records.filter(pk=read_number(pressed(request, "record")) or 0).first()
        if chosen is not None:
            choose_record(request, chosen.pk)
            return redirect("home")
    context = {"graduate": request.graduate, "records": own_records, "tab": "me"}
    return render(request, "graduates/phone/me.html", context)


@graduate_view
def password(request: GraduateRequest) -> HttpResponse:
    form = OwnPasswordForm(posted(request))
    if form.is_valid():
        try:
            change_own_password(request, **form.cleaned_data)
            messages.success(request, "密码已修改，其他设备上的登录已退出。")
            return redirect("me")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "tab": "me"}
    return render(request, "graduates/phone/password.html", context, status=form.status)
