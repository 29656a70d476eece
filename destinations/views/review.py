"""The review page: one destination beside its evidence, the steps to take, and the next in the queue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from codes.forms import DeclaredForm
from core import files, notices
from core.errors import DomainError
from core.forms import posted
from core.forms.posted import picked_ids, pressed
from core.lists import keyset, walk
from destinations import forms, hooks, sheets, shown
from destinations.actions import enter as entering
from destinations.actions import evidence, review
from destinations.actions.dispute import open_dispute
from destinations.alike import alike
from destinations.catalogue import Leaf, catalogue, group_by_top
from destinations.fields import BY_KEY, FORMS
from destinations.hooks import ReviewMaterial, ReviewPicture
from destinations.models import Destination, DestinationEvent, Evidence, is_seeking
from destinations.queries import waiting_for
from destinations.rules import check_registration
from destinations.states import ReasonSource, State
from destinations.steps import MACHINE, UNDO_SECONDS, open_proposal
from destinations.views.lists import READY_REASONS
from schools.access import StaffRequest, staff_view
from schools.scope import visible_to

# Steps that change values. The page marks what the last of them changed.
_CHANGING_STEPS = ("register", "touch_up", "enter", "amend", "correct_codes", "conclude")
_SMALL_INPUT = "form-control form-control-sm"
_STEP_LABELS = {s.action: s.label for s in MACHINE.steps}


def destination_or_404(request: StaffRequest, pk: int) -> Destination:
    rows = Destination.objects.select_related(
        "graduate",
        "graduate__person",
        "graduate__department",
        "graduate__school_class",
        "cohort",
        "school",
    )
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("destinations.view")
def workspace(request: StaffRequest, pk: int) -> HttpResponse:
    d = destination_or_404(request, pk)
    if request.user.has_perm("destinations.review"):
        review.mark_opened(d)
    return _workspace(request, d)


def _workspace(
    request: StaffRequest, d: Destination, form: forms.ReviewForm | None = None
) -> HttpResponse:
    form = form or forms.ReviewForm()
    events = list(DestinationEvent.objects.filter(graduate_id=d.pk).order_by("-id")[:20])
    in_walk = walk.of_request(request) is not None
    earlier, later = (None, None) if in_walk else _neighbours(request, d)
    found = hooks.review_material.run(destination=d, user=request.user)
    materials = [material for material in found if material is not None]
    rows = list(evidence.standing_evidence(d.pk, d.category))
    context = {
        "d": d,
        "graduate": d.graduate,
        "category": shown.category_label(d),
        "may_reveal": request.user.has_perm("graduates.reveal"),
        "leaf": catalogue().leaves.get(d.category),
        "values": _values_with_changes(d, events),
        "warnings": _warnings(d),
        "notes": [note for notes in hooks.review_notes.run(destination=d) for note in notes],
        "materials": materials,
        "pictures": _pictures(rows, materials),
        "alike": alike(d, request.user, sorted({row.file.sha256 for row in rows})),
        "takes_evidence": not is_seeking(d.category),
        "can": {s.action: s for s in MACHINE.available(d, request.user)},
        "links": [
            link
            for links in hooks.detail_links.run(destination=d, user=request.user)
            for link in links
        ],
        "events": [(e, _STEP_LABELS.get(e.action, e.action), State(e.to_state)) for e in events],
        "reasons": READY_REASONS,
        "dispute": open_dispute(d.pk) if d.disputed_at is not None else None,
        "proposal": open_proposal(d),
        "resume_refusal": _resume_refusal(request, d),
        "in_walk": in_walk,
        "previous": earlier,
        "following": later,
        "form": form,
        "material_form": forms.MaterialForm(input_class=_SMALL_INPUT),
    }
    return render(request, "destinations/console/review.html", context, status=form.status)


def _resume_refusal(request: StaffRequest, d: Destination) -> str:
    """Why this person cannot resume what the national system rejected; "" if they can, or if it was
    somebody else who rejected it."""
    if d.state != State.REJECTED or d.reason_source != ReasonSource.NATIONAL:
        return ""
    return MACHINE.why_not("resume", d, request.user)


def _pictures(rows: list[Evidence], materials: list[ReviewMaterial]) -> list[ReviewPicture]:
    """The pictures of the viewer. Those whose views are logged come last, so that none of them is the
    first, which the page shows at once."""
    pictures = [
        ReviewPicture(f"材料 {number}", reverse("console:evidence", args=[row.pk]))
        for number, row in enumerate(rows, 1)
    ]
    pictures += [picture for material in materials for picture in material.pictures]
    return sorted(pictures, key=lambda picture: picture.is_logged)


def _neighbours(request: StaffRequest, d: Destination) -> tuple[int | None, int | None]:
    """The entries of the review queue before and after this destination, None where there is none."""
    if not request.user.has_perm("destinations.review"):
        return None, None
    queue = waiting_for(request.user)
    here, fields = [d.submitted_at, d.pk], ("submitted_at", "pk")
    after = queue.filter(keyset.RowCompare(fields, ">", here)).order_by(*fields)
    before = queue.filter(keyset.RowCompare(fields, "<", here)).order_by("-submitted_at", "-pk")
    return (
        before.values_list("pk", flat=True).first(),
        after.values_list("pk", flat=True).first(),
    )


def _values_with_changes(d: Destination, events: list[DestinationEvent]) -> list[dict[str, Any]]:
    """The fields that are filled in, each with its old words where the last submission changed it."""
    last = next((e for e in events if e.action in _CHANGING_STEPS), None)
    before = last.snapshot.get("before", {}) if last else {}
    compare = bool(before) and before.get("state") != State.UNSUBMITTED
    rows = []
    for key, label, words in shown.shown_values(d):
        old = BY_KEY[key].show(before.get(key)) if compare else words
        rows.append({"key": key, "label": label, "words": words, "old": old,
                     "changed": old != words, "flagged": key in d.flagged})  # fmt: skip
    return rows


def _warnings(d: Destination) -> list[str]:
    typed = forms.stored_values(d) | {"category": d.category, "form": d.form}
    registration = check_registration(
        typed, evidence=None, graduates_on=d.graduate.graduates_on, wage_override=d.wage_override
    )
    return [issue.message for issue in registration.issues]


@staff_view("destinations.review")
@require_POST
def act(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Take one step: approve, reject, undo either, tick or resume. After a review the next destination
    of the queue is shown."""
    d = destination_or_404(request, pk)
    form = forms.ReviewForm(request.POST)
    if not form.is_valid():
        return _workspace(request, d, form)
    reason, version = form.cleaned_data["reason"], form.cleaned_data["version"]
    walked = walk.of_request(request)
    _, following = _neighbours(request, d)
    try:
        match action:
            case "approve":
                done = review.approve(graduate_id=pk, by=request.user, version=version)
            case "reject":
                done = review.reject(
                    graduate_id=pk, reason=reason, by=request.user, version=version
                )
            case "undo_review":
                done = review.undo(graduate_id=pk, by=request.user, version=version)
            case "tick":
                done = review.tick(graduate_id=pk, by=request.user, version=version)
            case "resume":
                done = review.resume(graduate_id=pk, by=request.user, version=version)
            case _:
                return redirect("console:destination", pk=pk)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _workspace(request, destination_or_404(request, pk), form)
    _say_done(request, done, action, d.graduate.name)
    if walked is not None and action in ("approve", "reject"):
        return redirect(walked.following or walked.back)
    if following is not None and action in ("approve", "reject"):
        return redirect("console:destination", pk=following)
    return redirect("console:destination", pk=pk)


