"""What all actions on an application do: lock it, ask the transition table, end it, tell the other side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit
from core.audit import Actor
from core.clock import database_now
from recruiting.application_steps import APPLICATION
from recruiting.models import Application, Interview, RecruitingRules
from recruiting.states import OPEN_INTERVIEW, ApplicationState, InterviewState

RELATED = ("graduate__person", "graduate__school", "graduate__cohort", "posting", "unit")


def lock(application_id: int) -> Application:
    """The application, locked in the caller's transaction."""
    rows = Application.objects.select_for_update(of=("self",)).select_related(*RELATED)
    return rows.get(pk=application_id)


@contextmanager
def take_step(action: str, application_id: int, by: User | None) -> Iterator[Application]:
    """A transaction for one step on an application: lock it and ask the transition table. Raises the
    `DomainError` of a refusal."""
    with transaction.atomic():
        application = lock(application_id)
        APPLICATION.check(action, application, by)
        yield application


def note_unit_step(application: Application) -> None:
    """The unit has taken a step: the time until the application lapses begins anew. Not saved yet."""
    application.unit_acted_at = database_now()
    days = RecruitingRules.current().silent_days
    application.lapses_at = application.unit_acted_at + timedelta(days=days)


def end(application: Application, state: ApplicationState, **values: Any) -> None:
    """Bring the locked application to its last state, and cancel its open interview."""
    application.state, application.decided_at = state, timezone.now()
    application.lapses_at = None
    for key, value in values.items():
        setattr(application, key, value)
    application.save(update_fields=["state", "decided_at", "lapses_at", *values])
    Interview.objects.filter(application=application, state__in=OPEN_INTERVIEW).update(
        state=InterviewState.CANCELLED, closed_at=timezone.now(), reason=f"投递{state.label}"
    )


def record(action: str, application: Application, by: User | Actor | None, **more: Any) -> None:
    audit.record(f"recruiting.{action}", by=by, obj=application, **more)


def tell_graduate(application: Application, title: str, *, text: str = "", key: str) -> None:
    inbox.tell(
        f"person:{application.graduate.person_id}", title, text=text,
        link=reverse("application", args=[application.pk]),
        key=f"application:{application.pk}:{key}",
    )  # fmt: skip
