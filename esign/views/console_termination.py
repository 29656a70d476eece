"""One termination: what was asked, what the other side said, the proofs, and the review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from esign import history
from esign.actions import terminate
from esign.forms import AnswerForm
from esign.models import Termination, TerminationMaterial
from esign.states import OPEN_TERMINATION
from esign.termination_steps import TERMINATION
from schools.access import StaffRequest, staff_view
from schools.scope import visible_to

# What staff does; the parties' own steps have their own pages.
_ACTS = ("note_call", "pass_on", "agree", "turn_down")
_WORDS = {s.action: s.label for s in TERMINATION.steps}
READY_REASONS = (
    "材料不清晰, 请重新拍照上传",
    "盖章材料缺少公章或人力资源部门公章",
    "未提供书面告知对方的凭证",
    "所述情况不属于协议约定的单方解约情形",
    "电话回访用人单位未获确认",
)


def termination_or_404(request: StaffRequest, pk: int) -> Termination:
    rows = Termination.objects.select_related(
        "agreement__unit", "agreement__member__user", "graduate__department",
        "graduate__school_class", "cohort",
    )  # fmt: skip
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("esign.view")
def termination(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, termination_or_404(request, pk))


def _page(
    request: StaffRequest, found: Termination, form: AnswerForm | None = None
) -> HttpResponse:
    can = available(request, found)
    shown = form or AnswerForm(star=False)
    shown.fields["reason"].label = (
        "不同意的原因, 或回访记录" if "note_call" in can else "不同意的原因"
    )
    context = {
        "t": found,
        "agreement": found.agreement,
        "graduate": found.graduate,
        "materials": list(found.materials.select_related("file")),
        "can": can,
        "reasons": READY_REASONS,
        "history": history.for_staff(found.agreement),
        "form": shown,
    }
    return render(request, "esign/console/termination.html", context, status=shown.status)


def available(request: StaffRequest, found: Termination) -> dict[str, Any]:
    """The buttons: what the table lets this person do with this very procedure."""
    if found.state not in OPEN_TERMINATION or not request.user.has_perm("esign.review"):
        return {}
    case = terminate.case_of(found.agreement)
    steps = TERMINATION.available(case, request.user)
    return {s.action: s for s in steps if s.action in _ACTS}


@staff_view("esign.review")
@require_POST
def act(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """pass_on, agree, turn_down or note_call, on the procedure the person looked at."""
    found = termination_or_404(request, pk)
    if action not in _ACTS:
        raise Http404
    form = AnswerForm(request.POST, star=False)
    if not form.is_valid():
        return _page(request, found, form)
    reason = form.cleaned_data["reason"]
    call: dict[str, Any] = {"agreement": found.agreement, "by": request.user, "seen": found.pk}
    try:
        match action:
            case "pass_on":
                terminate.pass_on(**call)
            case "agree":
                terminate.agree(**call)
            case "turn_down":
                terminate.turn_down(**call, reason=reason)
            case _:
                terminate.note_call(**call, note=reason)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, termination_or_404(request, pk), form)
    messages.success(request, f"{found.graduate.name}: 已{_WORDS[action]}。")
    return redirect("console:termination", pk=pk)


@staff_view("esign.view")
def material(request: StaffRequest, pk: int) -> HttpResponseBase:
    """A picture that belongs to a termination, for who may see its graduate."""
    rows = TerminationMaterial.objects.select_related("file")
    found = get_object_or_404(rows, pk=pk)
    termination_or_404(request, found.termination_id)
    return files.respond(found.file)
