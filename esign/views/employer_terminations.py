"""解约 on the unit's side: start, consent, refuse, withdraw, and the pictures that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view
from esign.actions import terminate
from esign.forms import AnswerForm, UnitTerminationForm
from esign.models import TerminationMaterial
from esign.states import Ground, Side
from esign.termination_steps import TERMINATION
from esign.views.employer_agreements import own_agreement, page


@employer_view
def start(request: EmployerRequest, pk: int) -> HttpResponse:
    found = own_agreement(request, pk)
    form = UnitTerminationForm(posted(request), request.FILES)
    if form.is_valid():
        try:
            terminate.start(agreement=found, by=request.user, **form.cleaned_data)
            messages.success(request, "解约申请已提交, 办理期间协议仍然有效。")
            return redirect("employer-agreement", pk=pk)
        except DomainError as refusal:
            # What is wrong with a picture is said beside the field of the pictures.
            if refusal.code.startswith(("image", "not_image")):
                refusal.field = "materials"
            form.add_refusal(refusal)
    context = {
        "agreement": found,
        "refusal": _why_not(request, found),
        "grounds": Ground.choices,
        "form": form,
        "tab": "agreements",
    }
    return render(request, "esign/employer/terminate.html", context, status=form.status)


def _why_not(request: EmployerRequest, found: Any) -> str:
    """Why neither kind can be started now; empty when one can."""
    case = terminate.case_of(found)
    try:
        TERMINATION.check("start_mutual", case, request.user)
    except DomainError as refusal:
        return refusal.message
    return ""


def _answer(request: EmployerRequest, pk: int, act: Callable[..., Any], said: str) -> HttpResponse:
    found = own_agreement(request, pk)
    form = AnswerForm(request.POST, label="不同意的理由", star=False)
    if not form.is_valid():
        return page(request, found, form)
    try:
        act(agreement=found, by=request.user, reason=form.cleaned_data["reason"])
    except DomainError as refusal:
        form.add_refusal(refusal)
        return page(request, found, form)
    messages.success(request, said)
    return redirect("employer-agreement", pk=pk)


@employer_view
@require_POST
def consent(request: EmployerRequest, pk: int) -> HttpResponse:
    def act(reason: str, **values: Any) -> Any:
        return terminate.consent(**values)

    return _answer(request, pk, act, "已同意解约, 等待院系和学校审核。")


@employer_view
@require_POST
def refuse(request: EmployerRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, terminate.refuse, "已答复不同意, 协议继续有效。")


@employer_view
@require_POST
def withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    def act(reason: str, **values: Any) -> Any:
        return terminate.withdraw(**values)

    return _answer(request, pk, act, "解约申请已撤回, 协议继续有效。")


@employer_view
def material(request: EmployerRequest, pk: int, material_id: int) -> HttpResponseBase:
    """The unit's own pictures and its stamped release; the graduate's proofs are for the school."""
    rows = TerminationMaterial.objects.select_related("file").filter(
        termination__agreement=own_agreement(request, pk)
    )
    seen = rows.filter(Q(side=Side.EMPLOYER) | Q(stamped=True))
    return files.respond(get_object_or_404(seen, pk=material_id).file)
