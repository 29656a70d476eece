"""The pages of initial codes (初始码) by class, and the PDF of slips. It is logged who saw which codes."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from core import audit, pdf
from core.forms import read_number
from graduates import slips
from graduates.actions.initial_codes import renew_expired
from schools import options
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of
from schools.models import Cohort, SchoolClass
from schools.scope import schools_visible_to, scope_of


@staff_view("graduates.initial_codes")
def initial_codes(request: StaffRequest) -> HttpResponse:
    """The classes with graduates who have not activated their account."""
    year = year_of(request)
    cohort = Cohort.objects.filter(pk__in=year.cohort_ids).first() if year is not None else None
    department = read_number(request.GET.get("department", ""))
    scope = scope_of(request.user)
    context = {
        "cohort": cohort,
        "departments": options.department_options(request.user),
        "department": department,
        "rows": slips.classes_waiting(request.user, cohort, department) if cohort else [],
        "no_scope": scope is None or scope.is_empty,
    }
    return render(request, "graduates/console/initial_codes.html", context)


@staff_view("graduates.initial_codes")
@require_POST
def class_codes(request: StaffRequest, pk: int) -> HttpResponse:
    school_class, codes = _class_slips(request, pk, "page")
    context = {"row": school_class, "slips": codes, "address": slips.sign_in_address()}
    return render(request, "graduates/console/class_codes.html", context)


@staff_view("graduates.initial_codes")
@require_POST
def class_slips(request: StaffRequest, pk: int) -> HttpResponse:
    school_class, codes = _class_slips(request, pk, "pdf")
    return pdf.download(slips.make_pdf(school_class, codes), f"初始码-{school_class.name}.pdf")


def _class_slips(request: StaffRequest, pk: int, kind: str) -> tuple[SchoolClass, list[slips.Slip]]:
    """The class and the slips of its graduates in the user's scope, with new codes in place of
    expired ones; 404 if there are none."""
    classes = SchoolClass.objects.select_related("school", "cohort", "department")
    school_class = get_object_or_404(classes, pk=pk, school__in=schools_visible_to(request.user))
    codes = slips.slips_of(request.user, school_class)
    if not codes:
        raise Http404
    ids = [slip.graduate_id for slip in codes]
    if renew_expired(graduate_ids=ids, shown_for=school_class, by=request.user):
        codes = slips.slips_of(request.user, school_class)
    audit.record(
        "graduates.class_codes",
        by=request.user,
        obj=school_class,
        data={"kind": kind, "graduates": [s.graduate_id for s in codes]},
    )
    return school_class, codes
