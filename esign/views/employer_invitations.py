"""The unit's invitations: the list, one invitation, and beginning a new one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from core import files
from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view, own_or_404
from employers.forms import ListSearchForm
from employers.pages import newest_page
from esign import terms
from esign.actions import base, invite, registered
from esign.employer_home import invitations_in
from esign.fields import IMAGES, SIGNATURE, STEPS, of_step
from esign.forms import GraduateIdentityForm
from esign.models import Agreement, Invitation
from esign.queries import INVITATION_BEGUN, invitations_of
from esign.states import InvitationState
from esign.steps import INVITATION

_RELATED = ("graduate__school", "graduate__cohort", "unit", "member__user")


@employer_view
def invitations(request: EmployerRequest) -> HttpResponse:
    rows = invitations_of(request.member).select_related(*_RELATED)
    search = ListSearchForm(request.GET)
    search.full_clean()  # what can't be read narrows nothing
    state, name = search.cleaned_data["state"], search.cleaned_data.get("q", "")
    if state in InvitationState.values:
        rows = invitations_in(rows, state)
    if name:
        rows = rows.filter(graduate__name__contains=name)
    page_rows, following = newest_page(rows, request)
    context = {
        "rows": [(i, terms.read(i.terms)["words"]) for i in page_rows],
        "following": following,
        "states": [("", "全部"), *InvitationState.choices],
        "state": state,
        "search": search,
        "narrowed": bool(state or name),
        "tab": "invitations",
    }
    return render(request, "esign/employer/invitations.html", context)


def _own(request: EmployerRequest, pk: int) -> Invitation:
    rows = Invitation.objects.select_related(*_RELATED)
    return own_or_404(request, rows, pk, begun_at=INVITATION_BEGUN)


@employer_view
def invitation(request: EmployerRequest, pk: int) -> HttpResponse:
    invitation = _own(request, pk)
    shown_terms = terms.read(invitation.terms)
    context = {
        "invitation": invitation,
        "said": shown_terms,
        "groups": [
            (s, [(f.label, shown_terms["words"].get(f.key, "")) for f in of_step(s)]) for s in STEPS
        ],
        "pictures": [*IMAGES.items(), (SIGNATURE, "手写签名")],
        "agreement": Agreement.objects.filter(invitation=invitation).first(),
        "may_withdraw": INVITATION.can("withdraw", base.invitation_facts(invitation), request.user),
        "tab": "invitations",
    }
    return render(request, "esign/employer/invitation.html", context)


@employer_view
@require_POST
def invitation_withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    try:
        invite.withdraw(invitation=_own(request, pk), by=request.user)
        messages.success(request, "邀约已撤回，毕业生会收到消息。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-invitation", pk=pk)


@employer_view
def invitation_picture(request: EmployerRequest, pk: int, slot: str) -> HttpResponseBase:
    invitation = _own(request, pk)
    if slot not in (*IMAGES, SIGNATURE):
        raise Http404
    return files.respond(getattr(invitation, slot))


@employer_view
def invite_new(request: EmployerRequest) -> HttpResponse:
    """Begin an invitation by naming the graduate. School, name and student number must all match."""
    form = GraduateIdentityForm(posted(request))
    if form.is_valid():
        try:
            draft = registered.begin_draft(
                member=request.member, address=client_address(request), **form.cleaned_data
            )
            return redirect("invite-step", key=draft.key, number=1)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "tab": "invitations"}
    return render(request, "esign/employer/invite_new.html", context, status=form.status)
