"""The graduate's pages of the destination: choose a category → upload materials → fill in the form."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.models import User
from codes.form_steps import FormWalk
from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from core.forms.posted import picked_ids
from destinations import forms, sheets, shown
from destinations.actions import evidence, register, registration_drafts, release
from destinations.catalogue import catalogue, group_by_top
from destinations.fields import FORMS
from destinations.models import Destination, Evidence
from destinations.steps import MACHINE
from destinations.views import releases as release_pages
from destinations.way import way_of
from graduates.access import GraduateRequest, graduate_view


def _own_destination(request: GraduateRequest) -> Destination:
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    return rows.get(pk=request.graduate.pk)


_OFFERED = ("register", "take_back", "touch_up", "propose_release")


def _release(d: Destination) -> dict[str, Any]:
    """The newest proposal to release, if it is open or was decided since the present registration."""
    row = release.newest_proposal(d.pk)
    if row is None or (row.decided_at is not None and row.decided_at < d.submitted_at):
        return {}
    return {"proposal": row, "proposal_badge": release_pages.colour_of(row.state)}


@graduate_view
def state(request: GraduateRequest) -> HttpResponse:
    """The registered destination, its state, and what the graduate can do with it."""
    d = _own_destination(request)
    context = {
        "d": d,
        "category": shown.category_label(d),
        "values": shown.shown_values(d),
        "way": way_of(d),
        "evidence": evidence.standing_evidence(d.pk, d.category),
        "can": {a: MACHINE.can(a, d, request.user) for a in _OFFERED},
        **_release(d),
        "tab": "register",
    }
    return render(request, "destinations/phone/state.html", context)


@graduate_view
def choose(request: GraduateRequest) -> HttpResponse:
    d = _own_destination(request)
    MACHINE.check("register", d, request.user)
    leaves = catalogue().for_graduates()
    context = {"groups": list(group_by_top(leaves)), "forms": FORMS, "d": d, "tab": "register"}
    return render(request, "destinations/phone/choose.html", context)


@graduate_view
def materials(request: GraduateRequest) -> HttpResponse:
    """Upload evidence. The page shows the pictures that are kept already."""
    d = _own_destination(request)
    leaf, kind = forms.chosen_leaf(request.GET)
    if leaf is None or (leaf.has_forms and not kind):
        return redirect("destination-choose")
    following = "?" + urlencode({"category": leaf.code, "form": kind})
    if not leaf.takes_evidence:
        return redirect(reverse("destination-form") + following)
    # The label is a large box with a camera, so the input itself is hidden.
    images = forms.MaterialForm(posted(request), request.FILES, input_class="visually-hidden")
    if images.is_valid():
        try:
            uploads = images.cleaned_data["image"]
            evidence.add_uploads(
                graduate=request.graduate, uploads=uploads, by=request.user, category=leaf.code
            )
            return redirect(request.get_full_path())
        except DomainError as refusal:
            images.add_refusal(refusal)
    context = {
        "leaf": leaf,
        "form": images,
        "form_label": FORMS.get(kind, ""),
        "sheet": sheets.sheet_title(leaf),
        "evidence": evidence.standing_evidence(d.pk, leaf.code),
        "earlier": evidence.earlier_evidence(d.pk, leaf.code),
        "refusal": _evidence_refusal(d, leaf.code, request.user),
        "most": evidence.MOST,
        "following": following,
        "tab": "register",
    }
    return render(request, "destinations/phone/materials.html", context, status=images.status)


def _evidence_refusal(d: Destination, category: str, by: User) -> str:
    """Why the graduate can't change the evidence of `category` now; "" if they can."""
    try:
        evidence.check_may_change(d, category, by)
    except DomainError as refusal:
        return refusal.message
    return ""


