"""The graduate confirms or refuses that a labour contract followed the agreement."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from core import files
from core.errors import DomainError
from esign.actions import conclude
from esign.actions.conclude import PICTURES
from esign.conclusion_steps import CONCLUSION
from esign.forms import ConclusionAnswerForm
from esign.models import Conclusion
from esign.states import ConclusionState
from esign.views.phone import post_or_page
from graduates.access import GraduateRequest, graduate_view


def _own(request: GraduateRequest, pk: int) -> Conclusion:
    rows = Conclusion.objects.select_related("agreement__unit")
    return get_object_or_404(rows, pk=pk, graduate=request.graduate)


@graduate_view
def conclusion(request: GraduateRequest, pk: int) -> HttpResponse:
    """The sheet: what ends, the proof, and the answer."""
    return _sheet(request, _own(request, pk))


def _sheet(
    request: GraduateRequest,
    conclusion: Conclusion,
    form: ConclusionAnswerForm | None = None,
    *,
    refusing: bool = False,
) -> HttpResponse:
    waits = conclusion.state == ConclusionState.PROPOSED
    context = {
        "conclusion": conclusion,
        "agreement": conclusion.agreement,
        "pictures": list(PICTURES.items()),
        "waits": waits,
        "obstacle": _obstacle(request, conclusion) if waits else None,
        "reply": form or ConclusionAnswerForm(initial={"seen": conclusion.pk}),
        "refusing": refusing,
        "tab": "register",
    }
    status = form.status if form is not None else 200
    return render(request, "esign/phone/conclusion.html", context, status=status)


def _obstacle(request: GraduateRequest, conclusion: Conclusion) -> DomainError | None:
    """Why the graduate can't confirm now; None when they can."""
    facts = conclude.conclusion_facts(conclusion.agreement)
    try:
        CONCLUSION.check("confirm", facts, request.user)
    except DomainError as refusal:
        return refusal
    return None


@graduate_view
@post_or_page(_own, "conclusion", "#answer")
def confirm(request: GraduateRequest, pk: int) -> HttpResponse:
    conclusion, form = _own(request, pk), ConclusionAnswerForm(request.POST)
    if not form.is_valid():
        return _sheet(request, conclusion, form)
    try:
        conclude.confirm(
            agreement=conclusion.agreement,
            by=request.user,
            seen=pk,
            has_read=form.cleaned_data["has_read"],
        )
    except DomainError as refusal:
        conclusion = _own(request, pk)
        if not _is_own_answer(request, conclusion, ConclusionState.CONFIRMED):
            form.add_refusal(refusal)
            return _sheet(request, conclusion, form)
    messages.success(request, "已确认，就业协议终止，去向转为签劳动合同形式就业。")
    return redirect("agreement", pk=conclusion.agreement_id)


@graduate_view
@post_or_page(_own, "conclusion", "#answer")
def refuse(request: GraduateRequest, pk: int) -> HttpResponse:
    conclusion, form = _own(request, pk), ConclusionAnswerForm(request.POST)
    if not form.is_valid():
        return _sheet(request, conclusion, form, refusing=True)
    try:
        conclude.refuse(
            agreement=conclusion.agreement,
            by=request.user,
            seen=pk,
            reason=form.cleaned_data["reason"],
        )
    except DomainError as refusal:
        conclusion = _own(request, pk)
        if not _is_own_answer(request, conclusion, ConclusionState.REFUSED):
            form.add_refusal(refusal)
            return _sheet(request, conclusion, form, refusing=True)
    messages.success(request, "没有同意，就业协议继续有效。")
    return redirect("agreement", pk=conclusion.agreement_id)


def _is_own_answer(request: GraduateRequest, conclusion: Conclusion, state: str) -> bool:
    """Whether the graduate gave this answer before, so that the form was sent twice."""
    return conclusion.state == state and conclusion.decided_by_user_id == request.user.pk


@graduate_view
def picture(request: GraduateRequest, pk: int, slot: str) -> HttpResponseBase:
    """A picture of the graduate's own labour contract."""
    if slot not in PICTURES:
        raise Http404
    return files.respond(getattr(_own(request, pk), slot))
