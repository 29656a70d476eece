"""From an application, or from a posting and a graduate met elsewhere, to an invitation to sign."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from core.errors import DomainError, Invalid
from core.forms import posted
from employers.access import EmployerRequest, employer_view
from esign.actions import registered
from esign.forms import GraduateIdentityForm
from recruiting.actions import offers
from recruiting.views.employer_applications import own_application
from recruiting.views.employer_postings import own_posting


@employer_view
@require_POST
def from_application(request: EmployerRequest, pk: int) -> HttpResponse:
    own_application(request, pk)
    try:
        draft = offers.begin_from_application(
            application_id=pk, member=request.member, address=client_address(request)
        )
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("employer-application", pk=pk)
    return redirect("invite-step", key=draft.key, number=1)


@employer_view
def from_posting(request: EmployerRequest, pk: int) -> HttpResponse:
    """Invite a graduate whom the unit met elsewhere. School, name and student number must match."""
    posting, form = own_posting(request, pk), GraduateIdentityForm(posted(request))
    if form.is_valid():
        try:
            graduate = registered.find_graduate(member=request.member, **form.cleaned_data)
            if graduate is None:
                raise Invalid({"": [registered.NOT_FOUND]})
            draft = offers.begin_from_posting(
                posting=posting, graduate=graduate, member=request.member,
                address=client_address(request),
            )  # fmt: skip
            return redirect("invite-step", key=draft.key, number=1)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"posting": posting, "form": form, "tab": "postings"}
    return render(request, "recruiting/employer/posting_invite.html", context, status=form.status)
