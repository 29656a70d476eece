"""What all actions on a termination do: lock the rows, ask the transition table, tell both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core.errors import Conflict, Refused
from core.states import Step
from esign import history
from esign.actions import amend, notices
from esign.models import Agreement, SigningRules, Termination
from esign.reader_words import termination_title
from esign.states import OPEN_TERMINATION, Side, TerminationState
from esign.termination_steps import TERMINATION, TerminationFacts
from graduates.models import Graduate
from schools.scope import responsible_staff_ids


def termination_facts(agreement: Agreement) -> TerminationFacts:
    """The facts for a page, without any lock."""
    graduate = Graduate.objects.select_related("person", "cohort", "school").get(
        pk=agreement.graduate_id
    )
    return TerminationFacts(
        agreement, graduate, SigningRules.of(graduate.cohort), open_termination(agreement)
    )


def open_termination(agreement: Agreement) -> Termination | None:
    """The termination that is being dealt with, if there is one."""
    return Termination.objects.filter(agreement=agreement, state__in=OPEN_TERMINATION).first()


@contextmanager
def take_step(
    action: str, agreement: Agreement, by: User, *, reason: str = "", seen: int | None = None
) -> Iterator[tuple[TerminationFacts, Step]]:
    """A transaction for one step: lock graduate, destination, agreement and the open termination, and
    ask the transition table.

    `seen` is the id of the termination on the person's page. If it has moved on meanwhile, or
    another one is open, this raises a `Conflict` that says what happened, and nothing changes.
    """
    with amend.lock_agreement(agreement) as locked:
        termination = (
            Termination.objects.select_for_update()
            .filter(agreement=locked.agreement, state__in=OPEN_TERMINATION)
            .first()
        )
        facts = TerminationFacts(
            locked.agreement, locked.graduate, SigningRules.of(locked.graduate.cohort), termination
        )
        if seen is not None and (termination is None or termination.pk != seen):
            raise Conflict("changed", _describe_latest_event(locked.agreement))
        try:
            step = TERMINATION.check(action, facts, by)
        except Refused as refusal:
            if seen is not None and refusal.code == "state":
                raise Conflict("changed", _describe_latest_event(locked.agreement)) from None
            raise
        if step.needs_reason and not reason.strip():
            raise Refused("reason", "请填写理由。", field="reason")
        yield facts, step


def _describe_latest_event(agreement: Agreement) -> str:
    """What happened last, for a person whose step comes too late."""
    event = history.latest_event(agreement, "esign.terminate")
    if event is None:
        return "解约申请刚刚有变化，您的操作没有执行，请刷新后核对。"
    when = timezone.localtime(event.at).strftime("%m月%d日 %H:%M")
    label = history.LABELS.get(event.action, "处理")
    return f"{event.actor_label}已于{when}“{label}”。您的操作没有执行，请核对后再办理。"


def update_termination(facts: TerminationFacts, step: Step, **values: object) -> Termination:
    row = facts.open_termination
    if step.target:
        row.state = TerminationState(step.target)
    for key, value in values.items():
        setattr(row, key, value)
    row.save()
    return row


def tell_other_side(
    facts: TerminationFacts, row: Termination, title: str, text: str, key: str
) -> None:
    """Tell the side that did not ask for the termination."""
    if row.started_by == Side.GRADUATE:
        _tell_unit(facts, row, f"{facts.graduate.name}{title}", text, key)
    else:
        _tell_graduate(facts, row, f"{facts.agreement.unit.name}{title}", text, key)


def tell_both_sides(
    facts: TerminationFacts,
    row: Termination,
    event: str,
    key: str = "",
    *,
    text: str = "",
    until: str = "",
) -> None:
    """Tell each side, in its own words, what happened (`reader_words.termination_title`)."""
    to_unit, to_graduate = (
        termination_title(event, row.started_by, reader, until=until)
        for reader in (Side.EMPLOYER, Side.GRADUATE)
    )
    _tell_unit(facts, row, f"{facts.graduate.name}：{to_unit}", text, key or event)
    _tell_graduate(facts, row, f"{facts.agreement.unit.name}：{to_graduate}", text, key or event)


def tell_department(facts: TerminationFacts, row: Termination) -> None:
    """Tell the staff in whose care the graduate is that a termination waits for their review."""
    graduate = facts.graduate
    for user_id in responsible_staff_ids(
        school_id=graduate.school_id,
        cohort_id=graduate.cohort_id,
        level=graduate.level,
        department_id=graduate.department_id,
        school_class_id=graduate.school_class_id,
    ):
        inbox.tell(
            f"user:{user_id}", f"{graduate.name}的解约申请等待审核", text="双方已同意解约。",
            link=reverse("console:termination", args=[row.pk]),
            key=f"termination:{row.pk}:to-review",
        )  # fmt: skip


def _tell_graduate(
    facts: TerminationFacts, row: Termination, title: str, text: str, key: str
) -> None:
    inbox.tell(
        f"person:{facts.graduate.person_id}", title, text=text,
        link=reverse("agreement", args=[facts.agreement.pk]), key=f"termination:{row.pk}:{key}",
        mail_to=facts.graduate.email,
    )  # fmt: skip


def _tell_unit(facts: TerminationFacts, row: Termination, title: str, text: str, key: str) -> None:
    notices.tell_unit(
        facts.agreement.member, title, begun_at=facts.agreement.invitation.sent_at,
        terms_text=notices.current_terms(facts.agreement), text=text,
        link=reverse("employer-agreement", args=[facts.agreement.pk]), key=f"termination:{row.pk}:{key}",
    )  # fmt: skip