def _say_done(request: StaffRequest, d: Destination, action: str, name: str) -> None:
    """What was done, and for a review the button that undoes it."""
    if action == "undo_review":
        messages.success(request, f"{name}：已撤销审核，恢复为“{State(d.state).label}”。")
        return
    sentence = f"{name}：已{_STEP_LABELS[action]}。"
    if action not in ("approve", "reject"):
        messages.success(request, sentence)
        return
    button = notices.Button(
        label=f"撤销（{UNDO_SECONDS}秒）",
        address=reverse("console:destination-act", args=[d.pk, "undo_review"]),
        version=d.version,
        seconds=UNDO_SECONDS,
        key="undo",
    )
    notices.success(request, sentence, button=button)


@staff_view("destinations.enter")
def enter(request: StaffRequest, pk: int) -> HttpResponse:
    """Staff enter a destination in a form with the same fields as the graduate's, and upload what
    proves it. Another category keeps the text of the fields that both have."""
    d = destination_or_404(request, pk)
    MACHINE.check("enter", d, request.user)
    data = posted(request) or request.GET
    leaf, kind = forms.chosen_leaf(
        data if "category" in data else {"category": d.category, "form": d.form}
    )
    form, kept = None, picked_ids(request, "kept")
    switches = pressed(request, "switch") == "1"
    if leaf is not None:
        form = forms.registration_form(
            leaf, kind, d, None if switches else posted(request), files=request.FILES,
            typed=forms.typed_values(data) if switches else None, base=forms.EntryForm,
        )  # fmt: skip
    if leaf is not None and form is not None and form.is_bound:
        _take_pictures(request, d, leaf, form)
    if leaf is not None and form is not None and form.may_try():
        typed = form.typed | {"category": leaf.code, "form": kind}
        try:
            entering.enter(
                graduate_id=pk,
                typed=typed,
                by=request.user,
                version=form.cleaned_data["version"],
                wage_override=form.cleaned_data.get("wage_override", ""),
                kept=kept,
            )
            messages.success(request, "已录入。")
            return redirect("console:destination", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "d": d,
        "graduate": d.graduate,
        "leaf": leaf,
        "kind": kind,
        "form": form,
        "forms": FORMS,
        "leaves": list(group_by_top(list(catalogue().leaves.values()))),
        "groups": form.groups() if form and leaf and (kind or not leaf.has_forms) else [],
        "sheet": sheets.sheet_title(leaf) if leaf else "",
        "standing": evidence.standing_evidence(d.pk, leaf.code) if leaf else [],
        "earlier": evidence.earlier_evidence(d.pk, leaf.code) if leaf else [],
        "kept": kept,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "destinations/console/enter.html", context, status=status)


