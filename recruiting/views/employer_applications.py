"""The applications that a unit received: the list with its bulk steps, and one application with the
résumé, of which each opening is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from core import files, pdf, spreadsheets
from core.errors import DomainError
from core.forms import pressed
from employers.access import EmployerRequest, employer_view, find_in_units
from employers.pages import newest_page
from recruiting import queries, resume_pdf, snapshots
from recruiting.actions import application_export, unit_applications
from recruiting.application_steps import APPLICATION
from recruiting.forms import ApplicationSearchForm, BulkForm, NoteForm, RejectForm
from recruiting.models import Application
from recruiting.states import OPEN_INTERVIEW, ApplicationState

TAB = "applications"
_RELATED = ("graduate__school", "graduate__person", "posting", "unit")


def _narrowed(
    request: EmployerRequest,
) -> tuple[QuerySet[Application], str, int | None]:
    """The unit's applications as the address narrows them, the state, and the posting's id."""
    rows = queries.applications_of(request.member).select_related(*_RELATED).defer("snapshot")
    search = ApplicationSearchForm(request.GET)
    search.full_clean()  # what can't be read narrows nothing
    state, posting_id = search.cleaned_data["state"], search.cleaned_data["posting"]
    if state in ApplicationState.values:
        rows = rows.filter(state=state)
    if posting_id:
        rows = rows.filter(posting=posting_id)
    return rows, state, posting_id


@employer_view
def listing(request: EmployerRequest) -> HttpResponse:
    rows, state, posting_id = _narrowed(request)
    posting = None
    if posting_id:
        posting = queries.postings_of(request.member).filter(pk=posting_id).first()
    page, following = newest_page(rows, request)
    context = {
        "rows": [(a, unit_applications.may_read_resume(a)) for a in page],
        "following": following,
        "states": [("", "全部"), *ApplicationState.choices],
        "state": state,
        "posting": posting,
        "narrowed": bool(state or posting_id),
        "bulk": BulkForm(auto_id="bulk_%s"),
        "tab": TAB,
    }
    return render(request, "recruiting/employer/applications.html", context)


@employer_view
def export(request: EmployerRequest) -> HttpResponse:
    """The applications that the list is narrowed to, as a workbook."""
    rows, _, _ = _narrowed(request)
    try:
        content = application_export.workbook(rows=rows.order_by("-pk"), by=request.member)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("employer-applications")
    return spreadsheets.respond(content, "applications")


def picked_applications(request: EmployerRequest, form: BulkForm) -> list[Application]:
    """The ticked applications of the unit; one more than may be handled at once is enough for the action
    to refuse them."""
    rows = queries.applications_of(request.member).filter(pk__in=form.cleaned_data["pick"])
    rows = rows.select_related(*_RELATED).defer("snapshot").order_by("-pk")
    return list(rows[: unit_applications.MOST_AT_ONCE + 1])


@employer_view
def bulk(request: EmployerRequest) -> HttpResponse:
    """Mark the ticked applications as looked through, or refuse them with one reason. The page
    answers each row; a GET, as when that answer is loaded again, leads to the list."""
    if request.method != "POST":
        return redirect("employer-applications")
    form = BulkForm(request.POST)
    form.full_clean()
    try:
        answers = unit_applications.each(
            applications=picked_applications(request, form), take=_step_of(request, form),
            done="已答复" if pressed(request, "do") == "reject" else "已标为已查看",
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("employer-applications")
    return result_page(request, answers)


def result_page(
    request: EmployerRequest, answers: list[unit_applications.RowAnswer]
) -> HttpResponse:
    context = {"answers": answers, "done": sum(a.done for a in answers), "tab": TAB}
    return render(request, "recruiting/employer/applications_result.html", context)


def _step_of(request: EmployerRequest, form: BulkForm) -> Callable[[int], Application]:
    """What the pressed button does with one application. Raises `Invalid` for a missing reason."""
    by = request.member
    if pressed(request, "do") != "reject":
        return lambda pk: unit_applications.mark_viewed(application_id=pk, by=by)
    reason, words = form.chosen, form.cleaned_data.get("reason_text", "")
    return lambda pk: unit_applications.reject(
        application_id=pk, reason=reason, reason_text=words, by=by
    )


def own_application(request: EmployerRequest, pk: int) -> Application:
    """The application with this id that one of the person's units received; otherwise a 404."""
    return find_in_units(
        request, pk, lambda member: queries.applications_of(member).select_related(*_RELATED)
    )


@employer_view
def application(request: EmployerRequest, pk: int) -> HttpResponse:
    return application_page(request, own_application(request, pk))


