"""The graduate's pages of one agreement and of the changes that the unit proposes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.throttle import client_address
from core import files
from core.clock import database_now
from core.errors import DomainError
from core.masking import mask_phone
from esign import history, terms
from esign.actions import amend, documents, printing, termination_base
from esign.actions.reading import kept_signature_id, note_reading
from esign.forms import AnswerForm, StampedReleaseForm, signing_form
from esign.models import Agreement, Amendment, Termination
from esign.states import AmendmentState, Side, TerminationState
from esign.steps import opened_at, reading_left
from esign.termination_steps import TERMINATION, take_back_until
from esign.views.phone import post_or_page, what_was_signed
from graduates.access import GraduateRequest, graduate_view

_STARTS = ("start_mutual", "start_one_sided")
# What happens next with a termination, by its state and whether the graduate started it.
NEXT = {
    (TerminationState.WAITING_OTHER, True): "等待用人单位答复。单位同意后由院系、学校审核；不同意则申请结束。"
    "单位不答复不等于同意：超过答复期限，您可以上传加盖单位公章的解约材料，由学校电话核实。",
    (TerminationState.WAITING_OTHER, False): "单位申请协商解约，请您答复。同意须用短信验证码确认，"
    "之后由院系、学校审核；不同意则申请结束，协议照旧。",
    (TerminationState.CONSENTED, True): "单位已同意解约，一小时内单位还可以撤回同意，之后转院系审核。",
    (TerminationState.CONSENTED, False): "您已同意解约，一小时内可以撤回同意，之后转院系审核。",
    (TerminationState.WAITING_DEPARTMENT, True): "等待院系审核。",
    (TerminationState.WAITING_DEPARTMENT, False): "等待院系审核。",
    (TerminationState.WAITING_SCHOOL, True): "院系已同意，等待学校终审。",
    (TerminationState.WAITING_SCHOOL, False): "院系已同意，等待学校终审。",
    (TerminationState.AGREED, True): "协议已解约，可以重新签约或登记去向。",
    (TerminationState.AGREED, False): "协议已解约，可以重新签约或登记去向。",
}  # fmt: skip


def own_agreement(request: GraduateRequest, pk: int) -> Agreement:
    rows = Agreement.objects.select_related("unit", "invitation", "member__user")
    return get_object_or_404(rows, pk=pk, graduate=request.graduate)


@graduate_view
def agreement(request: GraduateRequest, pk: int) -> HttpResponse:
    return agreement_page(request, own_agreement(request, pk))


def agreement_page(
    request: GraduateRequest, agreement: Agreement, error: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """One agreement with everything that the graduate may do with it. `error` and `status` are those
    of a refusal, `more` is added to the template's context."""
    version = agreement.versions.get(number=agreement.version)
    last = agreement.terminations.order_by("-id").first()
    steps = {
        s.action: s
        for s in TERMINATION.available(termination_base.termination_facts(agreement), request.user)
    }
    context = {
        "agreement": agreement,
        "said": terms.read(version.terms),
        "why_not": printing.print_refusal(agreement),
        "print_address": f"{settings.PUBLIC_ORIGIN}{reverse('print')}",
        "document": documents.current_document(agreement),
        "pending": agreement.amendments.filter(state=AmendmentState.PROPOSED).first(),
        "t": last,
        "t_next": next_words(last),
        "take_back_until": take_back_until(last),
        "materials": last.materials.filter(side=Side.GRADUATE) if last else [],
        "others": last is not None and last.materials.filter(side=Side.EMPLOYER).exists(),
        "conclusions": agreement.conclusions.order_by("-id")[:5],
        "can": steps,
        "may_start": any(action in steps for action in _STARTS),
        "prints": agreement.prints.order_by("-id")[:20],
        "printed": agreement.prints.count(),
        "history": history.for_parties(agreement),
        "error": error,
        "refuse": AnswerForm(
            label="不同意的原因（单位会看到）", initial={"reason": more.pop("typed_reason", "")}
        ),
        "release": StampedReleaseForm(),
        "tab": "register",
        **more,
    }
    return render(request, "esign/phone/agreement.html", context, status=status)


def next_words(termination: Termination | None) -> str:
    """What happens next with a termination, as a sentence for the graduate."""
    if termination is None:
        return ""
    mine = termination.started_by == Side.GRADUATE
    return NEXT.get((TerminationState(termination.state), mine), "协议继续有效。")


