"""The graduate's 就业推荐表: its state, the form, the transcript, the PDF, earlier forms."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from graduates.access import GraduateRequest, graduate_view
from recruiting import recommendation_pdf, recommendation_text
from recruiting.actions import recommendations
from recruiting.models import Recommendation
from recruiting.recommendation_forms import SeenForm, TranscriptForm, WrittenForm
from recruiting.recommendation_steps import RECOMMENDATION
from recruiting.states import OPEN_RECOMMENDATION, RecommendationState

_TAB = "services"
_MOST_SHOWN = 20


def _mine(request: GraduateRequest) -> QuerySet[Recommendation]:
    rows = Recommendation.objects.filter(graduate=request.graduate)
    return rows.select_related(*recommendation_text.RELATED)


def _open_form(request: GraduateRequest) -> Recommendation | None:
    return _mine(request).filter(state__in=OPEN_RECOMMENDATION).first()


@graduate_view
def recommendation(request: GraduateRequest) -> HttpResponse:
    return _page(request, TranscriptForm())


def _page(request: GraduateRequest, transcript: TranscriptForm) -> HttpResponse:
    """The open form with what can be done, the valid one, and those that are void."""
    present = _open_form(request)
    sealed = list(_mine(request).filter(valid_at__isnull=False).order_by("-valid_at")[:_MOST_SHOWN])
    context = {
        "form": transcript,
        "present": present,
        "facts": recommendation_text.facts_of(present) if present is not None else None,
        "written": recommendation_text.WRITTEN,
        "may": _steps_of(present, request) if present is not None else set(),
        "gaps": _gaps(present) if present is not None else [],
        "why_not": _why_not(request, present),
        "seen": SeenForm(initial={"version": recommendations.version_of(present)}),
        "valid": next((f for f in sealed if f.state == RecommendationState.VALID), None),
        "void": [f for f in sealed if f.state == RecommendationState.VOID],
        "tab": _TAB,
    }
    status = transcript.status
    return render(request, "recruiting/phone/recommendation.html", context, status=status)


def _steps_of(form: Recommendation, request: GraduateRequest) -> set[str]:
    return {step.action for step in RECOMMENDATION.available(form, request.user)}


def _gaps(form: Recommendation) -> list[str]:
    if form.state != RecommendationState.DRAFT:
        return []
    return [sentence for found in recommendations.gaps_of(form).values() for sentence in found]


def _why_not(request: GraduateRequest, present: Recommendation | None) -> str:
    """Why the graduate can't fill in or submit a form now; "" if they can or it is under way."""
    if present is not None and present.state != RecommendationState.DRAFT:
        return ""
    return RECOMMENDATION.why_not("submit", present or _new(request), request.user)


def _new(request: GraduateRequest) -> Recommendation:
    graduate = request.graduate
    return Recommendation(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id
    )


@graduate_view
def edit(request: GraduateRequest) -> HttpResponse:
    """The form. A new one begins with the résumé's entries, or with the last form."""
    present = _open_form(request)
    if present is not None and present.state != RecommendationState.DRAFT:
        messages.error(request, "推荐表已提交，撤回后才能修改。")
        return redirect("recommendation")
    form = WrittenForm(posted(request), initial=_initial(request, present))
    if form.is_valid():
        try:
            recommendations.edit(
                graduate=request.graduate, typed=form.typed, by=request.user,
                version=form.cleaned_data["version"],
            )  # fmt: skip
            messages.success(request, "已保存，核对预览后提交。")
            return redirect("recommendation")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "is_new": present is None, "tab": _TAB}
    return render(request, "recruiting/phone/recommendation_edit.html", context, status=form.status)


def _initial(request: GraduateRequest, present: Recommendation | None) -> dict[str, str]:
    version = {"version": recommendations.version_of(present)}
    if present is None:
        return version | recommendation_text.first_draft(request.graduate)
    return version | {key: getattr(present, key) for key, _ in recommendation_text.WRITTEN}


@graduate_view
@require_POST
def transcript(request: GraduateRequest) -> HttpResponse:
    """Enclose a picture of the transcript, or leave it out again."""
    form = TranscriptForm(request.POST, request.FILES)
    try:
        if pressed(request, "do") == "drop":
            recommendations.drop_transcript(graduate=request.graduate, by=request.user)
            messages.success(request, "已去掉成绩单。")
        elif form.is_valid():
            recommendations.set_transcript(
                graduate=request.graduate, content=form.cleaned_data["picture"], by=request.user
            )
            messages.success(request, "成绩单已附上。")
    except DomainError as refusal:
        form.is_valid()
        form.add_refusal(refusal)
    return _page(request, form) if form.errors else redirect("recommendation")


@graduate_view
@require_POST
def submit(request: GraduateRequest) -> HttpResponse:
    return _step(request, "submit")


@graduate_view
@require_POST
def withdraw(request: GraduateRequest) -> HttpResponse:
    return _step(request, "withdraw")


def _step(request: GraduateRequest, action: str) -> HttpResponse:
    present, form = _open_form(request), SeenForm(request.POST)
    if present is None:
        raise Http404
    try:
        if action == "withdraw":
            recommendations.withdraw(form_id=present.pk, by=request.user)
            messages.success(request, "已撤回，可以修改后重新提交。")
        elif form.is_valid():
            recommendations.submit(
                form_id=present.pk, version=form.cleaned_data["version"], by=request.user
            )
            messages.success(request, "已提交，等待院系填写意见，进展会发消息告诉您。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("recommendation")


def _own(request: GraduateRequest, pk: int) -> Recommendation:
    return get_object_or_404(_mine(request), pk=pk)


@graduate_view
def earlier(request: GraduateRequest, pk: int) -> HttpResponse:
    """What one form says. Of a sealed one it is the frozen text."""
    form = _own(request, pk)
    context = {"present": form, "facts": recommendation_text.facts_of(form), "tab": _TAB}
    context["written"] = recommendation_text.WRITTEN
    return render(request, "recruiting/phone/recommendation_earlier.html", context)


@graduate_view
def picture(request: GraduateRequest, pk: int) -> HttpResponseBase:
    """The transcript of an own form."""
    file = _own(request, pk).transcript
    if file is None:
        raise Http404
    return files.respond(file)


@graduate_view
def download(request: GraduateRequest, pk: int) -> HttpResponse:
    """The PDF of a valid form."""
    try:
        return recommendation_pdf.respond(_own(request, pk), by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("recommendation")
