"""The graduate's résumé: how complete it is, a preview, the form of the store and those of entries."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from recruiting import completeness, snapshots
from recruiting.actions import resumes
from recruiting.fields import ENTRY
from recruiting.forms import entry_form, store_form
from recruiting.models import (
    MOST_RESUMES,
    Attachment,
    Intention,
    RecruitingRules,
    Resume,
    ResumeEntry,
    ResumeStore,
)
from recruiting.rules import identity
from recruiting.states import EntryKind
from recruiting.views.phone_resume_choices import photo_address

_TAB = "services"


@graduate_view
def resume(request: GraduateRequest) -> HttpResponse:
    graduate = request.graduate
    store = ResumeStore.objects.select_related("photo").filter(graduate=graduate).first()
    chosen = Resume.objects.filter(graduate=graduate, is_default=True).first()
    shares = resumes.shares_of(store or ResumeStore(graduate=graduate), graduate)
    entries = list(ResumeEntry.objects.filter(graduate=graduate).order_by("-begun", "-id"))
    context = {
        "store": store,
        "least": RecruitingRules.current().min_completeness,
        "missing": completeness.missing_sections(shares),
        "doubtful": resumes.doubtful_places(graduate),
        "photo": photo_address(store),
        "resumes": Resume.objects.filter(graduate=graduate).order_by("-is_default", "pk"),
        "most": MOST_RESUMES,
        "attachments": Attachment.objects.filter(graduate=graduate).order_by("pk"),
        "wanted": snapshots.intention_words(Intention.objects.filter(graduate=graduate).first()),
        "no_contact": shares["contact"] < 1,
        "sections": [
            (kind, [(e, snapshots.period_of(e)) for e in entries if e.kind == kind])
            for kind in EntryKind
        ],
        "preview": snapshots.read(snapshots.compose(graduate, chosen, store))
        if store is not None and chosen is not None
        else {},
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/resume.html", context)


@graduate_view
def edit(request: GraduateRequest) -> HttpResponse:
    """The form of everything in the résumé that is no entry."""
    store = ResumeStore.objects.filter(graduate=request.graduate).first()
    form = store_form(store, request.graduate, posted(request))
    if form.may_try():
        try:
            saved = resumes.save_store(
                graduate=request.graduate, typed=form.typed, shown=form.cleaned_data["shown"],
                nothing_in=form.cleaned_data["nothing_in"], by=request.user,
            )  # fmt: skip
            return _saved(request, saved, reverse("resume-edit"))
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "tab": _TAB}
    return render(request, "recruiting/phone/resume_edit.html", context, status=form.status)


@graduate_view
def new_entry(request: GraduateRequest, kind: str) -> HttpResponse:
    if kind not in ENTRY:
        raise Http404
    return _entry_page(request, kind, None)


@graduate_view
def entry(request: GraduateRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(ResumeEntry, graduate=request.graduate, pk=pk)
    return _entry_page(request, entry.kind, entry)


def _entry_page(request: GraduateRequest, kind: str, entry: ResumeEntry | None) -> HttpResponse:
    form = entry_form(kind, entry, request.graduate, posted(request))
    if form.may_try():
        graduate, typed, by = request.graduate, form.typed, request.user
        try:
            if entry is None:
                saved = resumes.add_entry(graduate=graduate, kind=kind, typed=typed, by=by)
            else:
                saved = resumes.change_entry(
                    graduate=graduate, entry_id=entry.pk, typed=typed, by=by
                )
            return _saved(request, saved, reverse("resume-entry", args=[saved.pk]))
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "entry": entry, "title": EntryKind(kind).label, "tab": _TAB}
    return render(request, "recruiting/phone/resume_entry.html", context, status=form.status)


def _saved(request: GraduateRequest, row: ResumeStore | ResumeEntry, form: str) -> HttpResponse:
    """Lead back to the résumé; or to the address of the form, whose page then shows what is doubtful."""
    if identity.doubts(resumes.typed_texts(row), request.graduate):
        messages.warning(request, "已保存。有内容像是证件号码，请看标出的地方。")
        return redirect(form)
    messages.success(request, "已保存。")
    return redirect("resume")


@graduate_view
@require_POST
def delete(request: GraduateRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(ResumeEntry, graduate=request.graduate, pk=pk)
    try:
        resumes.delete_entry(graduate=request.graduate, entry_id=entry.pk, by=request.user)
        messages.success(request, "已删除。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("resume")