@graduate_view
def form(request: GraduateRequest) -> HttpResponse:
    """Fill in the fields, a group a page, and check the answers before they are sent. The first page
    asks which pictures uploaded for another category still count."""
    d = _own_destination(request)
    leaf, kind = forms.chosen_leaf(posted(request) or request.GET)
    if leaf is None or (leaf.has_forms and not kind):
        return redirect("destination-choose")
    following = "?" + urlencode({"category": leaf.code, "form": kind})
    if request.method == "POST":
        registration_drafts.keep(graduate_id=d.pk, typed=forms.typed_values(request.POST))
    if leaves_to := pressed(request, "leave"):
        if leaves_to == "materials":
            return redirect(reverse("destination-materials") + following)
        return redirect("destination-choose")
    typed_before = registration_drafts.kept_values(d.pk) if request.method == "GET" else None
    filled = forms.registration_form(leaf, kind, d, posted(request), typed=typed_before)
    kept = picked_ids(request, "kept")
    walk = FormWalk(filled, forms.registration_steps(filled), posted(request))
    if filled.is_bound and not walk.sends:
        whole = filled.typed | {"category": leaf.code, "form": kind}
        walk.turn(lambda: register.check_typed(d, whole, kept).errors())
    elif filled.may_try():
        typed = filled.typed | {"category": leaf.code, "form": kind}
        try:
            register.register(graduate_id=d.pk, typed=typed, by=request.user, kept=kept)
            messages.success(request, "已提交，等待老师审核。")
            return redirect("destination")
        except DomainError as refusal:
            filled.add_refusal(refusal)
    if walk.sends:
        walk.refused()
    standing = list(evidence.standing_evidence(d.pk, leaf.code))
    earlier = evidence.earlier_evidence(d.pk, leaf.code)
    context = {
        "walk": walk,
        "leaf": leaf,
        "kind": kind,
        "form_label": FORMS.get(kind, ""),
        "form": filled,
        "sheet": sheets.sheet_title(leaf),
        "evidence": standing,
        "earlier": earlier,
        "lacks_evidence": leaf.needs_evidence(kind) and not standing and not earlier,
        "kept": kept,
        "materials": following,
        "tab": "register",
    }
    status = 422 if filled.errors else 200
    return render(request, "destinations/phone/form.html", context, status=status)


@graduate_view
def touch_up(request: GraduateRequest) -> HttpResponse:
    """Change contacts and coded fields after the approval. Other fields are grey and say why."""
    d = _own_destination(request)
    MACHINE.check("touch_up", d, request.user)
    leaf = catalogue().leaves[d.category]
    grey = set(leaf.shown(d.form)) - register.touchable(d)
    form = forms.registration_form(leaf, d.form, d, posted(request), grey=grey)
    if form.is_valid():
        try:
            typed = form.values | form.posted_for_grey
            register.touch_up(graduate_id=d.pk, typed=typed, by=request.user)
            messages.success(request, "已保存；涉及代码的修改将由老师核对。")
            return redirect("destination")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"d": d, "leaf": leaf, "form": form, "tab": "register"}
    status = 422 if form.errors else 200
    return render(request, "destinations/phone/touch_up.html", context, status=status)


@graduate_view
@require_POST
def take_back(request: GraduateRequest) -> HttpResponse:
    register.take_back(graduate_id=request.graduate.pk, by=request.user)
    messages.success(request, "已撤回，恢复到登记之前。")
    return redirect("destination")


@graduate_view
def image(request: GraduateRequest, pk: int) -> HttpResponseBase:
    rows = Evidence.objects.select_related("file").filter(graduate_id=request.graduate.pk)
    return files.respond(get_object_or_404(rows, pk=pk, removed_at=None).file)


@graduate_view
@require_POST
def remove_image(request: GraduateRequest, pk: int) -> HttpResponse:
    rows = Evidence.objects.select_related("file").filter(graduate_id=request.graduate.pk)
    removed = get_object_or_404(rows, pk=pk, removed_at=None)
    evidence.remove_evidence(evidence=removed, by=request.user)
    back = pressed(request, "back")
    if not back.startswith("?"):
        return redirect("destination")
    return redirect(reverse("destination-materials") + back)


def categories(request: HttpRequest) -> HttpResponse:
    """Help about the categories: what each means, what proves it, and what the reviewer checks."""
    leaves = list(catalogue().leaves.values())
    context = {"groups": list(group_by_top(leaves)), "tab": "services"}
    return render(request, "destinations/phone/categories.html", context)
