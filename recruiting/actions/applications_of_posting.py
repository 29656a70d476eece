"""What happens to applications when their posting or their unit goes."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from core import audit
from recruiting.models import Application, Posting
from recruiting.states import BEFORE_OFFER, ApplicationState


def end_open(posting: Posting, *, reason: str) -> int:
    """End the posting's applications before an offer and tell the graduates, in the caller's
    transaction; returns how many."""
    rows = Application.objects.select_for_update(of=("self",)).select_related("graduate")
    ended = 0
    for application in rows.filter(posting=posting, state__in=BEFORE_OFFER).order_by("id"):
        application.state = ApplicationState.ENDED
        application.decided_at = timezone.now()
        application.lapses_at = None
        application.save(update_fields=["state", "decided_at", "lapses_at"])
        audit.record("recruiting.end_application", by=None, obj=application, reason=reason)
        inbox.tell(
            f"person:{application.graduate.person_id}", f"您对“{posting.title}”的投递已终止",
            text=reason, link=reverse("application", args=[application.pk]),
            key=f"application:{application.pk}:ended",
        )  # fmt: skip
        ended += 1
    return ended
