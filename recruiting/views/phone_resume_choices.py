"""The graduate's résumés, each a choice of what is in the store: make, change, default, delete."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core import audit, pdf, rate
from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from recruiting import resume_pdf, snapshots
from recruiting.actions import resume_choices
from recruiting.models import MOST_RESUMES, Resume, ResumeStore
from recruiting.resume_forms import ChoiceForm, choice_form
from recruiting.rules import identity

_TAB = "services"
_MOST_PDFS = 30  # of one person in an hour


def photo_address(store: ResumeStore | None) -> str:
    """The address of the own photo, which changes with the photo; "" without one."""
    if store is None or store.photo is None:
        return ""
    return f"{reverse('resume-photo-file')}?v={store.photo.sha256[:12]}"


@graduate_view
def new(request: GraduateRequest) -> HttpResponse:
    form = choice_form(request.graduate, None, posted(request))
    if form.is_valid():
        try:
            resume = resume_choices.make(
                graduate=request.graduate, choice=form.choice, by=request.user
            )
            messages.success(request, f"已新建简历“{resume.title}”。")
            return redirect("resume-choice", pk=resume.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, form, None)


@graduate_view
def choice(request: GraduateRequest, pk: int) -> HttpResponse:
    resume = _own(request, pk)
    form = choice_form(request.graduate, resume, posted(request))
    if form.is_valid():
        try:
            resume_choices.change(
                graduate=request.graduate, resume_id=pk, choice=form.choice,
                version=form.cleaned_data["version"], by=request.user,
            )  # fmt: skip
            messages.success(request, "已保存。")
            return redirect("resume-choice", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, form, resume)


def _own(request: GraduateRequest, pk: int) -> Resume:
    return get_object_or_404(Resume, graduate=request.graduate, pk=pk)


def _page(request: GraduateRequest, form: ChoiceForm, resume: Resume | None) -> HttpResponse:
    graduate = request.graduate
    store = ResumeStore.objects.select_related("photo").filter(graduate=graduate).first()
    others = Resume.objects.filter(graduate=graduate)
    if resume is not None:
        others = others.exclude(pk=resume.pk)
        if not form.is_bound:
            form.warnings = identity.doubts({"title": resume.title}, graduate)
    context = {
        "form": form,
        "resume": resume,
        "is_last": not others.exists(),
        "is_full": resume is None and others.count() >= MOST_RESUMES,
        "most": MOST_RESUMES,
        "photo": photo_address(store),
        "preview": snapshots.read(snapshots.compose(graduate, resume, store))
        if resume is not None and store is not None
        else {},
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/resume_choice.html", context, status=form.status)


@graduate_view
def as_pdf(request: GraduateRequest, pk: int) -> HttpResponse:
    """One of the own résumés as PDF, in its layout, with the own phone number and e-mail."""
    resume = _own(request, pk)
    rate.limit(f"resume-pdf:{request.user.pk}", most=_MOST_PDFS, seconds=3600)
    store = ResumeStore.objects.select_related("photo").filter(graduate=request.graduate).first()
    if store is None:
        raise Http404
    text = snapshots.read(snapshots.compose(request.graduate, resume, store))
    try:
        content = resume_pdf.render(text, contact=text["contact"], photo=store.photo)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("resume-choice", pk=pk)
    audit.record("recruiting.download_resume", by=request.user, obj=resume)
    return pdf.download(content, f"{request.graduate.name}-{resume.title}.pdf")


@graduate_view
@require_POST
def make_default(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        resume_choices.make_default(graduate=request.graduate, resume_id=pk, by=request.user)
        messages.success(request, "已设为默认简历，投递时预先选中。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("resume-choice", pk=pk)


@graduate_view
@require_POST
def delete(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        resume_choices.delete(graduate=request.graduate, resume_id=pk, by=request.user)
        messages.success(request, "已删除，填写的内容还在，已投递的简历不变。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("resume")
