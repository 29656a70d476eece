"""What the graduate looks for (求职意向): one form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from core.errors import DomainError
from core.forms import posted
from graduates.access import GraduateRequest, graduate_view
from recruiting.actions import resumes
from recruiting.models import Intention
from recruiting.resume_forms import intention_form

_TAB = "services"


@graduate_view
def intention(request: GraduateRequest) -> HttpResponse:
    present = Intention.objects.filter(graduate=request.graduate).first()
    form = intention_form(present, posted(request))
    if form.is_valid():
        try:
            resumes.save_intention(
                graduate=request.graduate, typed=form.typed,
                version=form.cleaned_data["version"], by=request.user,
            )  # fmt: skip
            messages.success(request, "已保存。")
            return redirect("resume")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "tab": _TAB}
    return render(request, "recruiting/phone/intention.html", context, status=form.status)
