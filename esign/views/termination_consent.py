"""The sheet on which a side consents to a termination, for graduates and for units: what ends, a statement
to tick, and a one-time code to the person's own mobile number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.models import User
from accounts.throttle import client_address
from core.errors import DomainError
from core.masking import mask_phone
from employers.access import EmployerRequest, employer_view
from esign.actions import consent
from esign.actions.termination_base import termination_facts
from esign.forms import ConsentForm, consent_form
from esign.models import Agreement, Termination
from esign.states import TerminationState
from esign.termination_sheet import sheet_of
from esign.termination_steps import TAKE_BACK_PERIOD, TERMINATION, TerminationFacts, side_of
from esign.views import employer_agreements, phone_agreement
from esign.views.phone import post_or_page
from graduates.access import GraduateRequest, graduate_view


@dataclass(frozen=True)
class _Realm:
    """What differs between the graduate's pages and the unit's. `own` finds the person's agreement,
    `show_agreement` is its page with a refusal, `agreement` that page's URL name."""

    template: str
    tab: str
    own: Callable[[Any, int], Agreement]
    show_agreement: Callable[[Any, Agreement, DomainError], HttpResponse]
    agreement: str


def _phone_agreement(
    request: GraduateRequest, agreement: Agreement, refusal: DomainError
) -> HttpResponse:
    return phone_agreement.agreement_page(request, agreement, refusal.message, refusal.status)


_GRADUATE = _Realm(
    "esign/phone/consent.html", "register", phone_agreement.own_agreement, _phone_agreement, "agreement"
)  # fmt: skip
_UNIT = _Realm(
    "esign/employer/consent.html", "agreements", employer_agreements.own_agreement,
    employer_agreements.refused_page, "employer-agreement",
)  # fmt: skip
_Request = GraduateRequest | EmployerRequest


def _sheet(
    request: _Request,
    realm: _Realm,
    agreement: Agreement,
    refusal: DomainError | None = None,
    typed: dict[str, Any] | None = None,
) -> HttpResponse:
    """The sheet. `refusal` is what was refused, `typed` what came with the form. If nothing waits for
    this side's answer, the agreement's page says so."""
    facts, user = termination_facts(agreement), request.user
    obstacle = _obstacle(facts, user)
    if obstacle is not None and not _is_asked(facts, user):
        return realm.show_agreement(request, agreement, refusal or obstacle)
    sheet = sheet_of(agreement, facts.graduate, facts.open_termination, side_of(user))
    context = {
        "agreement": agreement,
        "t": facts.open_termination,
        "sheet": sheet,
        "obstacle": obstacle,
        "code_sent": obstacle is None and consent.code_is_open(facts, user),
        "code_typed": typed is not None,
        "mobile": mask_phone(consent.phone_of(facts, user)),
        "sign": consent_form(
            facts.open_termination.pk,
            sheet.statement,
            typed=typed or {},
            refusal=refusal if obstacle is None else None,
        ),
        "tab": realm.tab,
    }
    return render(request, realm.template, context, status=refusal.status if refusal else 200)


def _obstacle(facts: TerminationFacts, user: User) -> DomainError | None:
    """Why this person can't consent now; None when they can."""
    try:
        TERMINATION.check("consent", facts, user)
    except DomainError as refusal:
        return refusal
    return None


def _is_asked(facts: TerminationFacts, user: User) -> bool:
    """Whether a termination waits for this person's side, so that the sheet is theirs to read."""
    t = facts.termination
    if t is None or t.state != TerminationState.WAITING_OTHER:
        return False
    return t.started_by != side_of(user)


def _send_code(request: _Request, realm: _Realm, pk: int) -> HttpResponse:
    agreement, typed = realm.own(request, pk), _typed(request)
    try:
        consent.send_code(
            agreement=agreement,
            by=request.user,
            seen=typed["seen"],
            address=client_address(request),
        )
    except DomainError as refusal:
        return _sheet(request, realm, agreement, refusal)
    return _sheet(request, realm, agreement)


def _confirm(request: _Request, realm: _Realm, pk: int) -> HttpResponse:
    agreement, typed = realm.own(request, pk), _typed(request)
    try:
        done = consent.consent(
            agreement=agreement,
            by=request.user,
            address=client_address(request),
            agent=request.headers.get("User-Agent", ""),
            **typed,
        )
    except DomainError as refusal:
        sent_before = _consented_before(agreement, typed["seen"], request.user)
        if sent_before is None:
            return _sheet(request, realm, realm.own(request, pk), refusal, typed)
        done = sent_before
    at = done.consented_at or timezone.now()
    until = timezone.localtime(at + TAKE_BACK_PERIOD)
    messages.success(request, f"您已同意解约，{until:%H:%M}前可以撤回，之后转院系审核。")
    return redirect(realm.agreement, pk=pk)


def _consented_before(agreement: Agreement, seen: int, user: User) -> Termination | None:
    """The termination that the same form consented to when it was sent the first time."""
    rows = Termination.objects.filter(agreement=agreement, state=TerminationState.CONSENTED)
    return rows.exclude(started_by=side_of(user)).filter(pk=seen).first()


def _typed(request: _Request) -> dict[str, Any]:
    form = ConsentForm(request.POST)
    form.full_clean()
    return {key: form.cleaned_data.get(key, "") for key in ("seen", "has_read", "code")}


@graduate_view
def graduate_sheet(request: GraduateRequest, pk: int) -> HttpResponse:
    return _sheet(request, _GRADUATE, phone_agreement.own_agreement(request, pk))


@graduate_view
@post_or_page(phone_agreement.own_agreement, "agreement-consent", "#sign")
def graduate_code(request: GraduateRequest, pk: int) -> HttpResponse:
    return _send_code(request, _GRADUATE, pk)


@graduate_view
@post_or_page(phone_agreement.own_agreement, "agreement-consent", "#sign")
def graduate_confirm(request: GraduateRequest, pk: int) -> HttpResponse:
    return _confirm(request, _GRADUATE, pk)


@employer_view
def unit_sheet(request: EmployerRequest, pk: int) -> HttpResponse:
    return _sheet(request, _UNIT, employer_agreements.own_agreement(request, pk))


@employer_view
@post_or_page(employer_agreements.own_agreement, "employer-terminate-consent", "#sign")
def unit_code(request: EmployerRequest, pk: int) -> HttpResponse:
    return _send_code(request, _UNIT, pk)


@employer_view
@post_or_page(employer_agreements.own_agreement, "employer-terminate-consent", "#sign")
def unit_confirm(request: EmployerRequest, pk: int) -> HttpResponse:
    return _confirm(request, _UNIT, pk)
