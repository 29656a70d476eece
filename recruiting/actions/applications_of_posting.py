"""What happens to applications when their posting or their unit goes."""

from __future__ import annotations

from recruiting.actions.application_base import RELATED, end, record, tell_graduate
from recruiting.models import Application, Posting
from recruiting.states import BEFORE_OFFER, ApplicationState


def end_open(posting: Posting, *, reason: str) -> int:
    """End the posting's applications before an offer and tell the graduates, in the caller's
    transaction; returns how many."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(*RELATED)
    ended = 0
    for application in rows.filter(posting=posting, state__in=BEFORE_OFFER).order_by("id"):
        end(application, ApplicationState.ENDED)
        record("end_application", application, None, reason=reason)
        tell_graduate(application, f"您对“{posting.title}”的投递已终止", text=reason, key="ended")
        ended += 1
    return ended
