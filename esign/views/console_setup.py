"""签约设置 of each cohort; and trying again what could not be made."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core import outbox
from core.errors import DomainError
from esign.actions import documents
from esign.actions import rules as actions
from esign.models import SigningRules
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.forms import Errors, FormField
from schools.models import Cohort, Phase
from schools.views.own import chosen_cohort, own_school

_FIELDS = (
    FormField("signing_from", "签约开始日期", "date", hint="从这天起毕业生可以接受签约邀约。"),
    FormField("termination_from", "解约开始日期", "date", hint="从这天起双方可以提出解约。"),
    FormField("most_terminations", "最大解约次数", "number", max_length=2,
              hint="每名毕业生在本届最多解约几次, 只计已同意的。"),
    FormField("silence_days", "对方未答复期限(天)", "number", max_length=2,
              hint="协商解约时对方超过期限未答复, 毕业生可以上传盖章解约材料。"),
    FormField("copies", "打印份数", "number", max_length=2, hint="每次打印协议书的默认份数。"),
)  # fmt: skip
_KEYS = [f.key for f in _FIELDS]


@staff_view("esign.set_up")
def signing_rules(request: StaffRequest) -> HttpResponse:
    cohorts, cohort = chosen_cohort(request, own_school(request))
    typed, errors = _standing(cohort), Errors()
    if request.method == "POST" and cohort is not None:
        typed = request.POST.dict() | {"department_decides": "department_decides" in request.POST}
        try:
            actions.set_rules(cohort_id=cohort.pk, values=_read(typed), by=request.user)
            messages.success(request, f"已保存{cohort}的签约设置, 随即生效。")
            return redirect(f"{reverse('console:signing-rules')}?cohort={cohort.pk}")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {
        "cohorts": cohorts,
        "cohort": cohort,
        "sealed": cohort is not None and cohort.phase() == Phase.SEALED,
        "items": forms.items(_FIELDS, typed, errors),
        "department_decides": typed.get("department_decides"),
        "no_sms": not outbox.can_send(),
        "errors": errors,
    }
    return render(request, "esign/console/rules.html", context, status=422 if errors else 200)


def _standing(cohort: Cohort | None) -> dict[str, Any]:
    if cohort is None:
        return {}
    rules = SigningRules.of(cohort)
    return {key: getattr(rules, key) for key in (*_KEYS, "department_decides")}


def _read(typed: dict[str, Any]) -> dict[str, Any]:
    """All fields read; what is no date or number is None, which the action refuses by name."""
    dates = {key: forms.read_date(typed.get(key, ""), key) for key in actions.DATES}
    numbers = {key: forms.read_number(typed.get(key, "")) for key in actions.LIMITS}
    return {**dates, **numbers, "department_decides": typed["department_decides"]}


@staff_view("province.schools")
@require_POST
def documents_retry(request: StaffRequest) -> HttpResponse:
    count = documents.unpark(by=request.user)
    messages.success(request, f"{count}份文件重新排队生成。" if count else "没有待处理的文件。")
    return redirect("console:documents")
