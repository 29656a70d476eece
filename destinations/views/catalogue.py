"""The province edits the catalogue; forms, checks and imports follow at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from core.forms import posted
from destinations.actions import catalogue as actions
from destinations.fields import BY_KEY, FORM_CATEGORY, FORMS
from destinations.forms import CategoryForm, LinesForm
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
    own = {key: getattr(row, key) for key in (*actions.TEXTS, *actions.FLAGS)}
    form = CategoryForm(posted(request), initial=own)
    if form.is_valid():
        values, lines = form.own_values(), form.lines()
        actions.edit(code=code, values=values, lines=lines, by=request.user)
        messages.success(request, "已保存, 表单、校验和导入随即生效。")
        return redirect("console:category", code=code)
    context = {
        "row": row,
        "lines": _lines(row),
        "requirements": Requirement.choices,
        "forms": _forms(row),
        "fields": form,
    }
    return render(request, "destinations/console/category.html", context, status=form.status)


@staff_view("province.catalogue")
def category_form(request: StaffRequest, code: str, form: str) -> HttpResponse:
    """One local form of a category: what it asks for otherwise."""
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    if code != FORM_CATEGORY or form not in FORMS:
        raise Http404
    typed = LinesForm(posted(request))
    if typed.is_valid():
        actions.edit_form(code=code, form=form, lines=typed.lines(), by=request.user)
        messages.success(request, "已保存, 表单、校验和导入随即生效。")
        return redirect("console:category-form", code=code, form=form)
    context = {
        "row": row,
        "form": form,
        "name": FORMS[form],
        "lines": _lines(row, form),
        "requirements": [_AS_CATEGORY, *Requirement.choices],
        "forms": _forms(row),
        "fields": typed,
    }
    return render(request, "destinations/console/category_form.html", context, status=typed.status)


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
