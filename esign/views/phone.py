"""The graduate's pages of card and invitations, and the list of agreements."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from core import files, pdf, rate
from core.errors import DomainError, NotPermitted
from core.forms import sent_picture
from core.masking import mask_phone
from employers.models import Membership
from esign import hooks, terms
from esign.actions import accept, base, cards
from esign.actions.reading import keep_signature
from esign.card_picture import card_picture as picture_of_card
from esign.forms import AnswerForm, SigningForm, signing_form
from esign.models import Agreement, Invitation, Reading
from esign.steps import INVITATION, InvitationFacts, acceptance_refusals, reading_left
from graduates.access import GraduateRequest, graduate_view

_View = Callable[[Any, int], HttpResponse]


def post_or_page(
    find: Callable[[Any, int], object], name: str, fragment: str = ""
) -> Callable[[_View], _View]:
    """A view that takes a POST and answers with a page. A GET, which a phone sends when it loads that
    answer again, goes to the page `name` of the same object, if `find` finds it."""

    def decorate(view: _View) -> _View:
        @functools.wraps(view)
        def checked(request: Any, pk: int) -> HttpResponse:
            if request.method == "POST":
                return view(request, pk)
            find(request, pk)
            return redirect(reverse(name, args=[pk]) + fragment)

        return checked

    return decorate


@graduate_view
def card(request: GraduateRequest) -> HttpResponse:
    """The graduate's own card, with buttons to save it as a picture, replace it and revoke it."""
    live_card = cards.live_card(request.graduate)
    context = {
        "card": live_card,
        "qr": pdf.qr_svg(_card_address(live_card.token)) if live_card else "",
        "address": _card_address(live_card.token) if live_card else "",
        "tab": "me",
    }
    return render(request, "esign/phone/card.html", context)


def _card_address(token: str) -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('card-landing', args=[token])}"


@graduate_view
def card_picture(request: GraduateRequest) -> HttpResponse:
    """The card as a picture, for sending it in a chat."""
    live_card = cards.live_card(request.graduate)
    if live_card is None:
        return redirect("card")
    content = picture_of_card(live_card, _card_address(live_card.token))
    response = HttpResponse(content, content_type="image/png")
    response["Content-Disposition"] = 'attachment; filename="card.png"'
    return response


@graduate_view
@require_POST
def card_new(request: GraduateRequest) -> HttpResponse:
    cards.new_card(graduate=request.graduate, by=request.user)
    messages.success(request, "新的二维码已生成，旧的二维码不能再使用。")
    return redirect("card")


@graduate_view
@require_POST
def card_revoke(request: GraduateRequest) -> HttpResponse:
    cards.revoke_cards(graduate=request.graduate, by=request.user)
    messages.success(request, "二维码已停用；已收到的邀约不受影响。")
    return redirect("card")


@graduate_view
def invitations(request: GraduateRequest) -> HttpResponse:
    rows = Invitation.objects.select_related("unit").filter(graduate=request.graduate)
    rows_with_words = [(i, terms.read(i.terms)["words"]) for i in rows.order_by("-id")[:100]]
    return render(
        request, "esign/phone/invitations.html", {"rows": rows_with_words, "tab": "register"}
    )


def _own(request: GraduateRequest, pk: int) -> Invitation:
    rows = Invitation.objects.select_related("unit", "member__user")
    return get_object_or_404(rows, pk=pk, graduate=request.graduate)


@graduate_view
def invitation(request: GraduateRequest, pk: int) -> HttpResponse:
    """The notice of an invitation. Opening it starts the reading time. The page lists what keeps the
    graduate from accepting."""
    return _notice(request, _own(request, pk))


def _notice(
    request: GraduateRequest,
    invitation: Invitation,
    error: str = "",
    status: int = 200,
    *,
    typed_code: str = "",
    refusal: DomainError | None = None,
    **more: Any,
) -> HttpResponse:
    """The page of an invitation. `refusal` is what was refused of signing; it is shown where the
    graduate signs, or at the top if they can't sign here. `error` is always shown at the top."""
    accept.open_notice(invitation=invitation, by=request.user)
    facts = base.invitation_facts(invitation)
    blocks = _refusals_besides_reading(facts, request) if facts.state == "sent" else []
    may_sign = facts.state == "sent" and not blocks
    if refusal is not None:
        status, error = refusal.status, "" if may_sign else refusal.message
    context = {
        "invitation": invitation,
        "code_sent": may_sign and accept.code_is_open(invitation),
        "said": terms.read(invitation.terms),
        "left": reading_left(facts.opened_at, facts.now) or 0,
        "blocks": blocks,
        "may_decline": INVITATION.can("decline", facts, request.user),
        "certified": invitation.unit.certified_at is not None
        and invitation.member.state == Membership.VERIFIED,
        "mobile": mask_phone(facts.graduate.mobile),
        "sign": signing_form(
            invitation.terms_hash,
            kept_id=facts.kept_signature_id,
            code=typed_code,
            refusal=refusal if may_sign else None,
        ),
        "decline": AnswerForm(label="原因（单位会看到）"),
        "agreement": Agreement.objects.filter(invitation=invitation).first(),
        "origins": list(filter(None, hooks.origin_of.run(invitation=invitation))),
        "unit_warnings": [
            words for told in hooks.unit_warnings.run(unit=invitation.unit) for words in told
        ],
        "error": error,
        "tab": "register",
        **more,
    }
    return render(request, "esign/phone/invitation.html", context, status=status)


