"""One agreement on the console: who signed what, and what happened to it since."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from core import audit, files
from destinations.models import Destination
from employers.models import Membership
from esign import history, terms
from esign.actions import conclude, printing
from esign.conclusion_steps import CONCLUSION
from esign.fields import STEPS, of_step
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


def _page(request: StaffRequest, agreement: Agreement) -> HttpResponse:
    versions = versions_of(agreement)
    facts = conclude.conclusion_facts(agreement)
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
        "conclusions": agreement.conclusions.order_by("-id"),
        "may_conclude": request.user.has_perm("esign.set_up")
        and CONCLUSION.can("propose", facts, request.user),
        "history": history.for_staff(agreement),
    }
    return render(request, "esign/console/agreement.html", context)


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
