"""Certification letters (认证公函) on the unit's pages: the prefilled letter, the upload, the result, and
the recovery of a lost account."""

from __future__ import annotations

import functools

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from codes import lookup
from core import files, pdf
from core.errors import DomainError
from core.forms import posted, pressed
from core.models import StoredFile
from core.rate import limit
from employers.access import EmployerRequest, employer_view
from employers.actions import letters
from employers.forms import LetterForm, ObjectionForm, RecoverForm
from employers.letter_steps import objection_ends
from employers.models import Letter, LetterKind, UnitMember
from employers.queries import OPEN_LETTER

_TEMPLATE = "employers/letter_pdf.html"


@employer_view
def letter(request: EmployerRequest) -> HttpResponse:
    member = request.member
    form = LetterForm(posted(request), request.FILES, kinds=_kinds(member))
    if form.is_valid():
        try:
            letters.submit(member=member, **form.cleaned_data)
            messages.success(request, "公函已提交，审核结果会以短信和消息告知。")
            return redirect("employer-letter")
        except DomainError as refusal:
            form.add_refusal(_at_scan_field(refusal))
    return _letter_page(request, form)


@employer_view
@require_POST
def object_to(request: EmployerRequest, pk: int) -> HttpResponse:
    """Object to a letter that would end somebody's rights."""
    get_object_or_404(letters.takeovers_told_to(request.member), pk=pk)
    form = ObjectionForm(request.POST, auto_id=_of_letter(pk))
    if form.is_valid():
        try:
            letters.raise_objection(letter_id=pk, by=request.member, **form.cleaned_data)
            messages.success(request, "异议已提交，省级审核人会核实。")
            return redirect("employer-letter")
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _letter_page(
        request, LetterForm(kinds=_kinds(request.member)), objection=form, objected=pk
    )


def _of_letter(pk: int) -> str:
    """The ids of the fields of one letter's form; a page has a form for each letter."""
    return f"letter-{pk}-%s"


def _letter_page(
    request: EmployerRequest,
    form: LetterForm,
    *,
    objection: ObjectionForm | None = None,
    objected: int = 0,
) -> HttpResponse:
    """The page of letters. `objection` is the form that was filled in about the letter `objected`."""
    member = request.member
    rows = _own(member).order_by("-id")[:20]
    takeovers = [
        (
            found,
            objection
            if objection and found.pk == objected
            else ObjectionForm(auto_id=_of_letter(found.pk)),
        )
        for found in letters.letters_to_object(member)
    ]
    context = {
        "rows": rows,
        "waiting": any(r.state in OPEN_LETTER for r in rows),
        "kinds": _kinds(member),
        "form": form,
        "takeovers": [(found, form_of, objection_ends(found)) for found, form_of in takeovers],
        "tab": "unit",
    }
    status = objection.status if objection else form.status
    return render(request, "employers/letter.html", context, status=status)


def _kinds(member: UnitMember) -> list[LetterKind]:
    """The kinds of letter that would still change something for this person."""
    needed = []
    for kind in (LetterKind.CERTIFY, LetterKind.MANAGER):
        try:
            letters.check_letter_needed(member, member.unit, kind)
        except DomainError:
            continue
        needed.append(kind)
    return needed


def _own(member: UnitMember) -> QuerySet[Letter]:
    return Letter.objects.filter(member=member).select_related("scan")


@employer_view
def letter_scan(request: EmployerRequest, pk: int) -> HttpResponseBase:
    return files.respond(get_object_or_404(_own(request.member), pk=pk).scan)


@employer_view
def letter_template(request: EmployerRequest) -> HttpResponse:
    """The letter as a PDF with everything known filled in, to be printed, signed and stamped."""
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
    """The empty letter as a PDF, for people who can't sign in. It is rendered once in a process."""
    return _as_pdf(_blank())


def _as_pdf(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="letter.pdf"'
    return response


def _inline(file: StoredFile | None) -> str:
    if file is None:
        return ""
    with files.open_file(file) as f:
        return pdf.data_address(f.read(), file.content_type)


def recover(request: HttpRequest) -> HttpResponse:
    """Recover a lost account with a stamped letter. Two people of the province review it."""
    form = RecoverForm(posted(request), request.FILES)
    asked, address = "code" in form.data, client_address(request)
    form.protect(request, enter=("", "") if asked else ("send", "1"))
    if form.is_valid():
        values = form.cleaned_data
        try:
            if pressed(request, "send"):
                letters.send_recovery_code(
                    unit_code=values["unit_code"], mobile=values["mobile"], address=address
                )
                asked = True
                form.count_try()
                messages.success(request, "验证码已发送。")
            else:
                letters.submit_recovery(address=address, **values)
                return redirect("employer-recover-sent")
        except DomainError as refusal:
            form.add_refusal(_at_scan_field(refusal))
    context = {"form": form, "asked": asked}
    return render(request, "employers/recover.html", context, status=form.status)


def _at_scan_field(refusal: DomainError) -> DomainError:
    """The refusal, as an error of the field `scan` if it is about the picture."""
    if refusal.code.startswith(("image", "not_image")):
        refusal.field = "scan"
    return refusal


def recover_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "employers/recover_sent.html")
