"""The province edits the catalogue; forms, checks and imports follow at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from core import audit
from destinations import catalogue as source
from destinations.fields import BY_KEY, EVIDENCE, FORMS, KEYS
from destinations.models import Category, CategoryField, Requirement
from schools.access import StaffRequest, staff_view

_TEXTS = ("definition", "evidence", "rule")
_FLAGS = ("for_graduates", "school_review", "wage_rule")


@staff_view("province.catalogue")
def categories(request: StaffRequest) -> HttpResponse:
    rows = Category.objects.filter(status="current")
    return render(request, "destinations/console/catalogue.html", {"rows": rows})


@staff_view("province.catalogue")
def category(request: StaffRequest, code: str) -> HttpResponse:
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    if request.method == "POST":
        save_category(row, request.POST, by=request.user)
        messages.success(request, "已保存, 表单、校验和导入随即生效。")
        return redirect("console:category", code=code)
    own = {(f.form, f.field): f for f in row.fields.all()}
    lines = []
    for key in [*KEYS, EVIDENCE]:
        found = own.get(("", key))
        label = BY_KEY[key].label if key in BY_KEY else "证明材料"
        lines.append(
            (
                key,
                label,
                found.requirement if found else Requirement.HIDDEN,
                found.condition if found else "",
            )
        )
    overrides = [(f, FORMS[f.form], BY_KEY[f.field].label) for f in own.values() if f.form]
    context = {
        "row": row,
        "lines": lines,
        "requirements": Requirement.choices,
        "overrides": overrides,
        "texts": [(k, _label(k), getattr(row, k)) for k in _TEXTS],
        "flags": [(k, _label(k), getattr(row, k)) for k in _FLAGS],
    }
    return render(request, "destinations/console/category.html", context)


def _label(name: str) -> str:
    return str(getattr(Category._meta.get_field(name), "verbose_name", name))


def save_category(row: Category, posted: Any, *, by: Any) -> None:
    """Write the row and its field lines, log old and new, and tell every process."""
    changes: dict[str, list[Any]] = {}
    with transaction.atomic():
        for key in _TEXTS:
            value = posted.get(key, "").strip()
            if value != getattr(row, key):
                changes[key] = [getattr(row, key), value]
                setattr(row, key, value)
        for key in _FLAGS:
            flag = posted.get(key) == "on"
            if flag != getattr(row, key):
                changes[key] = [getattr(row, key), flag]
                setattr(row, key, flag)
        row.save()
        for key in [*KEYS, EVIDENCE]:
            requirement = posted.get(f"requirement-{key}", "")
            if requirement not in Requirement.values:
                continue
            line, _ = CategoryField.objects.get_or_create(
                category=row, form="", field=key, defaults={"requirement": Requirement.HIDDEN}
            )
            condition = posted.get(f"condition-{key}", "").strip()[:200]
            if (line.requirement, line.condition) != (requirement, condition):
                changes[f"field:{key}"] = [line.requirement, requirement]
                line.requirement, line.condition = requirement, condition
                line.save()
        if changes:
            audit.record(
                "destinations.catalogue", by=by, object_type="category", label=row.name,
                data={"code": row.code, "changes": changes},
            )  # fmt: skip
        transaction.on_commit(source.changed)
