"""认证公函 on the unit's side: prefilled template, upload, state; and the way back for who lost
the account."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from accounts.throttle import client_address
from codes import lookup
from core import files, pdf
from core.errors import DomainError
from core.models import StoredFile
from core.rate import limit
from employers.access import EmployerRequest, employer_view
from employers.actions import letters
from employers.models import Letter, LetterKind, LetterState, UnitMember
from employers.views.unit import read_upload
from schools.forms import Errors, FormField, errors_of, items

_TEMPLATE = "employers/letter_pdf.html"
_UNIT_CODE = FormField(
    "unit_code", "统一社会信用代码", max_length=18, hint="18位, 营业执照或法人证书上的代码"
)
_NAME = FormField("name", "新的帐号管理者姓名", max_length=40, hint="与公函、身份证一致")
_MOBILE = FormField("mobile", "新的手机号码", "mobile", max_length=11)


@employer_view
def letter(request: EmployerRequest) -> HttpResponse:
    member, errors, status = request.member, Errors(), 200
    kinds = _kinds(member)
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        try:
            scan = read_upload(request.FILES.get("scan"))
            letters.submit(member=member, kind=kind, scan=scan)
            messages.success(request, "公函已提交, 审核结果会以短信和消息告知。")
            return redirect("employer-letter")
        except DomainError as refusal:
            errors, status = _placed(refusal), refusal.status
    rows = _own(member).order_by("-id")[:20]
    context = {
        "rows": rows,
        "waiting": any(r.state in (LetterState.WAITING, LetterState.SECOND) for r in rows),
        "kinds": kinds,
        "kind": request.POST.get("kind") or (kinds[0][0] if kinds else ""),
        "errors": errors,
        "tab": "unit",
    }
    return render(request, "employers/letter.html", context, status=status)


def _kinds(member: UnitMember) -> list[tuple[str, str]]:
    """What a letter could still change for this person."""
    found = []
    for kind in (LetterKind.CERTIFY, LetterKind.MANAGER):
        try:
            letters.check_needed(member, member.unit, kind)
        except DomainError:
            continue
        found.append((str(kind), str(kind.label)))
    return found


def _own(member: UnitMember):  # type: ignore[no-untyped-def]
    return Letter.objects.filter(member=member).select_related("scan")


@employer_view
def letter_scan(request: EmployerRequest, pk: int) -> HttpResponseBase:
    return files.respond(get_object_or_404(_own(request.member), pk=pk).scan)


@employer_view
def letter_template(request: EmployerRequest) -> HttpResponse:
    """The letter with everything known filled in, to print, sign and stamp."""
    limit(f"letter-template:{request.user.pk}", most=30, seconds=3600)
    member = request.member
    unit = member.unit
    context = {
        "unit_name": unit.name,
        "unit_code": unit.code,
        "address": f"{lookup.place_name(unit.division)}{unit.address}",
        "name": member.name,
        "mobile": member.user.login,
        "id_front": _inline(member.id_front),
        "id_back": _inline(member.id_back),
        "today": timezone.localdate(),
    }
    return _as_pdf(pdf.render(_TEMPLATE, context))


@functools.lru_cache(maxsize=1)
def _blank() -> bytes:
    return pdf.render(_TEMPLATE, {})


def blank_template(request: HttpRequest) -> HttpResponse:
    """The same with nothing filled in, for who can't sign in; made once a process."""
    limit(f"letter-blank:{client_address(request)}", most=60, seconds=3600)
    return _as_pdf(_blank())


def _as_pdf(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="letter.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _inline(file: StoredFile | None) -> str:
    if file is None:
        return ""
    with files.open_file(file) as f:
        return pdf.data_address(f.read(), file.content_type)


@never_cache
def recover(request: HttpRequest) -> HttpResponse:
    """A lost account: unit, new mobile proved by code, stamped scan. Two people will review it."""
    post, errors, status, asked = request.POST, Errors(), 200, "code" in request.POST
    if request.method == "POST":
        address = client_address(request)
        try:
            limit(f"recover:{address}", most=30, seconds=3600)
            if "send" in post:
                letters.send_recovery_code(
                    unit_code=post.get("unit_code", ""), mobile=post.get("mobile", ""),
                    address=address,
                )  # fmt: skip
                asked = True
                messages.success(request, "验证码已发送。")
            else:
                _hand_in(request, address)
                return redirect("employer-recover-sent")
        except DomainError as refusal:
            errors, status = _placed(refusal), refusal.status
    typed: dict[str, Any] = post.dict()
    context = {
        "items": items((_UNIT_CODE, _NAME, _MOBILE), typed, errors),
        "typed": typed, "errors": errors, "asked": asked,
    }  # fmt: skip
    return render(request, "employers/recover.html", context, status=status)


def _hand_in(request: HttpRequest, address: str) -> None:
    post = request.POST
    letters.submit_recovery(
        unit_code=post.get("unit_code", ""),
        name=post.get("name", ""),
        mobile=post.get("mobile", ""),
        code=post.get("code", ""),
        scan=read_upload(request.FILES.get("scan")),
        address=address,
    )


def _placed(refusal: DomainError) -> Errors:
    """A picture that was refused is named beside its field."""
    found = errors_of(refusal)
    if "" in found and refusal.code.startswith(("image", "not_image")):
        found["scan"] = found.pop("")
    return found


def recover_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "employers/recover_sent.html")
