"""One termination on the console: request, answer, pictures and review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from esign import history
from esign.actions import terminate, termination_base
from esign.forms import AnswerForm
from esign.models import Termination, TerminationMaterial
from esign.queries import terminations_for_staff
from esign.states import OPEN_TERMINATION
from esign.termination_steps import TERMINATION
from schools.access import StaffRequest, staff_view
from schools.scope import visible_to

# The steps of staff. The two sides take theirs on their own pages.
_ACTS = ("note_call", "pass_on", "agree", "turn_down")
_WORDS = {s.action: s.label for s in TERMINATION.steps}
READY_REASONS = (
    "材料不清晰，请重新拍照上传",
    "盖章材料缺少公章或人力资源部门公章",
    "未提供书面告知对方的凭证",
    "所述情况不属于协议约定的单方解约情形",
    "电话回访用人单位未获确认",
)


def termination_or_404(request: StaffRequest, pk: int) -> Termination:
    rows = terminations_for_staff().select_related(
        "agreement__unit", "agreement__member__user", "graduate__department",
        "graduate__school_class", "cohort",
    )  # fmt: skip
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("esign.view")
def termination(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, termination_or_404(request, pk))


def _page(
    request: StaffRequest, termination: Termination, form: AnswerForm | None = None
) -> HttpResponse:
    can = available(request, termination)
    shown = form or AnswerForm(star=False)
    shown.fields["reason"].label = (
        "不同意的原因，或回访记录" if "note_call" in can else "不同意的原因"
    )
    context = {
        "t": termination,
        "agreement": termination.agreement,
        "graduate": termination.graduate,
        "materials": list(termination.materials.select_related("file")),
        "can": can,
        "reasons": READY_REASONS,
        "history": history.for_staff(termination.agreement),
        "form": shown,
    }
    return render(request, "esign/console/termination.html", context, status=shown.status)


def available(request: StaffRequest, termination: Termination) -> dict[str, Any]:
    """The steps that this person may take now, by action. The page shows a button for each."""
    if termination.state not in OPEN_TERMINATION or not request.user.has_perm("esign.review"):
        return {}
    facts = termination_base.termination_facts(termination.agreement)
    steps = TERMINATION.available(facts, request.user)
    return {s.action: s for s in steps if s.action in _ACTS}


@staff_view("esign.review")
@require_POST
def act(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Take a step of staff on the termination that the page showed."""
    termination = termination_or_404(request, pk)
    if action not in _ACTS:
        raise Http404
    form = AnswerForm(request.POST, star=False)
    if not form.is_valid():
        return _page(request, termination, form)
    reason = form.cleaned_data["reason"]
    call: dict[str, Any] = {
        "agreement": termination.agreement,
        "by": request.user,
        "seen": termination.pk,
    }
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
    messages.success(request, f"{termination.graduate.name}：已{_WORDS[action]}。")
    return redirect("console:termination", pk=pk)


@staff_view("esign.view")
def material(request: StaffRequest, pk: int) -> HttpResponseBase:
    """A picture of a termination, for staff who may see its graduate."""
    rows = TerminationMaterial.objects.select_related("file")
    picture = get_object_or_404(rows, pk=pk)
    termination_or_404(request, picture.termination_id)
    return files.respond(picture.file)
