"""签约设置 of each cohort, and the province's button that tries parked documents again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core import outbox
from core.errors import DomainError
from core.forms import posted
from esign.actions import documents
from esign.actions import rules as actions
from esign.forms import SigningRulesForm
from esign.models import SigningRules
from schools.access import StaffRequest, staff_view
from schools.models import Cohort, Phase
from schools.views.own import chosen_cohort, own_school


@staff_view("esign.set_up")
def signing_rules(request: StaffRequest) -> HttpResponse:
    cohorts, cohort = chosen_cohort(request, own_school(request))
    form = SigningRulesForm(posted(request), initial=_current(cohort))
    if cohort is not None and form.is_valid():
        try:
            actions.set_rules(cohort_id=cohort.pk, values=form.cleaned_data, by=request.user)
            messages.success(request, f"已保存{cohort}的签约设置，随即生效。")
            return redirect(f"{reverse('console:signing-rules')}?cohort={cohort.year}")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "cohorts": cohorts,
        "cohort": cohort,
        "sealed": cohort is not None and cohort.phase() == Phase.SEALED,
        "form": form,
        "no_sms": not outbox.can_send(),
    }
    return render(request, "esign/console/rules.html", context, status=422 if form.errors else 200)


def _current(cohort: Cohort | None) -> dict[str, Any]:
    if cohort is None:
        return {}
    rules = SigningRules.of(cohort)
    return {key: getattr(rules, key) for key in SigningRulesForm.base_fields}


@staff_view("province.schools")
@require_POST
def documents_retry(request: StaffRequest) -> HttpResponse:
    count = documents.unpark(by=request.user)
    messages.success(request, f"{count}份文件重新排队生成。" if count else "没有待处理的文件。")
    return redirect("console:documents")
