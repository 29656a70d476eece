"""Surveys as a signed-in graduate finds them: what may be answered, and the switch that ends them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.forms import pressed
from graduates.access import GraduateRequest, graduate_view
from surveys import queries
from surveys.actions import invitations
from surveys.models import OptOut
from surveys.states import ANSWERABLE

_TAB = "services"


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    context = {
        "invitations": queries.answerable_by(request.graduate),
        "answerable": ANSWERABLE,
        "opted_out": OptOut.objects.filter(person=request.graduate.person_id).exists(),
        "tab": _TAB,
    }
    return render(request, "surveys/phone/surveys.html", context)


@graduate_view
@require_POST
def open_survey(request: GraduateRequest, pk: int) -> HttpResponse:
    """Lead to the own link. It is derived now and kept nowhere."""
    invitation = get_object_or_404(queries.answerable_by(request.graduate), pk=pk)
    link = invitations.link_of(invitation)
    if not link:
        messages.error(request, "问卷已结束，不能再填写。")
        return redirect("surveys")
    return redirect(link)


@graduate_view
@require_POST
def setting(request: GraduateRequest) -> HttpResponse:
    """Switch surveys off, or on again."""
    wanted = pressed(request, "receive") == "no"
    invitations.set_opt_out(person=request.graduate.person, wanted=wanted)
    said = "已设置：以后的问卷不再邀请和提醒您。" if wanted else "已设置：以后有问卷会邀请您。"
    messages.success(request, said)
    return redirect("surveys")
