"""Notices as graduates read them."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import read_number
from graduates.access import GraduateRequest, graduate_view
from notices import feed, queries
from notices.actions import receipts
from notices.models import Notice, NoticeAttachment
from notices.text import as_html
from notices.words import publisher_words

_TAB = "home"
_SIZE = 20


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    rows = feed.with_own_reading(queries.shown_to(request.graduate), request.user)
    after = read_number(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    # Ids rise with the time of writing. Pinned ones come first on the first page.
    found = list(rows.order_by("-pk").select_related("school")[: _SIZE + 1])
    page, following = found[:_SIZE], found[_SIZE - 1].pk if len(found) > _SIZE else None
    context = {"rows": feed.lines_of(page), "following": following, "tab": _TAB}
    return render(request, "notices/phone/notices.html", context)


def _notices(request: GraduateRequest) -> QuerySet[Notice]:
    return queries.shown_to(request.graduate).select_related("school")


@graduate_view
def notice(request: GraduateRequest, pk: int) -> HttpResponse:
    """One notice. Opening it notes that it was read."""
    shown = get_object_or_404(_notices(request), pk=pk)
    context = {
        "notice": shown,
        "body": as_html(shown.body),
        "publisher": publisher_words(shown.publisher, shown.school.name if shown.school else ""),
        "attachments": shown.attachments.select_related("file"),
        "receipt": receipts.note_reading(notice=shown, by=request.user),
        "tab": _TAB,
    }
    return render(request, "notices/phone/notice.html", context)


@graduate_view
@require_POST
def confirm(request: GraduateRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(_notices(request), pk=pk)
    try:
        receipts.confirm(notice=shown, by=request.user)
        messages.success(request, "已确认。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("notice", pk=pk)


@graduate_view
def attachment(request: GraduateRequest, pk: int, file: int) -> HttpResponseBase:
    shown = get_object_or_404(_notices(request), pk=pk)
    rows = NoticeAttachment.objects.filter(notice=shown).select_related("file")
    return files.respond(get_object_or_404(rows, pk=file).file, download=True)
