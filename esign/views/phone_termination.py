"""The graduate ends an agreement, or answers the unit that wants to end it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError, Invalid
from core.models import StoredFile
from esign.actions import terminate
from esign.actions.terminate import MOST_MATERIALS
from esign.models import Agreement, SigningRules, TerminationMaterial
from esign.states import Ground, Side
from esign.termination_steps import TERMINATION
from esign.views.phone_agreement import agreement_page, own_agreement
from graduates.access import GraduateRequest, graduate_view
from schools.forms import Errors, errors_of, read_date, read_number

_ACTS = ("consent", "refuse", "withdraw", "upload_release")
_SAID = {
    "consent": "您已同意解约, 等待院系审核。",
    "refuse": "您没有同意解约, 协议继续有效。",
    "withdraw": "解约申请已撤回, 协议继续有效。",
    "upload_release": "盖章材料已提交, 学校会电话核实。",
}
# Pictures that came with a form which was refused stay good for so long.
_KEPT_FOR = 6 * 3600


@graduate_view
def start(request: GraduateRequest, pk: int) -> HttpResponse:
    """The request: why, since when the unit knows, and up to four pictures."""
    found = own_agreement(request, pk)
    errors, status, kept = Errors(), 200, [] if request.method == "GET" else _kept(request)
    try:
        TERMINATION.check("start_mutual", terminate.case_of(found), request.user)
    except DomainError as refusal:
        if _asked_already(found):  # the same form twice: it is done
            return redirect("agreement", pk=pk)
        return agreement_page(request, found, refusal.message, refusal.status)
    if request.method == "POST":
        try:
            kept = _take_in(request, found, kept)
            post = request.POST
            terminate.start(
                agreement=found,
                by=request.user,
                ground=post.get("ground", ""),
                reason=post.get("reason", ""),
                notified_on=read_date(post.get("notified_on", ""), "notified_on"),
                materials=kept,
            )
            messages.success(request, "解约申请已提交, 办结之前协议继续有效。")
            return redirect("agreement", pk=pk)
        except DomainError as refusal:
            errors, status = errors_of(refusal), refusal.status
    context = {
        "agreement": found,
        "grounds": Ground.choices,
        "mutual": Ground.MUTUAL,
        "rules": SigningRules.of(request.graduate.cohort),
        "typed": request.POST,
        "kept": len(kept),
        "kept_token": signing.dumps([f.pk for f in kept], salt=_salt(request)) if kept else "",
        "most": MOST_MATERIALS,
        "errors": errors,
        "tab": "register",
    }
    return render(request, "esign/phone/terminate.html", context, status=status)


def _asked_already(agreement: Agreement) -> bool:
    procedure = terminate.open_procedure(agreement)
    return procedure is not None and procedure.started_by == Side.GRADUATE


def _salt(request: GraduateRequest) -> str:
    return f"termination:{request.user.pk}"


def _kept(request: GraduateRequest) -> list[StoredFile]:
    """Pictures that an earlier, refused sending of this form brought."""
    if "drop" in request.POST:
        return []
    try:
        ids = signing.loads(request.POST.get("kept", ""), salt=_salt(request), max_age=_KEPT_FOR)
    except signing.BadSignature:
        return []
    rows = StoredFile.objects.filter(pk__in=ids, created_by_id=request.user.pk)
    return list(rows.filter(purpose="termination"))


def _take_in(
    request: GraduateRequest, agreement: Agreement, kept: list[StoredFile]
) -> list[StoredFile]:
    uploads = request.FILES.getlist("materials")
    if len(kept) + len(uploads) > MOST_MATERIALS:
        raise Invalid({"materials": [f"最多上传{MOST_MATERIALS}张材料, 请重新选择。"]})
    for upload in uploads:
        try:
            kept.append(terminate.keep(content=upload.read(), agreement=agreement, by=request.user))
        except DomainError as refusal:
            raise Invalid({"materials": [f"{upload.name}: {refusal.message}"]}) from refusal
    return kept


@graduate_view
@require_POST
def act(request: GraduateRequest, pk: int, action: str) -> HttpResponse:
    """Answer the unit's request, take the own one back, or bring the stamped release."""
    found = own_agreement(request, pk)
    if action not in _ACTS:
        raise Http404
    call: dict[str, Any] = {
        "agreement": found,
        "by": request.user,
        "seen": read_number(request.POST.get("seen", "")) or 0,
    }
    reason = request.POST.get("reason", "")
    try:
        match action:
            case "consent":
                terminate.consent(**call)
            case "refuse":
                terminate.refuse(**call, reason=reason)
            case "withdraw":
                terminate.withdraw(**call)
            case _:
                uploads = [f.read() for f in request.FILES.getlist("materials")]
                terminate.upload_release(**call, materials=uploads)
    except DomainError as refusal:
        found = own_agreement(request, pk)
        return agreement_page(
            request, found, refusal.message, refusal.status, typed_reason=reason, acting=action
        )
    messages.success(request, _SAID[action])
    return redirect("agreement", pk=pk)


@graduate_view
def material(request: GraduateRequest, pk: int) -> HttpResponseBase:
    """A picture the graduate brought; what the unit brought is for the school alone."""
    rows = TerminationMaterial.objects.select_related("file").filter(side=Side.GRADUATE)
    found = get_object_or_404(rows, pk=pk, termination__graduate=request.graduate)
    return files.respond(found.file)
