"""What every action does: lock the rows, check the step, write the state and the event."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.audit import Actor
from core.db import rows
from core.db.lookups import LookUp
from core.errors import Conflict, DomainError, Refused
from core.states import Step
from destinations import hooks
from destinations.fields import BY_KEY, KEYS, empty_value
from destinations.models import NOT_REGISTERED, Destination, DestinationEvent, ReleaseProposal
from destinations.states import OPEN_RELEASE, ReleaseState, State
from destinations.steps import MACHINE, StepActor

# What the events of made-up records are dated with (`dated`).
_moments: ContextVar[Iterator[datetime.datetime] | None] = ContextVar("moments", default=None)
_APPROVAL_FIELDS = ("department_at", "department_by", "school_at", "school_by")
_STATE_FIELDS = (
    "state", "reason", "reason_source", "flagged", "entered_by_id", "wage_override", *_APPROVAL_FIELDS,
)  # fmt: skip


@contextmanager
def dated(moments: Iterator[datetime.datetime]) -> Iterator[None]:
    """For made-up records alone: the event of each step inside the block gets the next of these moments
    instead of the present one, so that the work of weeks does not seem to be done in a minute."""
    token = _moments.set(moments)
    try:
        yield
    finally:
        _moments.reset(token)


@dataclass
class Change:
    """A locked destination on which one step is being taken. `before` is its snapshot from before
    the step."""

    destination: Destination
    step: Step
    by: StepActor
    before: dict[str, Any]
    was_proposed: bool = False  # whether a proposal to release was open

    def write(self, *, to: str | None = None, reason: str = "") -> Destination:
        """Save the destination and write the event. The state becomes `to`, else the step's target,
        and stays as it is if the step has none."""
        d = self.destination
        source = d.state
        target = to or self.step.target
        if target:
            d.state = target
        if d.state != State.REJECTED:
            d.reason, d.reason_source = "", ""
        d.version += 1
        d.updated_at = timezone.now()
        rows.update(d)
        if self.was_proposed and d.release_proposed_at is None:
            self._close_proposal()
        actor = Actor.of(self.by) if not hasattr(self.by, "role") else None
        moments = _moments.get()
        rows.insert(
            DestinationEvent(
                **({} if moments is None else {"at": next(moments)}),
                graduate_id=d.graduate_id,
                school_id=d.school_id,
                action=self.step.action,
                actor_id=self.by.pk,
                actor_realm=actor.realm if actor else self.by.realm,
                actor_label=actor.label if actor else self.by.label,
                from_state=source,
                to_state=d.state,
                reason=reason,
                snapshot=snapshot(d) | {"before": self.before},
            ),
            later=True,
        )
        hooks.stepped.run(destination=d, action=self.step.action)
        return d

    def _close_proposal(self) -> None:
        """Let the open proposal to release lapse, unless this step has decided it."""
        open_rows = ReleaseProposal.objects.filter(
            graduate_id=self.destination.pk, state__in=OPEN_RELEASE
        )
        label = self.step.label
        open_rows.update(
            state=ReleaseState.LAPSED, decided_at=timezone.now(),
            answer=f"去向已另行{label}，此解约不再办理。",
        )  # fmt: skip


def lock(graduate_id: int, *related: str) -> Destination:
    """The destination, locked after its graduate, because PostgreSQL locks in the order of `of`.
    `related` names further relations to read with it without a lock."""
    return _locking(related).get(graduate_id)


@functools.cache
def _locking(related: tuple[str, ...]) -> LookUp[Destination]:
    rows = Destination.objects.select_for_update(no_key=True, of=("graduate", "self"))
    return LookUp(lambda pk: rows.filter(pk=pk), related=("graduate", "cohort", "school", *related))


@contextmanager
def step(
    action: str,
    graduate_id: int,
    by: StepActor,
    *,
    version: int | None = None,
    reason: str = "",
    held: Destination | None = None,
) -> Iterator[Change]:
    """A transaction for one step: lock graduate and destination in this order, and check `action`
    against the transition table. Raises the `DomainError` of a refusal.

    `version` is the version that the person saw; if there is another one by now, a `Conflict` is
    raised and nothing changes. `held` is the destination if the caller's own transaction has
    locked it with `lock`. A refusal commits the empty transaction, because a rollback discards
    prepared statements.
    """
    refused: DomainError | None = None
    with transaction.atomic(savepoint=held is None):
        d = held or lock(graduate_id)
        try:
            checked = _check(action, d, by, version, reason)
        except DomainError as refusal:
            refused = refusal
        else:
            yield Change(d, checked, by, snapshot(d), d.release_proposed_at is not None)
    if refused is not None:
        raise refused


def _check(action: str, d: Destination, by: StepActor, version: int | None, reason: str) -> Step:
    stale = version is not None and version != d.version
    try:
        checked = MACHINE.check(action, d, by)
    except Refused:
        # The step is refused because of what somebody else did meanwhile, so say that instead.
        if stale:
            raise Conflict("changed", changed_meanwhile(d)) from None
        raise
    if stale:
        raise Conflict("changed", changed_meanwhile(d))
    if checked.needs_reason and not reason.strip():
        raise Refused("reason", "请填写理由。")
    return checked


def changed_meanwhile(d: Destination) -> str:
    """A sentence that tells the second of two people what the first one changed, and when."""
    event = DestinationEvent.objects.filter(graduate_id=d.graduate_id).order_by("-id").first()
    label = State(d.state).label
    if event is None:
        return f"记录刚刚被他人修改，现为“{label}”，请刷新后再操作。"
    step_label = next((s.label for s in MACHINE.steps_of(event.action)), event.action)
    when = timezone.localtime(event.at).strftime("%H:%M")
    return (
        f"{event.actor_label}已于{when}对此记录作了“{step_label}”，现为“{label}”。"
        "您的操作没有执行，请核对后再操作。"
    )


def snapshot(d: Destination) -> dict[str, Any]:
    """Category, fields and state as plain JSON."""
    keys = ("category", "form", "agreement_no", *KEYS)
    values = {key: _as_json(getattr(d, key)) for key in keys}
    return values | {key: _as_json(getattr(d, key)) for key in _STATE_FIELDS}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime.date) else value


def put_values(d: Destination, category: str, form: str, values: dict[str, Any]) -> None:
    """Set the category, its local form and the fields in `values`; saves nothing."""
    d.category, d.form = category, form
    for key, value in values.items():
        setattr(d, key, value)


def restore(d: Destination, before: dict[str, Any]) -> None:
    """Set values and approvals to those of an event's snapshot. The caller sets the state."""
    clear(d)
    values = {}
    for key in KEYS:
        value = before.get(key, empty_value(key))
        if BY_KEY[key].kind == "date" and value:
            value = datetime.date.fromisoformat(value)
        values[key] = value
    put_values(d, before["category"], before["form"], values)
    for key in _STATE_FIELDS:
        value = before.get(key, getattr(d, key))
        if key.endswith("_at") and value:
            value = datetime.datetime.fromisoformat(value)
        if key != "state":
            setattr(d, key, value)


def restore_review(d: Destination, before: dict[str, Any]) -> None:
    """Set approvals, reason and flags to those of an event's snapshot. The caller sets the state."""
    for key in ("reason", "reason_source", "flagged", *_APPROVAL_FIELDS):
        value = before[key]
        if key.endswith("_at") and value:
            value = datetime.datetime.fromisoformat(value)
        setattr(d, key, value)


def clear(d: Destination) -> None:
    """Empty the destination, as it was when its graduate was imported. The caller sets the state."""
    put_values(d, NOT_REGISTERED, "", {key: empty_value(key) for key in KEYS})
    d.flagged, d.entered_by_id, d.opened_at, d.wage_override = [], None, None, ""
    d.department_at, d.department_by, d.school_at, d.school_by = None, "", None, ""
    d.release_proposed_at, d.release_proposed_by_id = None, None
