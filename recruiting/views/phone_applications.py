"""The graduate's applications: apply, the list, one application, withdraw, erase."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted, read_number
from employers.pages import newest_page
from graduates.access import GraduateRequest, graduate_view
from recruiting import consent, snapshots, visiting
from recruiting.actions import applications, resumes
from recruiting.actions.unit_applications import reason_words
from recruiting.application_steps import APPLICATION
from recruiting.forms import ApplyForm
from recruiting.models import Application, Posting, Recruiter, Resume, ResumeReading
from recruiting.states import LIVE_APPLICATION, ApplicationState
from recruiting.views.phone_postings import shown_posting

_TAB = "services"
_MOST_READINGS = 50
_S = ApplicationState
STATE_WORDS: dict[str, str] = {
    _S.DELIVERED: "单位还没有查看，请等待答复。",
    _S.VIEWED: "单位已查看简历，请等待答复。",
    _S.INTERVIEWING: "单位邀请您面试，请按面试邀请答复。",
    _S.SELECTED: "单位拟录用您，请等待签约邀约。",
    _S.OFFERED: "单位已发来签约邀约，请阅读后接受或谢绝。",
    _S.SIGNED: "已通过签约邀约签订就业协议。",
    _S.REJECTED: "单位认为不合适，可以继续投递其他职位。",
    _S.WITHDRAWN: "您已撤回，单位不能再查看简历。",
    _S.LAPSED: "单位在规定时间内没有答复，可以继续投递其他职位。",
    _S.ENDED: "职位已下架或单位已不能招聘，投递终止。",
}


def _consent_words(posting: Posting) -> str:
    profile = Recruiter.objects.filter(unit=posting.unit_id).first()
    contact = f"{profile.contact_name} {profile.contact_phone}".strip() if profile else ""
    return consent.CURRENT.words(unit=posting.unit.name, contact=contact or "未填写")


@graduate_view
def apply(request: GraduateRequest, pk: int) -> HttpResponse:
    """Read what the unit receives, agree to it and apply."""
    graduate, posting = request.graduate, shown_posting(request.graduate, pk)
    fair = visiting.fair_of_delivery(graduate, posting, read_number(request.GET.get("fair", "")))
    form = ApplyForm(posted(request), initial={"version": consent.CURRENT.version})
    rows = Resume.objects.filter(graduate=graduate).order_by("-is_default", "-updated_at", "-pk")
    form.offer_resumes(list(rows))
    if form.is_valid():
        try:
            made = applications.deliver(
                graduate=graduate, posting_id=posting.pk, resume_id=form.resume_id,
                shows_phone=form.cleaned_data["shows_phone"],
                consent_version=form.agreed_version, by=request.user, fair=fair,
            )  # fmt: skip
            messages.success(request, "已投递，单位的答复会发消息告诉您。")
            return redirect("application", pk=made.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "posting": posting,
        "fair": fair,
        "form": form,
        "refusals": [] if form.is_bound else applications.delivery_refusals(graduate, posting),
        "consent": _consent_words(posting),
        "doubtful": resumes.doubtful_places(graduate),
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/apply.html", context, status=form.status)


def _mine(request: GraduateRequest) -> QuerySet[Application]:
    rows = Application.objects.filter(graduate=request.graduate)
    return rows.select_related("posting", "unit", "graduate__person")


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    page, following = newest_page(_mine(request).defer("snapshot"), request)
    context = {"rows": page, "following": following, "tab": _TAB}
    return render(request, "recruiting/phone/applications.html", context)


def _own(request: GraduateRequest, pk: int) -> Application:
    return get_object_or_404(_mine(request), pk=pk)


@graduate_view
def application(request: GraduateRequest, pk: int) -> HttpResponse:
    application = _own(request, pk)
    readings = ResumeReading.objects.filter(application_id=pk).order_by("-id")[:_MOST_READINGS]
    context = {
        "application": application,
        "state_words": STATE_WORDS[application.state],
        "reason": reason_words(application),
        "readings": readings,
        "resume": snapshots.read(application.snapshot),
        "photo": reverse("application-photo", args=[pk]) if application.photo_id else "",
        "files": application.files.order_by("pk"),
        "consent": consent.CONSENTS[application.consent_version].words(
            unit=application.unit.name, contact="见职位页"
        ),
        "may_withdraw": APPLICATION.can("withdraw", application, request.user),
        "may_erase": application.state not in LIVE_APPLICATION and application.erased_at is None,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/application.html", context)


@graduate_view
def photo(request: GraduateRequest, pk: int) -> HttpResponseBase:
    """The photo that the own application was sent with."""
    picture = snapshots.delivered_photo(_own(request, pk))
    if picture is None:
        raise Http404
    return files.respond(picture)


@graduate_view
def attachment(request: GraduateRequest, pk: int, file: int) -> HttpResponseBase:
    """A file that was enclosed with the own application."""
    rows = _own(request, pk).files.select_related("file")
    return files.respond(get_object_or_404(rows, pk=file).file, download=True)


@graduate_view
@require_POST
def withdraw(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        applications.withdraw(application_id=pk, by=request.user)
        messages.success(request, "已撤回，单位不能再查看您的简历。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("application", pk=pk)


@graduate_view
@require_POST
def erase(request: GraduateRequest, pk: int) -> HttpResponse:
    """Erase the résumé that was delivered with an application that has ended."""
    _own(request, pk)
    try:
        applications.erase(application_id=pk, by=request.user)
        messages.success(request, "已删除这次投递的简历。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("application", pk=pk)
