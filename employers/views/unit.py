"""The unit: what is known of it, its people, and what each of them keeps for the next signing."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from codes import lookup
from core import files
from core.errors import DomainError
from core.models import StoredFile
from employers.access import EmployerRequest, employer_view
from employers.actions import members as acts
from employers.actions import papers
from employers.models import Membership, UnitMember
from employers.queries import certificate_for
from schools.forms import Errors


@employer_view
def unit(request: EmployerRequest) -> HttpResponse:
    row = request.member.unit
    facts = [
        ("统一社会信用代码", row.code),
        ("单位性质", lookup.name("unit_property", row.unit_property)),
        ("单位行业", lookup.name("unit_industry", row.industry)),
        ("所在地", lookup.place_name(row.division)),
        ("地址", row.address),
    ]
    kept = [label for slot, label in papers.PAPERS.items() if picture_of(request.member, slot)]
    context = {"unit": row, "facts": facts, "kept": len(kept), "tab": "unit"}
    return render(request, "employers/unit.html", context)


def picture_of(member: UnitMember, slot: str) -> StoredFile | None:
    if slot == papers.CERTIFICATE:
        return certificate_for(member)
    return getattr(member, slot) if slot in (papers.SIGNATURE, "id_front", "id_back") else None


@employer_view
def picture(request: EmployerRequest, slot: str) -> HttpResponseBase:
    """Only one's own, and the unit's certificate as far as one may see it."""
    file = picture_of(request.member, slot)
    if file is None:
        raise Http404
    return files.respond(file)


def read_upload(upload: UploadedFile | None) -> bytes:
    """What was uploaded, and no more than tells that it is too large."""
    return upload.read(settings.EVIDENCE_MAX_UPLOAD + 1) if upload is not None else b""


@employer_view
def signature(request: EmployerRequest) -> HttpResponse:
    errors, status = Errors(), 200
    if request.method == "POST":
        try:
            content = read_upload(request.FILES.get(papers.SIGNATURE))
            papers.keep_signature(member=request.member, content=content)
            messages.success(request, "签名已保存, 用于以后的邀约和修改; 已签的协议不变。")
            return redirect("employer-signature")
        except DomainError as refusal:
            errors, status = {papers.SIGNATURE: [refusal.message]}, refusal.status
    context = {"kept": request.member.signature, "errors": errors, "tab": "unit"}
    return render(request, "employers/signature.html", context, status=status)


@employer_view
def documents(request: EmployerRequest) -> HttpResponse:
    """Certificate and identity card; a refused picture leaves the others in place."""
    errors = Errors()
    if request.method == "POST":
        for slot in papers.PAPERS:
            upload = request.FILES.get(slot)
            if upload is not None:
                content = read_upload(upload)
                try:
                    papers.keep_paper(member=request.member, slot=slot, content=content)
                except DomainError as refusal:
                    errors[slot] = [refusal.message]
        if not errors:
            messages.success(request, "材料已保存。")
            return redirect("employer-papers")
        request.member.refresh_from_db()
    member = request.member
    slots = [
        {
            "slot": slot,
            "label": label,
            "file": picture_of(member, slot),
            "errors": errors.get(slot, []),
            "locked": slot == papers.CERTIFICATE
            and member.unit.certified_at is not None
            and member.state != Membership.VERIFIED,
        }
        for slot, label in papers.PAPERS.items()
    ]
    context = {"slots": slots, "errors": errors, "tab": "unit"}
    return render(request, "employers/papers.html", context, status=422 if errors else 200)


@employer_view
def people(request: EmployerRequest) -> HttpResponse:
    # Whom nobody has confirmed yet comes first: the state's names are in that order.
    rows = _colleagues(request).order_by("state", "-id")
    context = {
        "present": [m for m in rows if m.state != Membership.ENDED],
        "gone": [m for m in rows if m.state == Membership.ENDED],
        "may": request.member.state == Membership.VERIFIED,
        "tab": "unit",
    }
    return render(request, "employers/members.html", context)


def _colleagues(request: EmployerRequest):  # type: ignore[no-untyped-def]
    """A verified person sees everybody of the unit, anybody else only themselves."""
    rows = UnitMember.objects.select_related("user").filter(unit=request.member.unit_id)
    if request.member.state != Membership.VERIFIED:
        rows = rows.filter(pk=request.member.pk)
    return rows


@employer_view
@require_POST
def verify_member(request: EmployerRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_colleagues(request), pk=pk)
    return _do(request, acts.verify, found, "已认证, 可以看到单位的全部签约")


@employer_view
@require_POST
def end_member(request: EmployerRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_colleagues(request), pk=pk)
    return _do(request, acts.end, found, "的权限已结束; 已签的协议不受影响")


def _do(
    request: EmployerRequest, act: Callable[..., UnitMember], found: UnitMember, said: str
) -> HttpResponse:
    try:
        act(member_id=found.pk, by=request.member)
        messages.success(request, f"{found.name}{said}。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-members")