def application_page(
    request: EmployerRequest,
    application: Application,
    *,
    reject: RejectForm | None = None,
    note: NoteForm | None = None,
) -> HttpResponse:
    """The page of an application. Showing the résumé is an opening, and is written down.

    Once the unit may not read the résumé any more, the page has the name and the decision alone.
    """
    error = ""
    resume: dict[str, Any] = {}
    if unit_applications.may_read_resume(application):
        try:
            application = unit_applications.open_application(
                application_id=application.pk, by=request.member
            )
        except DomainError as refusal:
            error = refusal.message
        else:
            # The graduate may have withdrawn it meanwhile.
            if unit_applications.may_read_resume(application):
                resume = snapshots.read(application.snapshot)
    shown = reject or note
    context: dict[str, Any] = {
        "application": application,
        "reason": unit_applications.reason_words(application),
        "resume": resume,
        "error": error,
        "tab": TAB,
    }
    if resume:
        context |= _details(request, application, resume)
        context |= {"reject": reject or RejectForm(), "note": note or NoteForm(auto_id="note_%s")}
    status = shown.status if shown is not None else 200
    return render(request, "recruiting/employer/application.html", context, status=status)


def _details(
    request: EmployerRequest, application: Application, resume: dict[str, Any]
) -> dict[str, Any]:
    contact = unit_applications.contact_shown(application, resume["contact"])
    interviews = list(application.interviews.order_by("-pk"))
    return {
        "contact": contact,
        "photo": reverse("employer-application-photo", args=[application.pk])
        if application.photo_id
        else "",
        "may_print": unit_applications.may_print(application),
        "files": application.files.order_by("pk"),
        "notes": application.notes.select_related("member"),
        "interviews": interviews,
        "may": {step.action for step in APPLICATION.available(application, request.user)},
        "interview_is_open": any(i.state in OPEN_INTERVIEW for i in interviews),
    }


@employer_view
def photo(request: EmployerRequest, pk: int) -> HttpResponseBase:
    """The photo that was delivered, as part of the page that shows the résumé."""
    own_application(request, pk)
    opened = unit_applications.open_part(application_id=pk, by=request.member)
    picture = snapshots.delivered_photo(opened)
    if picture is None or not unit_applications.may_read_resume(opened):
        raise Http404
    return files.respond(picture)


@employer_view
def as_pdf(request: EmployerRequest, pk: int) -> HttpResponse:
    """The delivered résumé to be printed, with the reader's name and the time across each page."""
    if not unit_applications.may_print(own_application(request, pk)):
        raise Http404
    opened = unit_applications.open_application(application_id=pk, by=request.member, prints=True)
    if not unit_applications.may_print(opened):
        raise Http404
    resume = snapshots.read(opened.snapshot)
    member, now = request.member, timezone.localtime()
    try:
        content = resume_pdf.render(
            resume, contact=unit_applications.contact_shown(opened, resume["contact"]),
            photo=snapshots.delivered_photo(opened),
            watermark=f"仅供{opened.unit.name}招聘使用 {member.name} {now:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("employer-application", pk=pk)
    return pdf.download(content, f"{opened.graduate.name}的简历.pdf")


@employer_view
def attachment(request: EmployerRequest, pk: int, file: int) -> HttpResponseBase:
    """A file that was enclosed with the application. Opening it is written down as for the résumé."""
    application = own_application(request, pk)
    enclosed = get_object_or_404(application.files.select_related("file"), pk=file)
    if not unit_applications.may_read_resume(application):
        raise Http404
    opened = unit_applications.open_application(application_id=pk, by=request.member, file=enclosed)
    if not unit_applications.may_read_resume(opened):
        raise Http404
    return files.respond(enclosed.file, download=True)


@employer_view
@require_POST
def note(request: EmployerRequest, pk: int) -> HttpResponse:
    application, form = own_application(request, pk), NoteForm(request.POST, auto_id="note_%s")
    if form.is_valid():
        try:
            unit_applications.add_note(
                application_id=pk, text=form.cleaned_data["text"], by=request.member
            )
            messages.success(request, "备注已保存。")
            return redirect("employer-application", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return application_page(request, application, note=form)


@employer_view
@require_POST
def reject(request: EmployerRequest, pk: int) -> HttpResponse:
    application, form = own_application(request, pk), RejectForm(request.POST)
    if form.is_valid():
        try:
            unit_applications.reject(
                application_id=pk, reason=form.chosen,
                reason_text=form.cleaned_data["reason_text"], by=request.member,
            )  # fmt: skip
            messages.success(request, "已答复，毕业生会看到原因。")
            return redirect("employer-application", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return application_page(request, application, reject=form)


@employer_view
@require_POST
def select(request: EmployerRequest, pk: int) -> HttpResponse:
    own_application(request, pk)
    try:
        unit_applications.select(application_id=pk, by=request.member)
        messages.success(request, "已拟录用，毕业生会收到消息，接下来可以发出签约邀约。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-application", pk=pk)
