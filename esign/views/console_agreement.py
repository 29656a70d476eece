"""One agreement on the console: who signed what, and what happened to it since."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import audit, files
from core.errors import DomainError
from destinations.models import Destination
from employers.models import Membership
from esign import history, terms
from esign.actions import conclude as concluding
from esign.actions import printing
from esign.agreement_steps import AGREEMENT
from esign.fields import STEPS, of_step
from esign.forms import AnswerForm
from esign.models import Agreement, AgreementVersion
from esign.queries import terminations_for_staff
from esign.states import AmendmentState
from schools.access import StaffRequest, staff_view
from schools.scope import visible_to

# Pictures of identity cards: each view is logged.
_IDENTITY = ("id_front", "id_back")
_SIDES = ("employer", "graduate")


def agreement_or_404(request: StaffRequest, pk: int) -> Agreement:
    rows = Agreement.objects.select_related(
        "graduate__department", "graduate__school_class", "graduate__person", "unit",
        "member__user", "invitation", "cohort", "school",
    )  # fmt: skip
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("esign.view")
def agreement(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, agreement_or_404(request, pk))


def _page(
    request: StaffRequest, agreement: Agreement, form: AnswerForm | None = None
) -> HttpResponse:
    shown = form or _conclusion_form()
    versions = versions_of(agreement)
    facts = concluding.agreement_facts(agreement)
    pending = agreement.amendments.filter(state=AmendmentState.PROPOSED).first()
    context = {
        "agreement": agreement,
        "graduate": agreement.graduate,
        "destination": Destination.objects.only("state").get(pk=agreement.graduate_id),
        "versions": versions,
        "current": versions[0],
        "groups": words_of(versions[0]["said"]),
        "certified": agreement.unit.certified_at is not None,
        "verified": agreement.member.state == Membership.VERIFIED,
        "pending": pending,
        "pending_changes": terms.difference(versions[0]["version"].terms, pending.terms)
        if pending
        else [],
        "terminations": terminations_for_staff().filter(agreement=agreement).order_by("-id"),
        "documents": agreement.documents.select_related("version").order_by("-id"),
        "prints": agreement.prints.order_by("-id")[:50],
        "why_not": printing.print_refusal(agreement),
        "may_print": request.user.has_perm("esign.print"),
        "may_review": request.user.has_perm("destinations.view"),
        "may_conclude": AGREEMENT.can("conclude", facts, request.user),
        "history": history.for_staff(agreement),
        "form": shown,
    }
    return render(request, "esign/console/agreement.html", context, status=shown.status)


def _conclusion_form(data: Any = None) -> AnswerForm:
    return AnswerForm(data, label="劳动合同的签订情况", auto_id="id_%s")


def versions_of(agreement: Agreement) -> list[dict[str, Any]]:
    """All versions, the newest first, each with its terms and its changes against the one before."""
    versions: list[dict[str, Any]] = []
    before: AgreementVersion | None = None
    for version in agreement.versions.order_by("number"):
        changes = terms.difference(before.terms, version.terms) if before else []
        versions.insert(
            0, {"version": version, "said": terms.read(version.terms), "changes": changes}
        )
        before = version
    return versions


def words_of(values: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(step, [(label, words)]) of the terms, grouped by the steps of the form."""
    words = values["words"]
    return [(step, [(f.label, words.get(f.key, "")) for f in of_step(step)]) for step in STEPS]


@staff_view("esign.view")
def image(request: StaffRequest, pk: int, slot: str) -> HttpResponseBase:
    """The unit's certificate, or a side of the recruiter's identity card."""
    agreement = agreement_or_404(request, pk)
    if slot not in ("certificate", *_IDENTITY):
        raise Http404
    response = files.respond(getattr(agreement.invitation, slot))
    if slot in _IDENTITY:
        audit.record("esign.view_identity", by=request.user, obj=agreement, data={"side": slot})
    return response


@staff_view("esign.view")
def signature(request: StaffRequest, pk: int, number: int, side: str) -> HttpResponseBase:
    """One side's signature under one version."""
    agreement = agreement_or_404(request, pk)
    if side not in _SIDES:
        raise Http404
    version = get_object_or_404(AgreementVersion, agreement=agreement, number=number)
    return files.respond(getattr(version, f"{side}_signature"))


@staff_view("esign.set_up")
@require_POST
def conclude(request: StaffRequest, pk: int) -> HttpResponse:
    """End the agreement because a labour contract followed (article three)."""
    agreement = agreement_or_404(request, pk)
    form = _conclusion_form(request.POST)
    if not form.is_valid():
        return _page(request, agreement, form)
    try:
        concluding.conclude(
            agreement=agreement, by=request.user, reason=form.cleaned_data["reason"]
        )
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, agreement_or_404(request, pk), form)
    messages.success(
        request, f"{agreement.graduate.name}：协议已终止，去向转为签劳动合同形式就业。"
    )
    return redirect("console:agreement", pk=pk)