@graduate_view
def agreement_pdf(request: GraduateRequest, pk: int) -> HttpResponseBase:
    document = printing.hand_out(agreement=own_agreement(request, pk), by=request.user)
    return files.respond(document.made_file, download=True)


def _own_amendment(request: GraduateRequest, pk: int) -> Amendment:
    rows = Amendment.objects.select_related("agreement__unit", "member__user")
    return get_object_or_404(rows, pk=pk, agreement__graduate=request.graduate)


@graduate_view
def amendment(request: GraduateRequest, pk: int) -> HttpResponse:
    """A proposed change, old and new side by side. Opening it starts the reading time."""
    return _amendment(request, _own_amendment(request, pk))


def _amendment(
    request: GraduateRequest,
    amendment: Amendment,
    error: str = "",
    status: int = 200,
    *,
    typed_code: str = "",
    refusal: DomainError | None = None,
    **more: Any,
) -> HttpResponse:
    """The page of a proposed change. `refusal` is what was refused of signing; it is shown where the
    graduate signs, or at the top if they can't sign here. `error` is always shown at the top."""
    waits = amendment.state == AmendmentState.PROPOSED
    if waits:
        note_reading(graduate=request.graduate, terms_hash=amendment.terms_hash, by=request.user)
    present = amendment.agreement.versions.get(number=amendment.agreement.version)
    kept_id = kept_signature_id(request.graduate.pk, amendment.terms_hash) if waits else None
    obstacle = amend.confirmation_refusal(amendment, request.user) if waits else None
    may_sign = waits and obstacle is None
    if refusal is not None:
        status, error = refusal.status, "" if may_sign else refusal.message
    context = {
        "amendment": amendment,
        "code_sent": may_sign and amend.code_is_open(amendment),
        "agreement": amendment.agreement,
        "waits": waits,
        "changes": terms.difference(present.terms, amendment.terms) if waits else [],
        "said": terms.read(amendment.terms),
        "left": reading_left(opened_at(request.graduate.pk, amendment.terms_hash), database_now())
        or 0,
        "obstacle": obstacle,
        "mobile": mask_phone(request.graduate.mobile),
        "sign": signing_form(
            amendment.terms_hash,
            kept_id=kept_id,
            code=typed_code,
            refusal=refusal if may_sign else None,
        ),
        "error": error,
        "tab": "register",
        **more,
    }
    return render(request, "esign/phone/amendment.html", context, status=status)


@graduate_view
@post_or_page(_own_amendment, "amendment", "#sign")
def amendment_code(request: GraduateRequest, pk: int) -> HttpResponse:
    amendment = _own_amendment(request, pk)
    try:
        amend.send_code(amendment=amendment, by=request.user, address=client_address(request))
    except DomainError as refusal:
        return _amendment(request, _own_amendment(request, pk), refusal=refusal)
    return _amendment(request, amendment)


@graduate_view
@post_or_page(_own_amendment, "amendment", "#sign")
def amendment_confirm(request: GraduateRequest, pk: int) -> HttpResponse:
    amendment, signed = _own_amendment(request, pk), what_was_signed(request)
    try:
        amend.confirm(amendment=amendment, by=request.user, **signed)
    except DomainError as refusal:
        amendment = _own_amendment(request, pk)
        if amendment.state != AmendmentState.CONFIRMED:  # otherwise the form was sent twice
            again = {"code_typed": True, "typed_code": signed["code"]}
            return _amendment(request, amendment, refusal=refusal, **again)
    messages.success(request, "已确认，新的签约信息已生效，学校会重新审核。")
    return redirect("agreement", pk=amendment.agreement_id)


@graduate_view
@post_or_page(_own_amendment, "amendment")
def amendment_refuse(request: GraduateRequest, pk: int) -> HttpResponse:
    amendment = _own_amendment(request, pk)
    try:
        amend.refuse(amendment=amendment, by=request.user)
    except DomainError as refusal:
        amendment = _own_amendment(request, pk)
        if amendment.state != AmendmentState.REFUSED:
            return _amendment(request, amendment, refusal.message, refusal.status)
    messages.success(request, "没有同意修改，原协议不变。")
    return redirect("agreement", pk=amendment.agreement_id)
