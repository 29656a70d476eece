"""就业服务记录: the graduate's own reading of what staff wrote and did, and the recommended postings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from graduates.access import GraduateRequest, graduate_view
from support import queries
from support.actions import recommending
from support.models import JobRecommendation, Listing
from support.states import RecordState
from support.views.console_list import group_words

_TAB = "services"
_MOST = 100


@graduate_view
def services(request: GraduateRequest) -> HttpResponse:
    listing = Listing.objects.filter(graduate=request.graduate).select_related("profile").first()
    context: dict[str, Any] = {"listing": listing, "tab": _TAB}
    if listing is not None:
        rows = listing.records.filter(state=RecordState.VALID).select_related("way", "posting")
        sent = queries.with_funnel(listing.recommendations.select_related("posting__unit"))
        context |= {
            "profile": getattr(listing, "profile", None),
            "plan": listing.plans.order_by("-id").first(),
            "records": rows.order_by("-on", "-id")[:_MOST],
            "sent": sent.order_by("-id")[:_MOST],
            "groups": group_words(listing.groups),
        }
    return render(request, "support/phone/services.html", context)


@graduate_view
def recommended(request: GraduateRequest, pk: int) -> HttpResponse:
    """Lead to a recommended posting; the recommendation is opened now, if it was not before."""
    rows = JobRecommendation.objects.filter(listing__graduate=request.graduate)
    sent = get_object_or_404(rows, pk=pk)
    recommending.note_opened(graduate=request.graduate, posting_id=sent.posting_id)
    return redirect("job", pk=sent.posting_id)
