"""The unit's profile as a recruiter, and asking for the verification of its right to recruit."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view
from employers.models import Membership
from recruiting.actions import verifications
from recruiting.fields import PROFILE
from recruiting.forms import profile_form
from recruiting.models import Verification
from recruiting.states import VerificationState
from recruiting.unit_standing import recruiting_refusals


@employer_view
def profile(request: EmployerRequest) -> HttpResponse:
    recruiter = verifications.profile_of(request.member.unit)
    values = {declared.key: getattr(recruiter, declared.key) for declared in PROFILE}
    form = profile_form(values, posted(request), request.FILES)
    if form.may_try():
        try:
            verifications.save_profile(
                member=request.member, typed=form.typed, licence=form.cleaned_data["licence"]
            )
            messages.success(request, "已保存。")
            return redirect("employer-recruiter")
        except DomainError as refusal:
            form.add_refusal(refusal)
    rows = Verification.objects.filter(unit=request.member.unit_id).order_by("-id")
    newest = rows.first()
    context = {
        "recruiter": recruiter,
        "form": form,
        "newest": newest,
        "waits": newest is not None and newest.state == VerificationState.WAITING,
        "refusals": recruiting_refusals(request.member.unit),
        "tab": "unit",
    }
    return render(request, "recruiting/employer/recruiter.html", context, status=form.status)


@employer_view
@require_POST
def submit(request: EmployerRequest) -> HttpResponse:
    try:
        verifications.submit(member=request.member)
        messages.success(request, "已提交核验，结果会发消息告知。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-recruiter")


@employer_view
@require_POST
def withdraw(request: EmployerRequest) -> HttpResponse:
    waiting = Verification.objects.filter(
        unit=request.member.unit_id, state=VerificationState.WAITING
    ).first()
    try:
        if waiting is None:
            messages.info(request, "没有等待核验的申请。")
        else:
            verifications.withdraw(verification_id=waiting.pk, by=request.member)
            messages.success(request, "已撤回。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-recruiter")


@employer_view
def licence(request: EmployerRequest) -> HttpResponseBase:
    """The unit's licence, for its verified people; others, and units without one, are led to the
    profile."""
    recruiter = verifications.profile_of(request.member.unit)
    if request.member.state != Membership.VERIFIED or recruiter.licence is None:
        return redirect("employer-recruiter")
    return files.respond(recruiter.licence)
