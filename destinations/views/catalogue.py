"""The province edits the catalogue; forms, checks and imports follow at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from destinations.actions import catalogue as actions
from destinations.fields import BY_KEY, FORM_CATEGORY, FORMS
from destinations.models import Category, Requirement
from schools.access import StaffRequest, staff_view

_AS_CATEGORY = ("", "同本类别")


@staff_view("province.catalogue")
def categories(request: StaffRequest) -> HttpResponse:
    rows = Category.objects.filter(status="current")
    return render(request, "destinations/console/catalogue.html", {"rows": rows})


@staff_view("province.catalogue")
def category(request: StaffRequest, code: str) -> HttpResponse:
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    if request.method == "POST":
        texts = {key: request.POST.get(key, "").strip() for key in actions.TEXTS}
        flags = {key: request.POST.get(key) == "on" for key in actions.FLAGS}
        actions.edit(code=code, values=texts | flags, lines=_typed(request), by=request.user)
        messages.success(request, "已保存, 表单、校验和导入随即生效。")
        return redirect("console:category", code=code)
    context = {
        "row": row,
        "lines": _lines(row),
        "requirements": Requirement.choices,
        "forms": _forms(row),
        "texts": [(k, _label(k), getattr(row, k)) for k in actions.TEXTS],
        "flags": [(k, _label(k), getattr(row, k)) for k in actions.FLAGS],
    }
    return render(request, "destinations/console/category.html", context)


@staff_view("province.catalogue")
def category_form(request: StaffRequest, code: str, form: str) -> HttpResponse:
    """One local form of a category: what it asks for otherwise."""
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    if code != FORM_CATEGORY or form not in FORMS:
        raise Http404
    if request.method == "POST":
        actions.edit_form(code=code, form=form, lines=_typed(request), by=request.user)
        messages.success(request, "已保存, 表单、校验和导入随即生效。")
        return redirect("console:category-form", code=code, form=form)
    context = {
        "row": row,
        "form": form,
        "name": FORMS[form],
        "lines": _lines(row, form),
        "requirements": [_AS_CATEGORY, *Requirement.choices],
        "forms": _forms(row),
    }
    return render(request, "destinations/console/category_form.html", context)


def _lines(row: Category, form: str = "") -> list[tuple[str, str, str, str, str]]:
    """(key, label, requirement, note, what the category itself says) of every field."""
    have = {(f.form, f.field): (f.requirement, f.condition) for f in row.fields.all()}
    labels = {key: BY_KEY[key].label if key in BY_KEY else "证明材料" for key in actions.LINES}
    lines = []
    for key, label in labels.items():
        own = have.get(("", key), (str(Requirement.HIDDEN), ""))
        requirement, note = have.get((form, key), ("", "")) if form else own
        lines.append((key, label, requirement, note, Requirement(own[0]).label))
    return lines


def _forms(row: Category) -> list[tuple[str, str, int]]:
    """(form, name, in how many fields it differs) of the category that has forms."""
    if row.code != FORM_CATEGORY:
        return []
    differing = row.fields.exclude(form="").exclude(requirement="").values_list("form", flat=True)
    found = list(differing)
    return [(form, name, found.count(form)) for form, name in FORMS.items()]


def _typed(request: StaffRequest) -> dict[str, actions.Line]:
    return {
        key: (
            request.POST[f"requirement-{key}"],
            request.POST.get(f"condition-{key}", "").strip()[:200],
        )
        for key in actions.LINES
        if f"requirement-{key}" in request.POST
    }


def _label(name: str) -> Any:
    return getattr(Category._meta.get_field(name), "verbose_name", name)
