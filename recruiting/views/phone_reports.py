"""The graduate's reports of units: the form, the list, one report with its answer, withdrawing."""

from __future__ import annotations

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError, Invalid
from core.forms import posted
from core.models import StoredFile
from employers.pages import newest_page
from graduates.access import GraduateRequest, graduate_view
from recruiting.actions import reports
from recruiting.models import RecruitingRules, UnitReport
from recruiting.models.reports import MOST_IMAGES
from recruiting.report_forms import ReportForm
from recruiting.report_steps import REPORT
from recruiting.views.phone_postings import shown_posting

_TAB = "services"
# For how many seconds pictures are kept that came with a refused form.
_KEPT_FOR = 6 * 3600


@graduate_view
def report_unit(request: GraduateRequest, pk: int) -> HttpResponse:
    """Report the unit of a posting that the graduate sees or has applied for."""
    posting = shown_posting(request.graduate, pk)
    form = ReportForm(posted(request), request.FILES)
    kept = _kept(request, form)
    if form.is_bound:
        form.full_clean()
        typed = form.cleaned_data
        try:
            # Pictures are kept even if something else is wrong, so that nobody chooses them twice.
            _keep_pictures(request, kept, typed.get("images", []))
            if form.is_valid():
                report = reports.submit(
                    graduate=request.graduate, posting_id=posting.pk, reason=typed["reason"],
                    text=typed["text"], evidence=kept, by=request.user,
                )  # fmt: skip
                messages.success(request, "举报已提交，5个工作日内答复，结果会发消息告诉您。")
                return redirect("unit-report", pk=report.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    token = signing.dumps([f.pk for f in kept], salt=_salt(request)) if kept else ""
    form.show_kept(token, len(kept))
    context = {
        "posting": posting,
        "form": form,
        "kept": len(kept),
        "most": MOST_IMAGES,
        "hotline": RecruitingRules.current().hotline,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/report_form.html", context, status=form.status)


def _salt(request: GraduateRequest) -> str:
    return f"unit-report:{request.user.pk}"


def _kept(request: GraduateRequest, form: ReportForm) -> list[StoredFile]:
    """The pictures that came with the form before, when it was refused."""
    if form["drop"].value():
        return []
    token = str(form["kept"].value() or "")
    try:
        ids = signing.loads(token, salt=_salt(request), max_age=_KEPT_FOR)
    except signing.BadSignature:
        return []
    rows = StoredFile.objects.filter(pk__in=ids, created_by_id=request.user.pk, purpose="report")
    return list(rows.order_by("pk"))


def _keep_pictures(
    request: GraduateRequest, kept: list[StoredFile], uploads: list[UploadedFile]
) -> None:
    """Add the uploaded pictures to `kept`. Raises `Invalid` for too many or for a refused one."""
    if len(kept) + len(uploads) > MOST_IMAGES:
        raise Invalid({"images": [f"最多上传{MOST_IMAGES}张图片，请重新选择。"]})
    for upload in uploads:
        try:
            kept += reports.keep_image(content=upload.read(), by=request.user)
        except DomainError as refusal:
            raise reports.refused_picture(upload.name or "图片", refusal) from refusal
    if len(kept) > MOST_IMAGES:
        del kept[MOST_IMAGES:]
        raise Invalid({"images": [f"每页算一张，最多{MOST_IMAGES}张，多出的没有保留。"]})


def _mine(request: GraduateRequest) -> QuerySet[UnitReport]:
    rows = UnitReport.objects.filter(graduate=request.graduate)
    return rows.select_related("unit", "posting", "graduate__person")


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    page, following = newest_page(_mine(request), request)
    context = {
        "rows": page,
        "following": following,
        "hotline": RecruitingRules.current().hotline,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/reports.html", context)


def _own(request: GraduateRequest, pk: int) -> UnitReport:
    return get_object_or_404(_mine(request), pk=pk)


@graduate_view
def report(request: GraduateRequest, pk: int) -> HttpResponse:
    report = _own(request, pk)
    context = {
        "report": report,
        "images": report.images.order_by("pk"),
        "may_withdraw": REPORT.can("withdraw", report, request.user),
        "hotline": RecruitingRules.current().hotline,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/report.html", context)


@graduate_view
@require_POST
def withdraw(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        reports.withdraw(report_id=pk, by=request.user)
        messages.success(request, "举报已撤回。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("unit-report", pk=pk)


@graduate_view
def picture(request: GraduateRequest, pk: int, image: int) -> HttpResponseBase:
    """A picture of the own evidence."""
    rows = _own(request, pk).images.select_related("file")
    return files.respond(get_object_or_404(rows, pk=image).file)
