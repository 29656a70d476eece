"""转为劳动合同 on the console: propose it with proof, and confirm or refuse what somebody else proposed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from esign import history
from esign.actions import conclude
from esign.actions.conclude import PICTURES
from esign.conclusion_steps import CONCLUSION
from esign.forms import ConclusionAnswerForm, ConclusionForm
from esign.models import Conclusion
from esign.states import ConclusionState
from esign.views.conclusion_form import propose_as_typed
from esign.views.console_agreement import agreement_or_404
from schools.access import StaffRequest, staff_view
from schools.scope import visible_to

_ACTS = {"confirm": "已确认，协议终止，去向转为签劳动合同形式就业", "refuse": "已答复不同意，协议继续有效",
         "withdraw": "已撤回，协议继续有效"}  # fmt: skip


@staff_view("esign.set_up")
def start(request: StaffRequest, pk: int) -> HttpResponse:
    """The form that proposes to end the agreement because a labour contract followed (article three)."""
    agreement = agreement_or_404(request, pk)
    form, refusal = ConclusionForm(posted(request), request.FILES), None
    try:
        CONCLUSION.check("propose", conclude.conclusion_facts(agreement), request.user)
    except DomainError as problem:
        refusal = problem
        open_one = conclude.open_conclusion(agreement)
        if form.is_bound and open_one and open_one.proposed_by_user_id == request.user.pk:
            return redirect("console:conclusion", pk=open_one.pk)  # the form was sent twice
    if refusal is None and form.is_bound:
        proposed = propose_as_typed(form, agreement, request.user)
        if proposed is not None:
            messages.success(
                request, f"{agreement.graduate.name}：已提出，等待毕业生或另一位老师确认。"
            )
            return redirect("console:conclusion", pk=proposed.pk)
    context = {
        "agreement": agreement,
        "graduate": agreement.graduate,
        "refusal": refusal,
        "form": form,
    }
    status = form.status if refusal is None or not form.is_bound else refusal.status
    return render(request, "esign/console/conclude.html", context, status=status)


def conclusion_or_404(request: StaffRequest, pk: int) -> Conclusion:
    rows = Conclusion.objects.select_related(
        "agreement__unit", "graduate__department", "graduate__school_class", "cohort"
    )
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("esign.view")
def conclusion(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, conclusion_or_404(request, pk))


def _page(
    request: StaffRequest, conclusion: Conclusion, form: ConclusionAnswerForm | None = None
) -> HttpResponse:
    can, why_not = _available(request, conclusion)
    shown = form or ConclusionAnswerForm(initial={"seen": conclusion.pk})
    context = {
        "conclusion": conclusion,
        "agreement": conclusion.agreement,
        "graduate": conclusion.graduate,
        "pictures": list(PICTURES.items()),
        "can": can,
        "why_not": why_not,
        "history": history.for_staff(conclusion.agreement),
        "form": shown,
    }
    return render(request, "esign/console/conclusion.html", context, status=shown.status)


def _available(request: StaffRequest, conclusion: Conclusion) -> tuple[dict[str, Any], str]:
    """The steps that this person may take now, by action, and why they can't confirm."""
    if conclusion.state != ConclusionState.PROPOSED or not request.user.has_perm("esign.conclude"):
        return {}, ""
    facts = conclude.conclusion_facts(conclusion.agreement)
    steps = {s.action: s for s in CONCLUSION.available(facts, request.user) if s.action in _ACTS}
    try:
        CONCLUSION.check("confirm", facts, request.user)
    except DomainError as refusal:
        return steps, refusal.message
    return steps, ""


@staff_view("esign.conclude")
@require_POST
def act(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """Confirm, refuse or withdraw the conclusion that the page showed."""
    conclusion = conclusion_or_404(request, pk)
    if action not in _ACTS:
        raise Http404
    form = ConclusionAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, conclusion, form)
    typed = form.cleaned_data
    call: dict[str, Any] = {"agreement": conclusion.agreement, "by": request.user, "seen": pk}
    try:
        match action:
            case "confirm":
                conclude.confirm(**call, has_read=typed["has_read"])
            case "refuse":
                conclude.refuse(**call, reason=typed["reason"])
            case _:
                conclude.withdraw(**call)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, conclusion_or_404(request, pk), form)
    messages.success(request, f"{conclusion.graduate.name}：{_ACTS[action]}。")
    return redirect("console:conclusion", pk=pk)


@staff_view("esign.view")
def picture(request: StaffRequest, pk: int, slot: str) -> HttpResponseBase:
    """A picture of the labour contract, for staff who may see its graduate."""
    if slot not in PICTURES:
        raise Http404
    return files.respond(getattr(conclusion_or_404(request, pk), slot))
