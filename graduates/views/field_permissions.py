"""The page 字段权限: for one cohort a table of the fields and of who may edit them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from core.errors import DomainError
from core.forms import posted
from graduates.actions import field_permissions as actions
from graduates.fields import GROUPS
from graduates.forms import PermissionsForm
from schools.access import StaffRequest, staff_view
from schools.models import Phase
from schools.views.own import chosen_cohort, own_school


@staff_view("schools.set_up")
def field_permissions(request: StaffRequest) -> HttpResponse:
    cohorts, cohort = chosen_cohort(request, own_school(request))
    rights = actions.current_rights(cohort) if cohort else {}
    form = PermissionsForm(posted(request))
    if cohort is not None and form.is_valid():
        rights = form.rights()
        try:
            n = actions.set_permissions(cohort_id=cohort.pk, rights=rights, by=request.user)
            messages.success(request, f"已保存，{n}个字段有变化，随即生效。" if n else "没有变化。")
            return redirect(f"{reverse('console:field-permissions')}?cohort={cohort.year}")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "cohorts": cohorts,
        "cohort": cohort,
        "sealed": cohort is not None and cohort.phase() == Phase.SEALED,
        "groups": _groups(rights) if cohort else [],
        "form": form,
    }
    page = "graduates/console/field_permissions.html"
    return render(request, page, context, status=422 if form.errors else 200)


def _groups(rights: dict[str, actions.EditRights]) -> list[tuple[str, list[dict[str, Any]]]]:
    groups: dict[str, list[dict[str, Any]]] = {g: [] for g in GROUPS}
    words = ("毕业生", "辅导员", "院系管理员")
    for f in actions.SETTABLE:
        cells = list(zip(actions.COLUMNS, words, rights[f.key], strict=True))
        changed = rights[f.key] != f.editable
        groups[f.group].append({"field": f, "cells": cells, "changed": changed})
    return list(groups.items())
