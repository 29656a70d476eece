"""The unit says that a labour contract followed an agreement, and may take that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view
from esign.actions import conclude
from esign.actions.conclude import PICTURES
from esign.conclusion_steps import CONCLUSION
from esign.forms import AnswerForm, ConclusionForm
from esign.models import Agreement, Conclusion
from esign.states import Proposer
from esign.views.conclusion_form import propose_as_typed
from esign.views.employer_agreements import own_agreement, refused_page


@employer_view
def start(request: EmployerRequest, pk: int) -> HttpResponse:
    agreement = own_agreement(request, pk)
    form, refusal = ConclusionForm(posted(request), request.FILES), _why_not(request, agreement)
    if refusal is not None and form.is_bound:
        open_one = conclude.open_conclusion(agreement)
        if open_one is not None and open_one.proposed_by_user_id == request.user.pk:
            return redirect("employer-agreement", pk=pk)  # the form was sent twice
    if refusal is None and form.is_bound and propose_as_typed(form, agreement, request.user):
        messages.success(request, "已提交，等待毕业生确认；确认之前协议继续有效。")
        return redirect("employer-agreement", pk=pk)
    context = {
        "agreement": agreement,
        "refusal": refusal,
        "form": form,
        "tab": "agreements",
    }
    status = form.status if refusal is None or not form.is_bound else refusal.status
    return render(request, "esign/employer/conclude.html", context, status=status)


def _why_not(request: EmployerRequest, agreement: Agreement) -> DomainError | None:
    """Why the unit can't propose it now; None if it can."""
    try:
        CONCLUSION.check("propose", conclude.conclusion_facts(agreement), request.user)
    except DomainError as refusal:
        return refusal
    return None


@employer_view
@require_POST
def withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    agreement = own_agreement(request, pk)
    form = AnswerForm(request.POST, star=False)
    form.full_clean()
    try:
        conclude.withdraw(
            agreement=agreement, by=request.user, seen=form.cleaned_data.get("seen", 0)
        )
    except DomainError as refusal:
        return refused_page(request, agreement, refusal)
    messages.success(request, "已撤回，就业协议继续有效。")
    return redirect("employer-agreement", pk=pk)


@employer_view
def picture(request: EmployerRequest, pk: int, conclusion_id: int, slot: str) -> HttpResponseBase:
    """A picture that the unit uploaded. What the school uploaded is for the school and the graduate."""
    if slot not in PICTURES:
        raise Http404
    rows = Conclusion.objects.filter(
        agreement=own_agreement(request, pk), proposed_by=Proposer.EMPLOYER
    )
    return files.respond(getattr(get_object_or_404(rows, pk=conclusion_id), slot))
