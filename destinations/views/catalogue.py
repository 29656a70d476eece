"""Pages on which the province edits the catalogue. Forms, checks and imports use it at once."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from core.forms import posted
from destinations.actions import catalogue as actions
from destinations.fields import FORM_CATEGORY, FORMS
from destinations.forms import CategoryForm, RequirementsForm
from destinations.models import Category
from schools.access import StaffRequest, staff_view


@staff_view("province.catalogue")
def categories(request: StaffRequest) -> HttpResponse:
    rows = Category.objects.filter(status="current")
    return render(request, "destinations/console/catalogue.html", {"rows": rows})


@staff_view("province.catalogue")
def category(request: StaffRequest, code: str) -> HttpResponse:
    """A category's texts and flags, and what it asks for."""
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    form = CategoryForm(posted(request), row=row)
    if form.is_valid():
        actions.edit(code=code, values=form.own_values(), settings=form.settings(), by=request.user)
        messages.success(request, "已保存，表单、校验和导入随即生效。")
        return redirect("console:category", code=code)
    context = {"row": row, "kinds": _kinds(row), "form": form}
    return render(request, "destinations/console/category.html", context, status=form.status)


@staff_view("province.catalogue")
def category_form(request: StaffRequest, code: str, form: str) -> HttpResponse:
    """What the local form of a category with the key `form` asks for, where it differs."""
    row = get_object_or_404(Category, pk=code, is_leaf=True)
    if code != FORM_CATEGORY or form not in FORMS:
        raise Http404
    typed = RequirementsForm(posted(request), row=row, kind=form)
    if typed.is_valid():
        actions.edit_form(code=code, form=form, settings=typed.settings(), by=request.user)
        messages.success(request, "已保存，表单、校验和导入随即生效。")
        return redirect("console:category-form", code=code, form=form)
    context = {
        "row": row,
        "kind": form,
        "name": FORMS[form],
        "kinds": _kinds(row),
        "form": typed,
    }
    return render(request, "destinations/console/category_form.html", context, status=typed.status)


def _kinds(row: Category) -> list[tuple[str, str, int]]:
    """The local forms of a category: (key, name, number of fields that differ from it)."""
    if row.code != FORM_CATEGORY:
        return []
    differing = row.fields.exclude(form="").exclude(requirement="").values_list("form", flat=True)
    fields_by_form = Counter(differing)
    return [(form, name, fields_by_form[form]) for form, name in FORMS.items()]
