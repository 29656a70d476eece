"""The graduate's archive transfer and corrections."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError, Invalid
from graduates import archive as fields
from graduates.access import GraduateRequest, graduate_view
from graduates.actions import archive, corrections
from graduates.corrections import targets
from graduates.models import ArchiveTransfer, CorrectionImage, CorrectionRequest


@graduate_view
def archive_page(request: GraduateRequest) -> HttpResponse:
    found = ArchiveTransfer.objects.filter(pk=request.graduate.pk).first()
    errors: dict[str, list[str]] = {}
    error = ""
    typed = request.POST.dict() if request.method == "POST" else {}
    if request.method == "POST":
        try:
            archive.save(graduate_id=request.graduate.pk, typed=typed, by=request.user)
            messages.success(request, "已保存。")
            return redirect("archive")
        except Invalid as invalid:
            errors = invalid.errors
        except DomainError as refusal:
            error = refusal.message
    grey = archive.why_grey(request.graduate, found, request.user)
    context = {
        "archive": found,
        "items": fields.items(found, fields.OWN_KEYS, typed, errors, grey=grey),
        "grey": grey,
        "errors": errors,
        "error": error,
        "tab": "register",
    }
    status = 422 if errors or error else 200
    return render(request, "graduates/phone/archive.html", context, status=status)


@graduate_view
def correction_list(request: GraduateRequest) -> HttpResponse:
    rows = CorrectionRequest.objects.filter(graduate=request.graduate).prefetch_related("images")
    context = {"rows": rows.order_by("-id")[:50], "tab": "services"}
    return render(request, "graduates/phone/corrections.html", context)


@graduate_view
def correction_ask(request: GraduateRequest) -> HttpResponse:
    """One form: which field, what it should say, why, up to four pictures."""
    data = request.POST if request.method == "POST" else request.GET
    kind, field = data.get("kind", ""), data.get("field", "")
    known = targets()
    errors: dict[str, list[str]] = {}
    error = ""
    if request.method == "POST":
        try:
            corrections.ask(
                graduate=request.graduate, kind=kind, field=field, by=request.user,
                proposed=data.get("proposed", ""), reason=data.get("reason", ""),
                pictures=[f.read() for f in request.FILES.getlist("images")],
            )  # fmt: skip
            messages.success(request, "已提交, 老师会在三个工作日内答复。")
            return redirect("corrections")
        except Invalid as invalid:
            errors = invalid.errors
        except DomainError as refusal:
            error = refusal.message
    target = known.get(kind)
    context = {
        "groups": [(t, t.fields(request.graduate)) for t in known.values()],
        "kind": kind,
        "field": field,
        "current": target.current(request.graduate, field)
        if target and field in dict(target.fields(request.graduate))
        else None,
        "typed": data,
        "errors": errors,
        "error": error,
        "tab": "services",
    }
    status = 422 if errors or error else 200
    return render(request, "graduates/phone/correction_ask.html", context, status=status)


@graduate_view
@require_POST
def correction_withdraw(request: GraduateRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CorrectionRequest, pk=pk, graduate=request.graduate)
    corrections.withdraw(request=found, by=request.user)
    messages.success(request, "已撤回。")
    return redirect("corrections")


@graduate_view
def correction_image(request: GraduateRequest, pk: int) -> HttpResponseBase:
    rows = CorrectionImage.objects.select_related("file")
    return files.respond(get_object_or_404(rows, pk=pk, request__graduate=request.graduate).file)
