"""Terminations on the unit's pages: ask, refuse, take a consent back, withdraw, and the pictures."""

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
from esign.actions import consent, terminate, termination_base
from esign.forms import AnswerForm, UnitTerminationForm
from esign.models import Agreement, TerminationMaterial
from esign.states import Side
from esign.termination_steps import TERMINATION
from esign.views.employer_agreements import own_agreement, page


@employer_view
def start(request: EmployerRequest, pk: int) -> HttpResponse:
    agreement = own_agreement(request, pk)
    form = UnitTerminationForm(posted(request), request.FILES)
    if form.is_valid():
        try:
            terminate.start(agreement=agreement, by=request.user, **form.cleaned_data)
            messages.success(request, "解约申请已提交，办理期间协议仍然有效。")
            return redirect("employer-agreement", pk=pk)
        except DomainError as refusal:
            # A refused picture is an error of the field of the pictures.
            if refusal.code.startswith(("image", "not_image")):
                refusal.field = "materials"
            form.add_refusal(refusal)
    context = {
        "agreement": agreement,
        "refusal": _why_not(request, agreement),
        "form": form,
        "tab": "agreements",
    }
    return render(request, "esign/employer/terminate.html", context, status=form.status)


def _why_not(request: EmployerRequest, agreement: Agreement) -> str:
    """Why the unit can't ask for a termination now; "" if it can."""
    facts = termination_base.termination_facts(agreement)
    return TERMINATION.why_not("start_mutual", facts, request.user)


def _answer(request: EmployerRequest, pk: int, act: Callable[..., Any], said: str) -> HttpResponse:
    agreement = own_agreement(request, pk)
    form = AnswerForm(request.POST, label="不同意的理由", star=False)
    if not form.is_valid():
        return page(request, agreement, form)
    try:
        act(
            agreement=agreement,
            by=request.user,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"] or None,
        )
    except DomainError as refusal:
        form.add_refusal(refusal)
        return page(request, agreement, form)
    messages.success(request, said)
    return redirect("employer-agreement", pk=pk)


@employer_view
@require_POST
def refuse(request: EmployerRequest, pk: int) -> HttpResponse:
    return _answer(request, pk, terminate.refuse, "已答复不同意，协议继续有效。")


@employer_view
@require_POST
def withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    def act(reason: str, **values: Any) -> Any:
        return terminate.withdraw(**values)

    return _answer(request, pk, act, "解约申请已撤回，协议继续有效。")


@employer_view
@require_POST
def take_back(request: EmployerRequest, pk: int) -> HttpResponse:
    def act(reason: str, **values: Any) -> Any:
        return consent.take_back(**values)

    return _answer(request, pk, act, "已撤回同意，协议继续有效，请重新答复。")


@employer_view
def material(request: EmployerRequest, pk: int, material_id: int) -> HttpResponseBase:
    """A picture that the unit brought, or its stamped release. The graduate's proofs are for the
    school only."""
    rows = TerminationMaterial.objects.select_related("file").filter(
        termination__agreement=own_agreement(request, pk)
    )
    visible = rows.filter(Q(side=Side.EMPLOYER) | Q(stamped=True))
    return files.respond(get_object_or_404(visible, pk=material_id).file)
