"""Consent to a termination: with a one-time code, and with an hour in which it can be taken back before
department and school see it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import one_time_codes
from accounts.models import OneTimeCode, User
from core import audit
from core.clock import database_now
from core.errors import Conflict, Refused
from esign.actions.termination_base import (
    take_step,
    tell_both_sides,
    tell_department,
    termination_facts,
    update_termination,
)
from esign.models import Agreement, SigningRules, Termination
from esign.states import Side, TerminationState
from esign.termination_steps import TAKE_BACK_PERIOD, TERMINATION, TerminationFacts, side_of

_CHUNK = 100
_PURPOSE = "terminate"


def send_code(*, agreement: Agreement, by: User, seen: int, address: str) -> None:
    """Send a one-time code to the mobile number of the person who is about to consent. `seen` is the id
    of the termination on their page."""
    facts = termination_facts(agreement)
    if facts.termination is None or facts.termination.pk != seen:
        raise Conflict("changed", "解约申请已有变化，请返回协议核对。")
    TERMINATION.check("consent", facts, by)
    one_time_codes.issue(
        purpose=_PURPOSE,
        phone=phone_of(facts, by),
        subject=_subject(facts.termination, by),
        address=address,
    )


def code_is_open(facts: TerminationFacts, by: User) -> bool:
    """Whether this person has a code for the open termination that can still be typed."""
    return one_time_codes.is_open(
        purpose=_PURPOSE, phone=phone_of(facts, by), subject=_subject(facts.open_termination, by)
    )


def phone_of(facts: TerminationFacts, by: User) -> str:
    """The person's own mobile number: the graduate's, or the one that the unit's person signs in
    with."""
    return facts.graduate.mobile if side_of(by) == Side.GRADUATE else by.login


def _subject(termination: Termination, by: User) -> str:
    return f"terminate:{termination.pk}:{by.pk}"


def consent(
    *,
    agreement: Agreement,
    by: User,
    seen: int,
    has_read: bool,
    code: str,
    address: str,
    agent: str = "",
) -> Termination:
    """The other side agrees. For an hour it may take the consent back; then `forward_due` hands the
    termination on to the department.

    `has_read` says that the person ticked the statement. The code is spent in this transaction; a
    wrong one is committed as a try.
    """
    with take_step("consent", agreement, by, seen=seen) as (facts, step):
        if not has_read:
            raise Refused("not_read", "请阅读以上内容并勾选。", field="has_read")
        proof = one_time_codes.use(
            purpose=_PURPOSE,
            phone=phone_of(facts, by),
            subject=_subject(facts.open_termination, by),
            typed=code,
        )
        if isinstance(proof, OneTimeCode):
            termination = update_termination(
                facts, step, consented_at=facts.now, answered_at=facts.now, answer="同意"
            )
            audit.record(
                "esign.terminate_consent",
                by=by,
                obj=facts.agreement,
                data={"address": address, "agent": agent[:200], "code": proof.pk},
            )
            until = timezone.localtime(facts.now + TAKE_BACK_PERIOD)
            tell_both_sides(
                facts, termination, "consented", _key(facts, "consented"), until=f"{until:%H:%M}"
            )
            return termination
    raise proof


def take_back(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The side that consented takes its consent back within the hour; the request waits for an answer
    again."""
    with take_step("take_back", agreement, by, seen=seen) as (facts, step):
        key = _key(facts, "taken-back")
        termination = update_termination(
            facts, step, consented_at=None, answered_at=None, answer=""
        )
        audit.record("esign.terminate_take_back", by=by, obj=facts.agreement)
        tell_both_sides(facts, termination, "taken_back", key)
    return termination


def _key(facts: TerminationFacts, event: str) -> str:
    """The key of a message about this consent; after it was taken back another one may follow."""
    at = facts.open_termination.consented_at
    return f"{event}:{at.isoformat() if at else ''}"


def forward_due() -> int:
    """Hand on to the department what was consented to more than an hour ago, and tell both sides and
    the department; returns how many were handed on."""
    forwarded = 0
    while chunk := _forward_chunk():
        forwarded += chunk
    return forwarded


def _forward_chunk() -> int:
    """Forward up to `_CHUNK` terminations in one transaction. Those that another step or another worker
    has locked are left for the next run."""
    (step,) = TERMINATION.steps_of("forward")
    now = database_now()
    with transaction.atomic():
        due = (
            Termination.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related(
                "agreement__unit",
                "agreement__member__user",
                "graduate__person",
                "graduate__cohort__signing",
            )
            .filter(state__in=step.sources, consented_at__lte=now - TAKE_BACK_PERIOD)
            .order_by("consented_at", "pk")
        )
        rows = list(due[:_CHUNK])
        for row in rows:
            facts = TerminationFacts(
                row.agreement, row.graduate, SigningRules.of(row.graduate.cohort), row, now
            )
            row.state = TerminationState(step.target or "")
            row.save(update_fields=["state"])
            audit.record("esign.terminate_forward", by=None, obj=row.agreement)
            tell_both_sides(facts, row, "forwarded")
            tell_department(facts, row)
    return len(rows)
