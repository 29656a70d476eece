"""Pages on which the school seals a cohort (封存) and the province unseals it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from core.errors import DomainError
from core.forms import posted
from core.models import Event
from schools.access import StaffRequest, staff_view
from schools.actions import cohorts as actions
from schools.forms import ReasonForm
from schools.models import Cohort
from schools.views.own import own_school


@staff_view("schools.set_up")
def seal(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Cohort, pk=pk, school=own_school(request))
    refusal, left = "", []
    try:
        if request.method == "POST":
            actions.seal(cohort_id=pk, by=request.user)
            messages.success(request, f"已封存{row}。")
            return redirect("console:cohort", pk=pk)
        left = actions.check_sealing(row, request.user)
    except DomainError as error:
        refusal = error.message
    context = {"row": row, "left": left, "refusal": refusal}
    return render(request, "schools/seal.html", context, status=409 if refusal else 200)


@staff_view("province.schools")
def unseal(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Cohort.objects.select_related("school"), pk=pk)
    form = ReasonForm(posted(request))
    if form.is_valid():
        try:
            actions.unseal(cohort_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, f"已解除{row.school.name}{row}的封存。")
            return redirect("console:school", pk=row.school_id)
        except DomainError as refusal:
            form.add_refusal(refusal)
    events = Event.objects.filter(
        object_type="cohort",
        object_id=pk,
        action__in=("schools.cohort_seal", "schools.cohort_unseal"),
    )
    context = {
        "row": row,
        "form": form,
        "events": events.order_by("-id")[:20],
    }
    return render(request, "schools/unseal.html", context, status=422 if form.errors else 200)
