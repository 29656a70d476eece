"""The photo of the graduate's résumés: its form, and the picture itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from recruiting.actions import photos
from recruiting.models import ResumeStore
from recruiting.resume_forms import PhotoForm

_TAB = "services"


def _store_of(request: GraduateRequest) -> ResumeStore | None:
    rows = ResumeStore.objects.filter(graduate=request.graduate)
    return rows.select_related("photo").first()


@graduate_view
def photo(request: GraduateRequest) -> HttpResponse:
    """See the photo, and upload another one."""
    form = PhotoForm(posted(request), request.FILES)
    if form.is_valid():
        try:
            content = form.cleaned_data["photo"]
            photos.replace(graduate=request.graduate, content=content, by=request.user)
            messages.success(request, "照片已保存。")
            return redirect("resume")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "store": _store_of(request), "tab": _TAB}
    return render(request, "recruiting/phone/resume_photo.html", context, status=form.status)


@graduate_view
@require_POST
def remove(request: GraduateRequest) -> HttpResponse:
    try:
        photos.remove(graduate=request.graduate, by=request.user)
        messages.success(request, "照片已删除，已投递的简历不变。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("resume-photo")


@graduate_view
def picture(request: GraduateRequest) -> HttpResponseBase:
    """The own photo. Without one, the form to upload one."""
    store = _store_of(request)
    if store is None or store.photo is None:
        return redirect("resume-photo")
    return files.respond(store.photo)
