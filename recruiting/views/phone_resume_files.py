"""The PDF attachments of the graduate's résumés: the list with its form, one file, deleting."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files, rate
from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from recruiting.actions import attachments
from recruiting.models import MOST_ATTACHMENTS, Attachment
from recruiting.resume_forms import AttachmentForm
from recruiting.rules import identity

_TAB = "services"
_MOST_UPLOADS = 30  # of one person in an hour; each takes some seconds of work


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    """The attachments, and the form for another one."""
    form = AttachmentForm(posted(request), request.FILES)
    if form.is_valid():
        try:
            rate.limit(f"resume-upload:{request.user.pk}", most=_MOST_UPLOADS, seconds=3600)
            content, name = form.read_upload()
            added = attachments.add(
                graduate=request.graduate, content=content, name=name, by=request.user
            )
            messages.success(request, f"附件“{added.name}”已保存，并写入默认简历。")
            return redirect("resume-attachments")
        except DomainError as refusal:
            form.add_refusal(refusal)
    rows = Attachment.objects.filter(graduate=request.graduate).select_related("file")
    names = {str(row.pk): row.name for row in rows}
    doubts = identity.doubts(names, request.graduate)
    context = {
        "form": form,
        "rows": [(row, doubts.get(str(row.pk), [])) for row in rows.order_by("pk")],
        "is_full": len(names) >= MOST_ATTACHMENTS,
        "most": MOST_ATTACHMENTS,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/resume_attachments.html", context, status=form.status)


def _own(request: GraduateRequest, pk: int) -> Attachment:
    rows = Attachment.objects.select_related("file")
    return get_object_or_404(rows, graduate=request.graduate, pk=pk)


@graduate_view
def attachment(request: GraduateRequest, pk: int) -> HttpResponseBase:
    """An own attachment, as a unit receives it."""
    return files.respond(_own(request, pk).file, download=True)


@graduate_view
@require_POST
def delete(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        attachments.delete(graduate=request.graduate, attachment_id=pk, by=request.user)
        messages.success(request, "附件已删除，已投递的简历不变。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("resume-attachments")
