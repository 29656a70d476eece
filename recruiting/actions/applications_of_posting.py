"""What happens to applications when their posting or their unit goes."""

from __future__ import annotations

from django.db.models import QuerySet

from employers.models import Unit
from recruiting.actions.application_base import RELATED, end, record, tell_graduate
from recruiting.models import Application, Posting
from recruiting.states import BEFORE_OFFER, ApplicationState


def end_open(posting: Posting, *, reason: str) -> int:
    """End the posting's applications before an offer and tell the graduates, in the caller's
    transaction; returns how many."""
    return _end_each(Application.objects.filter(posting=posting), reason)


def end_open_of_unit(unit: Unit, *, reason: str) -> int:
    """The same for all applications that the unit received."""
    return _end_each(Application.objects.filter(unit=unit), reason)


def _end_each(received: QuerySet[Application], reason: str) -> int:
    rows = received.filter(state__in=BEFORE_OFFER).order_by("id")
    ended = 0
    for application in rows.select_for_update(of=("self",)).select_related(*RELATED):
        end(application, ApplicationState.ENDED)
        record("end_application", application, None, reason=reason)
        title = f"您对“{application.posting.title}”的投递已终止"
        tell_graduate(application, title, text=reason, key="ended")
        ended += 1
    return ended
