"""全国毕业去向登记系统数据查看: the graduate's own data in the national system beside ours."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted
from core.rate import limit
from graduates.access import GraduateRequest, graduate_view
from national_sync.actions import copies
from national_sync.connection import is_configured, open_transport
from national_sync.forms import ConfirmForm
from national_sync.own_page import parts_in_words, waits_for_check
from national_sync.transport.base import TransportError


@graduate_view
def national(request: GraduateRequest) -> HttpResponse:
    return _page(request)


def _page(request: GraduateRequest, error: str = "", status: int = 200) -> HttpResponse:
    context = copies.as_context(request.graduate)
    context |= {
        "form": ConfirmForm(initial={"digest": context["shown"].digest}),
        "configured": is_configured(),
        "waits_for_check": waits_for_check(request.graduate),
        "parts": (parts := parts_in_words(request.graduate, context["shown"])),
        "to_mend": sum(len(p.differing) for p in parts if p.to_mend),
        "on_their_way": sum(len(p.differing) for p in parts if not p.to_mend),
        "site": settings.NATIONAL_SITE,
        "error": error,
        "tab": "register",
    }
    return render(request, "national_sync/phone.html", context, status=status)


@graduate_view
@require_POST
def national_refresh(request: GraduateRequest) -> HttpResponse:
    """Fetch this graduate's record again (刷新)."""
    if not is_configured():
        return _page(request, "尚未与全国系统连接。", 409)
    try:
        limit(f"national:{request.graduate.pk}", most=20, seconds=3600)
        with open_transport() as transport:
            copies.refresh(graduate=request.graduate, transport=transport)
    except TransportError:
        return _page(request, "全国系统暂时无法访问，请稍后再试。", 503)
    except DomainError as refusal:
        return _page(request, refusal.message, refusal.status)
    return redirect("national")


@graduate_view
@require_POST
def national_confirm(request: GraduateRequest) -> HttpResponse:
    form = ConfirmForm(posted(request))
    form.is_valid()  # a hidden text is always valid
    try:
        copies.confirm(graduate=request.graduate, by=request.user, **form.cleaned_data)
    except DomainError as refusal:
        return _page(request, refusal.message, refusal.status)
    messages.success(request, "已核对一致。请再到全国系统中正式确认。")
    return redirect("national")
