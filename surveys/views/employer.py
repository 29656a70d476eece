"""Surveys as a signed-in person of a unit finds them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from employers.access import EmployerRequest, employer_view, find_in_units
from surveys import queries
from surveys.actions import invitations
from surveys.states import ANSWERABLE


@employer_view
def listing(request: EmployerRequest) -> HttpResponse:
    context = {
        "invitations": queries.answerable_by_unit(request.member), "answerable": ANSWERABLE,
        "tab": "home",
    }  # fmt: skip
    return render(request, "surveys/employer/surveys.html", context)


@employer_view
@require_POST
def open_survey(request: EmployerRequest, pk: int) -> HttpResponse:
    """Lead to the unit's link. It is derived now and kept nowhere."""
    invitation = find_in_units(request, pk, queries.answerable_by_unit)
    link = invitations.link_of(invitation)
    if not link:
        messages.error(request, "问卷已结束，不能再填写。")
        return redirect("employer-surveys")
    return redirect(link)