def _refusals_besides_reading(
    facts: InvitationFacts, request: GraduateRequest
) -> list[DomainError]:
    """Why the graduate can't accept. The reading time is left out, since the page counts it down."""
    return [
        b for b in acceptance_refusals(facts, request.user) if b.code not in ("reading", "not_read")
    ]


@graduate_view
@post_or_page(_own, "invitation", "#sign")
def invitation_code(request: GraduateRequest, pk: int) -> HttpResponse:
    invitation = _own(request, pk)
    try:
        accept.send_code(invitation=invitation, by=request.user, address=client_address(request))
    except DomainError as refusal:
        return _notice(request, invitation, refusal=refusal)
    return _notice(request, invitation)


def what_was_signed(request: HttpRequest) -> dict[str, Any]:
    """The arguments of `accept` or `confirm` that a posted `SigningForm` and its request give: the
    terms' hash, the code, the signature or the id of the kept one, IP address and browser."""
    form = SigningForm(request.POST, request.FILES)
    form.full_clean()
    typed = form.cleaned_data
    return {
        "terms_hash": typed["terms_hash"],
        "code": typed.get("code", ""),
        "signature": typed.get("signature", b""),
        "kept_id": typed["kept"] or None,
        "address": client_address(request),
        "agent": request.headers.get("User-Agent", ""),
    }


@graduate_view
@post_or_page(_own, "invitation", "#sign")
def invitation_accept(request: GraduateRequest, pk: int) -> HttpResponse:
    invitation, signed = _own(request, pk), what_was_signed(request)
    try:
        agreement = accept.accept(invitation=invitation, by=request.user, **signed)
    except DomainError as refusal:
        again = {"code_typed": True, "typed_code": signed["code"]}
        return _notice(request, invitation, refusal=refusal, **again)
    messages.success(request, "签约成功，协议已生效。")
    return redirect("agreement", pk=agreement.pk)


@graduate_view
@post_or_page(_own, "invitation")
def invitation_decline(request: GraduateRequest, pk: int) -> HttpResponse:
    invitation, form = _own(request, pk), AnswerForm(request.POST)
    if not form.is_valid():
        return _notice(request, invitation, form.first_error, 422, declining=True)
    try:
        accept.decline(invitation=invitation, by=request.user, reason=form.cleaned_data["reason"])
    except DomainError as refusal:
        return _notice(request, invitation, refusal.message, refusal.status, declining=True)
    messages.success(request, "已谢绝，单位会收到您的答复。")
    return redirect("invitations")


@graduate_view
def invitation_picture(request: GraduateRequest, pk: int, slot: str) -> HttpResponseBase:
    """The unit's certificate or its person's signature. Identity cards are for the school only."""
    invitation = _own(request, pk)
    if slot not in ("certificate", "signature"):
        raise NotPermitted("slot", "没有查看此材料的权限。")
    return files.respond(getattr(invitation, slot))


@graduate_view
def own_signature(request: GraduateRequest, terms_hash: str) -> HttpResponseBase:
    """The signature that the graduate drew under terms they opened. The page's script posts it as soon
    as the pen is lifted."""
    rows = Reading.objects.select_related("signature", "graduate")
    reading = get_object_or_404(rows, graduate=request.graduate, terms_hash=terms_hash)
    if request.method != "POST":
        if reading.signature is None:
            raise Http404
        return files.respond(reading.signature)
    rate.limit(f"signature:{request.user.pk}", most=200, seconds=3600)
    try:
        kept = keep_signature(reading=reading, by=request.user, drawn=sent_picture(request))
    except DomainError as refusal:
        return JsonResponse({"error": refusal.message}, status=refusal.status)
    return JsonResponse({"id": kept.pk})


@graduate_view
def agreements(request: GraduateRequest) -> HttpResponse:
    rows = Agreement.objects.select_related("unit").filter(graduate=request.graduate)
    context = {"rows": rows.order_by("-id"), "tab": "register"}
    return render(request, "esign/phone/agreements.html", context)
