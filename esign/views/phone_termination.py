"""Terminations on the graduate's pages: asking for one, answering the unit's, and the pictures."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError, Invalid
from core.forms import PlatformForm, posted
from core.models import StoredFile
from esign.actions import consent, terminate, termination_base
from esign.actions.terminate import MOST_MATERIALS
from esign.forms import AnswerForm, StampedReleaseForm, TerminationForm
from esign.models import Agreement, SigningRules, TerminationMaterial
from esign.states import Side
from esign.termination_steps import TERMINATION
from esign.views.phone_agreement import agreement_page, own_agreement
from graduates.access import GraduateRequest, graduate_view

_ACTS = ("take_back", "refuse", "withdraw", "upload_release")
_SAID = {
    "take_back": "您已撤回同意，协议继续有效，请重新答复。",
    "refuse": "您没有同意解约，协议继续有效。",
    "withdraw": "解约申请已撤回，协议继续有效。",
    "upload_release": "盖章材料已提交，学校会电话核实。",
}
# For how many seconds pictures are kept that came with a refused form.
_KEPT_FOR = 6 * 3600


@graduate_view
def start(request: GraduateRequest, pk: int) -> HttpResponse:
    """The form that asks for a termination."""
    agreement = own_agreement(request, pk)
    form, rules = TerminationForm(posted(request), request.FILES), _rules(request)
    form.fields["ground"].help_text = (
        f"协商一致：单位在 {rules.silence_days} 天内答复。第五、六条为单方解约：须已书面告知单位并"
        "上传证明，直接由院系、学校审核。"
    )
    kept = _kept(request, form)
    try:
        TERMINATION.check(
            "start_mutual", termination_base.termination_facts(agreement), request.user
        )
    except DomainError as refusal:
        if _has_asked(agreement):  # the form was sent twice
            return redirect("agreement", pk=pk)
        return agreement_page(request, agreement, refusal.message, refusal.status)
    if form.is_bound:
        form.full_clean()
        typed = form.cleaned_data
        try:
            # Pictures are kept even if something else is wrong, so that nobody chooses them twice.
            kept = _keep_pictures(request, agreement, kept, typed.get("materials", []))
            if form.is_valid():
                terminate.start(
                    agreement=agreement,
                    by=request.user,
                    ground=typed["ground"],
                    reason=typed["reason"],
                    notified_on=typed["notified_on"],
                    materials=kept,
                )
                messages.success(request, "解约申请已提交，办结之前协议继续有效。")
                return redirect("agreement", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    token = signing.dumps([f.pk for f in kept], salt=_salt(request)) if kept else ""
    form.show_kept(token, len(kept))
    context = {
        "agreement": agreement,
        "rules": rules,
        "form": form,
        "kept": len(kept),
        "most": MOST_MATERIALS,
        "tab": "register",
    }
    return render(request, "esign/phone/terminate.html", context, status=form.status)


def _rules(request: GraduateRequest) -> SigningRules:
    return SigningRules.of(request.graduate.cohort)


def _has_asked(agreement: Agreement) -> bool:
    termination = termination_base.open_termination(agreement)
    return termination is not None and termination.started_by == Side.GRADUATE


def _salt(request: GraduateRequest) -> str:
    return f"termination:{request.user.pk}"


def _kept(request: GraduateRequest, form: TerminationForm) -> list[StoredFile]:
    """The pictures that came with the form before, when it was refused."""
    if form["drop"].value():
        return []
    token = str(form["kept"].value() or "")
    try:
        ids = signing.loads(token, salt=_salt(request), max_age=_KEPT_FOR)
    except signing.BadSignature:
        return []
    rows = StoredFile.objects.filter(pk__in=ids, created_by_id=request.user.pk)
    return list(rows.filter(purpose="termination"))


def _keep_pictures(
    request: GraduateRequest,
    agreement: Agreement,
    kept: list[StoredFile],
    uploads: list[UploadedFile],
) -> list[StoredFile]:
    """`kept` with the uploaded pictures added. Raises `Invalid` for too many or for a refused one."""
    if len(kept) + len(uploads) > MOST_MATERIALS:
        raise Invalid({"materials": [f"最多上传{MOST_MATERIALS}张材料，请重新选择。"]})
    for upload in uploads:
        try:
            kept += terminate.keep_material(
                content=upload.read(), agreement=agreement, by=request.user
            )
        except DomainError as refusal:
            raise Invalid({"materials": [f"{upload.name}：{refusal.message}"]}) from refusal
    if len(kept) > MOST_MATERIALS:
        del kept[MOST_MATERIALS:]
        raise Invalid(
            {"materials": [f"每页算一张，最多上传{MOST_MATERIALS}张材料，多出的没有保留。"]}
        )
    return kept


@graduate_view
@require_POST
def act(request: GraduateRequest, pk: int, action: str) -> HttpResponse:
    """Answer the unit's request, withdraw one's own, or upload the unit's stamped release."""
    agreement = own_agreement(request, pk)
    if action not in _ACTS:
        raise Http404
    form: PlatformForm = AnswerForm(request.POST)
    if action == "upload_release":
        form = StampedReleaseForm(request.POST, request.FILES)
    if not form.is_valid():
        return agreement_page(request, agreement, form.first_error, 422, acting=action)
    typed = form.cleaned_data
    call: dict[str, Any] = {"agreement": agreement, "by": request.user, "seen": typed["seen"]}
    reason = typed.get("reason", "")
    try:
        match action:
            case "take_back":
                consent.take_back(**call)
            case "refuse":
                terminate.refuse(**call, reason=reason)
            case "withdraw":
                terminate.withdraw(**call)
            case _:
                terminate.upload_release(**call, materials=typed["materials"])
    except DomainError as refusal:
        agreement = own_agreement(request, pk)
        return agreement_page(
            request, agreement, refusal.message, refusal.status, typed_reason=reason, acting=action
        )
    messages.success(request, _SAID[action])
    return redirect("agreement", pk=pk)


@graduate_view
def material(request: GraduateRequest, pk: int) -> HttpResponseBase:
    """A picture that the graduate brought. The unit's pictures are for the school only."""
    rows = TerminationMaterial.objects.select_related("file").filter(side=Side.GRADUATE)
    picture = get_object_or_404(rows, pk=pk, termination__graduate=request.graduate)
    return files.respond(picture.file)
