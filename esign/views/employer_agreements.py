"""The unit's agreements: the list, one agreement with its versions, its PDF, and amending it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from destinations.models import Destination
from employers.access import EmployerRequest, employer_view, own_or_404
from employers.forms import ListSearchForm
from employers.pages import newest_page
from esign import forms, terms
from esign.actions import amend, conclude, documents, printing, termination_base
from esign.conclusion_steps import CONCLUSION
from esign.fields import ARCHIVE, JOB, STEPS, UNIT, of_step
from esign.models import Agreement, AgreementVersion
from esign.queries import AGREEMENT_BEGUN, agreements_of
from esign.states import OPEN_TERMINATION, AgreementState, AmendmentState
from esign.termination_steps import TERMINATION, take_back_until

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
_GREY = {"unit_code": "不能修改；单位变更请解约后重新签约"}


@employer_view
def agreements(request: EmployerRequest) -> HttpResponse:
    rows = agreements_of(request.member).select_related(*_RELATED)
    search = ListSearchForm(request.GET)
    search.full_clean()  # what can't be read narrows nothing
    state, name = search.cleaned_data["state"], search.cleaned_data.get("q", "")
    rows = rows.filter(**_FILTERS.get(state, {}))
    if name:
        rows = rows.filter(graduate__name__contains=name)
    page_rows, following = newest_page(rows, request)
    context = {
        "rows": _with_jobs(page_rows),
        "following": following,
        "states": _LABELS,
        "state": state,
        "search": search,
        "narrowed": bool(state or name),
        "tab": "agreements",
    }
    return render(request, "esign/employer/agreements.html", context)


def _with_jobs(agreements: list[Agreement]) -> list[tuple[Agreement, str]]:
    """Agreements with the job title of their present version, read in one query."""
    numbers = {a.pk: a.version for a in agreements}
    versions: QuerySet[AgreementVersion] = AgreementVersion.objects.filter(
        agreement__in=list(numbers)
    )
    titles = {
        v.agreement_id: terms.read(v.terms)["words"]["job_title"]
        for v in versions
        if numbers[v.agreement_id] == v.number
    }
    return [(a, titles.get(a.pk, "")) for a in agreements]


def own_agreement(request: EmployerRequest, pk: int) -> Agreement:
    rows = Agreement.objects.select_related(*_RELATED)
    return own_or_404(request, rows, pk, begun_at=AGREEMENT_BEGUN)


@employer_view
def agreement(request: EmployerRequest, pk: int) -> HttpResponse:
    return page(request, own_agreement(request, pk))


def page(
    request: EmployerRequest, agreement: Agreement, form: forms.AnswerForm | None = None
) -> HttpResponse:
    """One agreement with everything that the person may do with it. `form` is the answer to a
    termination, if that was refused."""
    versions = list(agreement.versions.order_by("-number"))
    current = next(v for v in versions if v.number == agreement.version)
    proposals = list(agreement.amendments.select_related("member").order_by("-id")[:10])
    facts = termination_base.termination_facts(agreement)
    document = documents.current_document(agreement)
    printable = printing.print_refusal(agreement) is None
    context: dict[str, Any] = {
        "agreement": agreement,
        "said": terms.read(current.terms),
        "versions": [_version(v, versions) for v in versions],
        "proposals": [(p, terms.difference(current.terms, p.terms)
                       if p.state == AmendmentState.PROPOSED else []) for p in proposals],
        "may_amend": amend.amendment_refusal(agreement, _destination(agreement)) is None,
        "why_not_amend": amend.amendment_refusal(agreement, _destination(agreement)),
        "printable": printable,
        "why_not_print": printing.print_refusal(agreement),
        "document": document,
        "prints": list(agreement.prints.order_by("-id")[:5]),
        "printed": agreement.prints.count(),
        "terminations": agreement.terminations.prefetch_related("materials").order_by("-id"),
        "open": facts.termination,
        "conclusions": agreement.conclusions.order_by("-id")[:5],
        "may_conclude": CONCLUSION.can(
            "propose", conclude.conclusion_facts(agreement), request.user
        ),
        "take_back_until": take_back_until(facts.termination),
        "may": {s.action for s in TERMINATION.available(facts, request.user)},
        "form": form or forms.AnswerForm(label="不同意的理由", star=False),
        "tab": "agreements",
    }  # fmt: skip
    return render(
        request, "esign/employer/agreement.html", context, status=form.status if form else 200
    )


def refused_page(
    request: EmployerRequest, agreement: Agreement, refusal: DomainError
) -> HttpResponse:
    """One agreement with the words of a refusal at the top."""
    form = forms.AnswerForm({}, label="不同意的理由", star=False)
    form.add_refusal(refusal)
    return page(request, agreement, form)


def _version(
    version: AgreementVersion, every: list[AgreementVersion]
) -> tuple[AgreementVersion, list[tuple[str, str]], list[tuple[str, str, str]]]:
    """A version, its terms as (label, words), and its changes against the one before."""
    words = terms.read(version.terms)["words"]
    before = next((v for v in every if v.number == version.number - 1), None)
    changes = terms.difference(before.terms, version.terms) if before else []
    return version, [(f.label, words.get(f.key, "")) for s in STEPS for f in of_step(s)], changes


def _destination(agreement: Agreement) -> Destination:
    return Destination.objects.get(pk=agreement.graduate_id)


@employer_view
@require_POST
def agreement_pdf(request: EmployerRequest, pk: int) -> HttpResponseBase:
    """Download or open the signed PDF; each time is recorded as a print."""
    document = printing.hand_out(agreement=own_agreement(request, pk), by=request.user)
    return files.respond(document.made_file, download=not pressed(request, "print"))


@employer_view
def amend_form(request: EmployerRequest, pk: int) -> HttpResponse:
    """The form that proposes changed terms. It begins with the present ones."""
    agreement = own_agreement(request, pk)
    refusal = amend.amendment_refusal(agreement, _destination(agreement))
    present = terms.read(agreement.versions.get(number=agreement.version).terms)["values"]
    values = {k: "" if v is None else str(v) for k, v in present.items()}
    changeable = [f for step in (UNIT, JOB, ARCHIVE) for f in of_step(step)]
    form = forms.terms_form(
        changeable, values, posted(request), grey=_GREY, base=forms.AmendmentForm
    )
    if form.may_try():
        try:
            amend.propose(
                agreement=agreement,
                member=request.member,
                typed=values | form.typed,
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, "已提交，等待毕业生确认；确认之前原协议不变。")
            return redirect("employer-agreement", pk=pk)
        except DomainError as problem:
            form.add_refusal(problem)
    context = {
        "agreement": agreement,
        "refusal": refusal,
        "form": form,
        "signature": request.member.signature,
        "tab": "agreements",
    }
    return render(request, "esign/employer/amend.html", context, status=form.status)


@employer_view
@require_POST
def amend_withdraw(request: EmployerRequest, pk: int) -> HttpResponse:
    agreement = own_agreement(request, pk)
    proposal = agreement.amendments.filter(state=AmendmentState.PROPOSED).first()
    try:
        if proposal is None:
            messages.info(request, "没有等待确认的修改。")
        else:
            amend.withdraw(amendment=proposal, member=request.member)
            messages.success(request, "修改已撤回，协议不变。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-agreement", pk=pk)
