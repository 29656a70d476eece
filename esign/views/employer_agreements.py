"""The unit's agreements: list, one with all its versions, the PDF, 修改签约信息."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from codes import readers
from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from destinations.models import Destination
from employers.access import EmployerRequest, employer_view, own_or_404
from employers.pages import newest
from employers.queries import seen_by
from esign import forms, terms
from esign.actions import amend, documents, printing, terminate
from esign.fields import ARCHIVE, JOB, STEPS, UNIT, of_step
from esign.models import Agreement, AgreementVersion
from esign.states import OPEN_TERMINATION, AgreementState, AmendmentState
from esign.termination_steps import TERMINATION

_RELATED = ("graduate__school", "graduate__cohort", "unit", "member__user", "cohort")
_FILTERS: dict[str, dict[str, Any]] = {
    "active": {"state": AgreementState.ACTIVE},
    "amending": {"amendments__state": AmendmentState.PROPOSED},
    "terminating": {"terminations__state__in": OPEN_TERMINATION},
    "terminated": {"state": AgreementState.TERMINATED},
    "ended": {"state": AgreementState.ENDED},
}
_LABELS = [
    ("", "全部"), ("active", "有效"), ("amending", "变更待确认"), ("terminating", "解约办理中"),
    ("terminated", "已解约"), ("ended", "已终止"),
]  # fmt: skip
_GREY = {"unit_code": "不能修改; 单位变更请解约后重新签约"}


@employer_view
def agreements(request: EmployerRequest) -> HttpResponse:
    rows = seen_by(Agreement.objects.select_related(*_RELATED), request.member)
    state, wanted = (
        request.GET.get("state", ""),
        readers.read("search", request.GET.get("q", ""), label="关键字").value[:40],
    )
    rows = rows.filter(**_FILTERS.get(state, {}))
    if wanted:
        rows = rows.filter(graduate__name__contains=wanted)
    found, following = newest(rows, request)
    context = {
        "rows": _with_jobs(found),
        "following": following,
        "states": _LABELS,
        "state": state,
        "q": wanted,
        "tab": "agreements",
    }
    return render(request, "esign/employer/agreements.html", context)


def _with_jobs(found: list[Agreement]) -> list[tuple[Agreement, str]]:
    """Each with the position of its present version, in one query."""
    numbers = {a.pk: a.version for a in found}
    versions: QuerySet[AgreementVersion] = AgreementVersion.objects.filter(
        agreement__in=list(numbers)
    )
    said = {
        v.agreement_id: terms.read(v.terms)["words"]["job_title"]
        for v in versions
        if numbers[v.agreement_id] == v.number
    }
    return [(a, said.get(a.pk, "")) for a in found]


def own_agreement(request: EmployerRequest, pk: int) -> Agreement:
    return own_or_404(request, Agreement.objects.select_related(*_RELATED), pk)


@employer_view
def agreement(request: EmployerRequest, pk: int) -> HttpResponse:
    return page(request, own_agreement(request, pk))


def page(
    request: EmployerRequest, found: Agreement, form: forms.AnswerForm | None = None
) -> HttpResponse:
    """One agreement with everything that may be done about it; `form` is its small form, if that
    was refused."""
    versions = list(found.versions.order_by("-number"))
    current = next(v for v in versions if v.number == found.version)
    proposals = list(found.amendments.select_related("member").order_by("-id")[:10])
    case = terminate.case_of(found)
    document = documents.current_document(found)
    printable = printing.why_not(found) is None
    context: dict[str, Any] = {
        "agreement": found,
        "said": terms.read(current.terms),
        "versions": [_version(v, versions) for v in versions],
        "proposals": [(p, terms.difference(current.terms, p.terms)
                       if p.state == AmendmentState.PROPOSED else []) for p in proposals],
        "may_amend": amend.why_not(found, _destination(found)) is None,
        "why_not_amend": amend.why_not(found, _destination(found)),
        "printable": printable,
        "why_not_print": printing.why_not(found),
        "document": document,
        "prints": list(found.prints.order_by("-id")[:5]),
        "printed": found.prints.count(),
        "terminations": found.terminations.prefetch_related("materials").order_by("-id"),
        "may": {s.action for s in TERMINATION.available(case, request.user)},
        "form": form or forms.AnswerForm(label="不同意的理由", star=False),
        "tab": "agreements",
    }  # fmt: skip
    return render(
        request, "esign/employer/agreement.html", context, status=form.status if form else 200
    )


def _version(
    version: AgreementVersion, every: list[AgreementVersion]
) -> tuple[AgreementVersion, list[tuple[str, str]], list[tuple[str, str, str]]]:
    """A version, its words, and what differs from the one before."""
    words = terms.read(version.terms)["words"]
    before = next((v for v in every if v.number == version.number - 1), None)
    changes = terms.difference(before.terms, version.terms) if before else []
    return version, [(f.label, words.get(f.key, "")) for s in STEPS for f in of_step(s)], changes


def _destination(found: Agreement) -> Destination:
    return Destination.objects.get(pk=found.graduate_id)


@employer_view
@require_POST
def agreement_pdf(request: EmployerRequest, pk: int) -> HttpResponseBase:
    """Hand the signed file out, to keep or to print; each time is counted."""
    document = printing.take(agreement=own_agreement(request, pk), by=request.user)
    return files.respond(document.made_file, download=not pressed(request, "print"))


@employer_view
def amend_form(request: EmployerRequest, pk: int) -> HttpResponse:
    """The present terms, ready to be changed; what was typed stays when something is wrong."""
    found = own_agreement(request, pk)
    refusal = amend.why_not(found, _destination(found))
    stands = terms.read(found.versions.get(number=found.version).terms)["values"]
    values = {k: "" if v is None else str(v) for k, v in stands.items()}
    changeable = [f for step in (UNIT, JOB, ARCHIVE) for f in of_step(step)]
    form = forms.terms_form(
        changeable, values, posted(request), grey=_GREY, base=forms.AmendmentForm
    )
    if form.may_try():
        try:
            amend.propose(
                agreement=found,
                member=request.member,
                typed=values | form.typed,
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, "已提交, 等待毕业生确认; 确认之前原协议不变。")
            return redirect("employer-agreement", pk=pk)
        except DomainError as problem:
            form.add_refusal(problem)
    context = {
        "agreement": found,
        "refusal": refusal,
        "form": form,
        "signature": request.member.signature,
        "tab": "agreements",
    }
    return render(request, "esign/employer/amend.html", context, status=form.status)


@employer_view
@require_POST
def amend_withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    found = own_agreement(request, pk)
    proposal = found.amendments.filter(state=AmendmentState.PROPOSED).first()
    try:
        if proposal is None:
            messages.info(request, "没有等待确认的修改。")
        else:
            amend.withdraw(amendment=proposal, member=request.member)
            messages.success(request, "修改已撤回, 协议不变。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-agreement", pk=pk)