def _take_pictures(request: StaffRequest, d: Destination, leaf: Leaf, form: DeclaredForm) -> None:
    """Keep the pictures at once, for the chosen category, so that they need not be chosen again when
    something else is wrong."""
    form.is_valid()
    uploads = form.cleaned_data.get("images")
    if not uploads:
        return
    try:
        evidence.add_uploads(
            graduate=d.graduate, uploads=uploads, by=request.user, category=leaf.code
        )
    except DomainError as refusal:
        form.add_error("images", refusal.message)


@staff_view("destinations.view")
def image(request: StaffRequest, pk: int) -> HttpResponseBase:
    """An evidence image, for staff who may see the graduate."""
    rows = Evidence.objects.select_related("file", "graduate")
    row = get_object_or_404(rows, pk=pk)
    destination_or_404(request, row.graduate_id)
    return files.respond(row.file)


@staff_view("destinations.enter")
@require_POST
def add_image(request: StaffRequest, pk: int) -> HttpResponse:
    """Staff attach pictures that prove an entry."""
    d = destination_or_404(request, pk)
    form = forms.MaterialForm(request.POST, request.FILES, input_class=_SMALL_INPUT)
    if not form.is_valid():
        messages.error(request, "请选择图片。")
        return redirect("console:destination", pk=pk)
    try:
        uploads = form.cleaned_data["image"]
        evidence.add_uploads(graduate=d.graduate, uploads=uploads, by=request.user)
        messages.success(request, "材料已上传。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:destination", pk=pk)
