"""The graduate's pages of the archive transfer and of corrections."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from graduates.actions import archive, corrections
from graduates.archive import OWN_KEYS
from graduates.corrections import declaration_of, targets
from graduates.forms import CorrectionFieldForm, CorrectionForm, archive_form
from graduates.models import ArchiveTransfer, CorrectionImage, CorrectionRequest


@graduate_view
def archive_page(request: GraduateRequest) -> HttpResponse:
    transfer = ArchiveTransfer.objects.filter(pk=request.graduate.pk).first()
    grey = archive.why_grey(request.graduate, transfer, request.user)
    form = archive_form(transfer, OWN_KEYS, posted(request), grey=grey)
    if form.is_valid():
        try:
            typed = form.values | form.posted_for_grey
            archive.save(
                graduate_id=request.graduate.pk,
                typed=typed,
                by=request.user,
                version=form.cleaned_data["version"],
            )
            messages.success(request, "已保存。")
            return redirect("archive")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"archive": transfer, "form": form, "grey": grey, "tab": "register"}
    return render(request, "graduates/phone/archive.html", context, status=form.status)


@graduate_view
def correction_list(request: GraduateRequest) -> HttpResponse:
    rows = CorrectionRequest.objects.filter(graduate=request.graduate).prefetch_related("images")
    context = {"rows": rows.order_by("-id")[:50], "tab": "services"}
    return render(request, "graduates/phone/corrections.html", context)


@graduate_view
def correction_ask(request: GraduateRequest) -> HttpResponse:
    """The form that asks for a correction, once a field was chosen."""
    known = targets()
    chosen = {key: request.GET.get(key, "") for key in ("kind", "field")}
    named = request.POST if request.method == "POST" else chosen
    declared = declaration_of(request.graduate, named.get("kind", ""), named.get("field", ""))
    form = CorrectionForm(posted(request), request.FILES, declared=declared, initial=chosen)
    if form.is_valid():
        # The action reads the value itself, so it is given what was typed.
        typed = form.cleaned_data | {"proposed": form["proposed"].data or ""}
        try:
            corrections.ask(
                graduate=request.graduate, by=request.user, pictures=typed.pop("images"), **typed
            )
            messages.success(request, "已提交，老师会在三个工作日内答复。")
            return redirect("corrections")
        except DomainError as refusal:
            form.add_refusal(refusal)
    kind, field = str(form["kind"].value() or ""), str(form["field"].value() or "")
    target = known.get(kind)
    fields_of_kind = target.fields(request.graduate) if target else []
    context = {
        "choice": CorrectionFieldForm(
            initial={"kind": kind, "field": field},
            kinds=[(t.kind, t.label) for t in known.values()],
            fields_of_kind=[(f.key, f.label) for f in fields_of_kind],
        ),
        "kind": kind,
        "target": target,
        "current": target.current(request.graduate, field)
        if target and declared is not None
        else None,
        "is_place": declared is not None and declared.kind == "place",
        "form": form,
        "tab": "services",
    }
    status = 422 if form.errors else 200
    return render(request, "graduates/phone/correction_ask.html", context, status=status)


@graduate_view
@require_POST
def correction_withdraw(request: GraduateRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(CorrectionRequest, pk=pk, graduate=request.graduate)
    corrections.withdraw(request=row, by=request.user)
    messages.success(request, "已撤回。")
    return redirect("corrections")


@graduate_view
def correction_image(request: GraduateRequest, pk: int) -> HttpResponseBase:
    rows = CorrectionImage.objects.select_related("file")
    return files.respond(get_object_or_404(rows, pk=pk, request__graduate=request.graduate).file)
