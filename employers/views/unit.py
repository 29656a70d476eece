"""Pages of a unit: its values, its people, and the pictures and signature that each of them saves."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from codes import lookup
from core import files
from core.errors import DomainError
from core.forms import posted
from core.models import StoredFile
from employers.access import EmployerRequest, employer_view
from employers.actions import members, papers
from employers.forms import PapersForm, SignatureForm
from employers.models import Membership, UnitMember
from employers.queries import certificate_for


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
    """The saved picture in `slot`: the certificate, a side of the identity card, or the signature."""
    if slot == papers.CERTIFICATE:
        return certificate_for(member)
    return getattr(member, slot) if slot in (papers.SIGNATURE, "id_front", "id_back") else None


@employer_view
def picture(request: EmployerRequest, slot: str) -> HttpResponseBase:
    """The person's own picture in `slot`, or the unit's certificate if they may see it."""
    file = picture_of(request.member, slot)
    if file is None:
        raise Http404
    return files.respond(file)


@employer_view
def signature(request: EmployerRequest) -> HttpResponse:
    form = SignatureForm(posted(request), request.FILES)
    if form.is_valid():
        try:
            content = form.cleaned_data["signature"]
            papers.keep_signature(member=request.member, content=content)
            messages.success(request, "签名已保存，用于以后的邀约和修改；已签的协议不变。")
            return redirect("employer-signature")
        except DomainError as refusal:
            refusal.field = "signature"
            form.add_refusal(refusal)
    kept = request.member.signature
    if kept:
        form.fields["signature"].label = "重新书写"
    context = {"kept": kept, "form": form, "tab": "unit"}
    return render(request, "employers/signature.html", context, status=form.status)


@employer_view
def documents(request: EmployerRequest) -> HttpResponse:
    """Save pictures of certificate and identity card. A refused one does not keep the others from
    being saved."""
    form = _papers_form(request)
    if form.is_valid():
        for slot, content in dict(form.cleaned_data).items():
            try:
                if content:
                    papers.keep_paper(member=request.member, slot=slot, content=content)
            except DomainError as refusal:
                refusal.field = slot
                form.add_refusal(refusal)
        if not form.errors:
            messages.success(request, "材料已保存。")
            return redirect("employer-papers")
        request.member.refresh_from_db()
        form.show(_shown(request.member))
    context = {"form": form, "tab": "unit"}
    return render(request, "employers/papers.html", context, status=422 if form.errors else 200)


def _papers_form(request: EmployerRequest) -> PapersForm:
    member = request.member
    form = PapersForm(posted(request), request.FILES)
    form.show(_shown(member))
    if member.unit.certified_at is not None and member.state != Membership.VERIFIED:
        form.lock_certificate("单位已认证，由已认证的人员更换。")
    return form


def _shown(member: UnitMember) -> dict[str, str]:
    """The addresses of the saved pictures, by slot. Each contains the picture's id, so that the browser
    does not show an older one from its cache."""
    kept = {slot: picture_of(member, slot) for slot in papers.PAPERS}
    return {
        slot: f"{reverse('employer-picture', args=[slot])}?{file.pk}"
        for slot, file in kept.items()
        if file is not None
    }


@employer_view
def people(request: EmployerRequest) -> HttpResponse:
    # People whom nobody has verified come first, since "claimed" sorts before "verified".
    rows = _colleagues(request).order_by("state", "-id")
    context = {
        "present": [m for m in rows if m.state != Membership.ENDED],
        "gone": [m for m in rows if m.state == Membership.ENDED],
        "may": request.member.state == Membership.VERIFIED,
        "tab": "unit",
    }
    return render(request, "employers/members.html", context)


def _colleagues(request: EmployerRequest) -> QuerySet[UnitMember]:
    """The people that a person may see: verified people see everybody of the unit, others only
    themselves."""
    rows = UnitMember.objects.select_related("user").filter(unit=request.member.unit_id)
    if request.member.state != Membership.VERIFIED:
        rows = rows.filter(pk=request.member.pk)
    return rows


@employer_view
@require_POST
def verify_member(request: EmployerRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(_colleagues(request), pk=pk)
    return _run_action(request, members.verify_member, member, "已认证，可以看到单位的全部签约")


@employer_view
@require_POST
def end_member(request: EmployerRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(_colleagues(request), pk=pk)
    return _run_action(request, members.end_member, member, "的权限已结束；已签的协议不受影响")


def _run_action(
    request: EmployerRequest, act: Callable[..., UnitMember], member: UnitMember, said: str
) -> HttpResponse:
    try:
        act(member_id=member.pk, by=request.member)
        messages.success(request, f"{member.name}{said}。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-members")
