"""The graduate's pages: card, invitations, the notice, the list of agreements."""

from __future__ import annotations

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
from esign import terms
from esign.actions import accept, base, cards
from esign.actions.reading import keep_signature
from esign.forms import AnswerForm, SigningForm, signing_form
from esign.models import Agreement, Invitation, Reading
from esign.steps import INVITATION, Case, reading_left, what_blocks
from graduates.access import GraduateRequest, graduate_view


@graduate_view
def card(request: GraduateRequest) -> HttpResponse:
    """The own 二维码名片: shown, sent as a picture, replaced, stopped."""
    found = cards.live_card(request.graduate)
    context = {
        "card": found,
        "qr": pdf.qr_svg(_address(found.token)) if found else "",
        "address": _address(found.token) if found else "",
        "tab": "me",
    }
    return render(request, "esign/phone/card.html", context)


def _address(token: str) -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('card-landing', args=[token])}"


@graduate_view
def card_picture(request: GraduateRequest) -> HttpResponse:
    """The QR as an image, to send in a chat."""
    found = cards.live_card(request.graduate)
    if found is None:
        return redirect("card")
    response = HttpResponse(pdf.qr_png(_address(found.token)), content_type="image/png")
    response["Content-Disposition"] = 'attachment; filename="card.png"'
    response["Cache-Control"] = "private, no-store"
    return response


@graduate_view
@require_POST
def card_new(request: GraduateRequest) -> HttpResponse:
    cards.new_card(graduate=request.graduate, by=request.user)
    messages.success(request, "新的二维码已生成, 旧的二维码不能再使用。")
    return redirect("card")


@graduate_view
@require_POST
def card_revoke(request: GraduateRequest) -> HttpResponse:
    cards.revoke_cards(graduate=request.graduate, by=request.user)
    messages.success(request, "二维码已停用; 已收到的邀约不受影响。")
    return redirect("card")


@graduate_view
def invitations(request: GraduateRequest) -> HttpResponse:
    rows = Invitation.objects.select_related("unit").filter(graduate=request.graduate)
    cases = [(i, terms.read(i.terms)["words"]) for i in rows.order_by("-id")[:100]]
    return render(request, "esign/phone/invitations.html", {"rows": cases, "tab": "register"})


def _own(request: GraduateRequest, pk: int) -> Invitation:
    rows = Invitation.objects.select_related("unit", "member__user")
    return get_object_or_404(rows, pk=pk, graduate=request.graduate)


@graduate_view
def invitation(request: GraduateRequest, pk: int) -> HttpResponse:
    """The notice. Opening it starts the reading time; what stands in the way is listed."""
    return _notice(request, _own(request, pk))


def _notice(
    request: GraduateRequest,
    found: Invitation,
    error: str = "",
    status: int = 200,
    typed_code: str = "",
    **more: Any,
) -> HttpResponse:
    accept.open_notice(invitation=found, by=request.user)
    case = base.case_of(found)
    blocks = _waiting_for(case, request) if case.state == "sent" else []
    context = {
        "invitation": found,
        "said": terms.read(found.terms),
        "left": reading_left(case.invitation.opened_at, case.now) or 0,
        "blocks": blocks,
        "may_decline": INVITATION.can("decline", case, request.user),
        "certified": found.unit.certified_at is not None
        and found.member.state == Membership.VERIFIED,
        "mobile": mask_phone(case.graduate.mobile),
        "sign": signing_form(found.terms_hash, drawn=case.invitation.drawn, code=typed_code),
        "decline": AnswerForm(label="原因(单位会看到)"),
        "agreement": Agreement.objects.filter(invitation=found).first(),
        "error": error,
        "tab": "register",
        **more,
    }
    return render(request, "esign/phone/invitation.html", context, status=status)


def _waiting_for(case: Case, request: GraduateRequest) -> list[DomainError]:
    """What blocks beside the reading time, which the page counts down itself."""
    return [b for b in what_blocks(case, request.user) if b.code not in ("reading", "not_read")]


@graduate_view
@require_POST
def invitation_code(request: GraduateRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    try:
        accept.send_code(invitation=found, by=request.user, address=client_address(request))
    except DomainError as refusal:
        # Asked for again too soon: the code that was sent wants a field to be typed into.
        sent = refusal.code == "code_pause"
        return _notice(request, found, refusal.message, refusal.status, code_sent=sent)
    messages.success(request, "验证码已发送到您的手机。")
    return _notice(request, found, code_sent=True)


def what_was_signed(request: HttpRequest) -> dict[str, Any]:
    """What the form under some terms says, and from where: terms, code, and the drawing or the
    number of the kept one (a number that is none names nothing)."""
    form = SigningForm(request.POST, request.FILES)
    form.full_clean()
    typed = form.cleaned_data
    return {
        "terms_hash": typed["terms_hash"],
        "code": typed.get("code", ""),
        "signature": typed.get("signature", b""),
        "kept": typed["kept"] or None,
        "address": client_address(request),
        "agent": request.headers.get("User-Agent", ""),
    }


@graduate_view
@require_POST
def invitation_accept(request: GraduateRequest, pk: int) -> HttpResponse:
    found, signed = _own(request, pk), what_was_signed(request)
    try:
        made = accept.accept(invitation=found, by=request.user, **signed)
    except DomainError as refusal:
        again = {"code_sent": True, "typed_code": signed["code"]}
        return _notice(request, found, refusal.message, refusal.status, **again)
    messages.success(request, "签约成功, 协议已生效。")
    return redirect("agreement", pk=made.pk)


@graduate_view
@require_POST
def invitation_decline(request: GraduateRequest, pk: int) -> HttpResponse:
    found, form = _own(request, pk), AnswerForm(request.POST)
    if not form.is_valid():
        return _notice(request, found, form.first_error, 422, declining=True)
    try:
        accept.decline(invitation=found, by=request.user, reason=form.cleaned_data["reason"])
    except DomainError as refusal:
        return _notice(request, found, refusal.message, refusal.status, declining=True)
    messages.success(request, "已谢绝, 单位会收到您的答复。")
    return redirect("invitations")


@graduate_view
def invitation_picture(request: GraduateRequest, pk: int, slot: str) -> HttpResponseBase:
    """The unit's certificate and its person's signature; identity cards are for reviewers."""
    found = _own(request, pk)
    if slot not in ("certificate", "signature"):
        raise NotPermitted("slot", "没有查看此材料的权限。")
    return files.respond(getattr(found, slot))


@graduate_view
def own_signature(request: GraduateRequest, terms_hash: str) -> HttpResponseBase:
    """What the graduate drew under terms they opened: kept as soon as the pen is lifted."""
    rows = Reading.objects.select_related("signature", "graduate")
    found = get_object_or_404(rows, graduate=request.graduate, terms_hash=terms_hash)
    if request.method != "POST":
        if found.signature is None:
            raise Http404
        return files.respond(found.signature)
    rate.limit(f"ink:{request.user.pk}", most=200, seconds=3600)
    try:
        kept = keep_signature(reading=found, by=request.user, drawn=sent_picture(request))
    except DomainError as refusal:
        return JsonResponse({"error": refusal.message}, status=refusal.status)
    return JsonResponse({"id": kept.pk})


@graduate_view
def agreements(request: GraduateRequest) -> HttpResponse:
    rows = Agreement.objects.select_related("unit").filter(graduate=request.graduate)
    context = {"rows": rows.order_by("-id"), "tab": "register"}
    return render(request, "esign/phone/agreements.html", context)
