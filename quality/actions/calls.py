"""Call-backs (回访): what a caller notes of each call, and the number that is shown for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localtime

from accounts.models import User
from codes import readers
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, Invalid, NotPermitted, Refused
from graduates.actions.corrections import due_on
from quality import call_script
from quality.actions import samples
from quality.models import CallBack, CallTry, Finding, Rule
from quality.sample_steps import CALL
from quality.states import TO_CALL, CallOutcome, CallState, FindingOwner

LONGEST_NOTE = 300
MOST_TRIES, LEAST_DAYS = 3, 2
RULE = "callback"
_STALE = "状态已变化，请刷新后再办理。"


@contextmanager
def _step(action: str, call_id: int, version: int | None, by: User) -> Iterator[CallBack]:
    """A transaction for one step: lock the sample, then the call, and ask the table."""
    with transaction.atomic():
        sample_id = CallBack.objects.values_list("sample_id", flat=True).get(pk=call_id)
        sample = samples.locked(sample_id)
        assert sample is not None
        rows = CallBack.objects.select_for_update(no_key=True, of=("self",))
        call = rows.select_related("sample", "stratum", "graduate").get(pk=call_id)
        if version is not None and version != call.version:
            raise Conflict("stale", _STALE)
        call.sample = sample
        CALL.check(action, call, by)
        yield call
        call.version += 1
        call.ended_at = None if call.state in TO_CALL else database_now()
        call.save()
        samples.note_ended_calls(sample)


def _note_try(call: CallBack, result: str, by: User) -> None:
    """Write the call down. Raises `Refused` outside the hours in which people are called."""
    first, last = settings.CALL_HOURS
    if not first <= localtime(database_now()).hour < last:
        raise Refused("hours", f"请在{first}点至{last}点之间拨打。")
    CallTry.objects.create(call=call, by_id=by.pk, by_label=by.label, result=result)
    audit.record(f"quality.call_{result}", by=by, obj=call)


def reach(
    *, call_id: int, answers: Mapping[str, str], outcome: str, note: str, version: int, by: User
) -> CallBack:
    """The graduate answered everything. What is not as registered becomes a finding; that somebody was
    forced goes to the province."""
    note = texts.clean_lines(note)
    errors: dict[str, list[str]] = call_script.errors_of(answers)
    if outcome not in CallOutcome.values:
        errors["outcome"] = ["请选择结果。"]
    if outcome != CallOutcome.AGREES and not note:
        errors["note"] = ["与登记不一致的，请写明哪里不一致。"]
    if len(note) > LONGEST_NOTE:
        errors["note"] = [f"说明最多{LONGEST_NOTE}个字。"]
    if errors:
        raise Invalid(errors)
    with _step("reach", call_id, version, by) as call:
        _note_try(call, "reach", by)
        call.state, call.outcome, call.note = CallState.REACHED, outcome, note
        call.answers = {key: answers[key] for key in call_script.QUESTIONS}
        forced = answers["forced"] == call_script.YES
        if outcome != CallOutcome.AGREES or forced:
            call.finding = _finding(call, forced)
    return call


def _finding(call: CallBack, forced: bool) -> Finding:
    rule = Rule.objects.get(pk=RULE)
    said = CallOutcome(call.outcome).label
    sentence = f"回访结果：{said}。{call.note}"
    if forced:
        sentence = f"毕业生反映被要求签约或登记（四不准）。{sentence}"
    name = hashlib.sha256(f"{RULE}|{call.pk}".encode()).hexdigest()
    return Finding.objects.create(
        rule=rule, graduate=call.graduate, school_id=call.school_id, cohort_id=call.cohort_id,
        fingerprint=name, subject=name, sentence=sentence[:400],
        evidence={"ours": call_script.registered_words(call.registered), "words": call.note or said},
        owner=FindingOwner.PROVINCE if forced else rule.owner,
        due_on=due_on(timezone.localdate(), rule.due_days),
    )  # fmt: skip


def miss(*, call_id: int, version: int, by: User) -> CallBack:
    """Nobody answered. The third try, on two days at least, is the last."""
    with _step("miss", call_id, version, by) as call:
        _note_try(call, "miss", by)
        tries = [localtime(at).date() for at in call.tries.values_list("at", flat=True)]
        over = len(tries) >= MOST_TRIES and len(set(tries)) >= LEAST_DAYS
        call.state = CallState.NOT_REACHED if over else CallState.AGAIN
    return call


def refuse(*, call_id: int, version: int, by: User) -> CallBack:
    with _step("refuse", call_id, version, by) as call:
        _note_try(call, "refuse", by)
        call.state = CallState.REFUSED
    return call


def mistake(*, call_id: int, version: int, by: User) -> CallBack:
    """The number is not the graduate's."""
    with _step("mistake", call_id, version, by) as call:
        _note_try(call, "mistake", by)
        call.state = CallState.WRONG
    return call


def renew(*, call_id: int, number: str, version: int, by: User) -> CallBack:
    """Note another number, found by the caller, and call again."""
    reading = readers.read("mobile", number, label="新号码", required=True)
    if not reading.ok or not reading.value:
        raise Invalid({"number": ["请填写11位手机号码。"]})
    with _step("renew", call_id, version, by) as call:
        call.new_number, call.state = reading.value, CallState.AGAIN
        audit.record("quality.call_renew", by=by, obj=call)
    return call


def reveal_number(*, call_id: int, by: User) -> str:
    """The number to call, shown to the caller alone, and logged."""
    with transaction.atomic():
        call = CallBack.objects.select_related("graduate").get(pk=call_id)
        if call.caller_id != by.pk or call.state not in TO_CALL:
            raise NotPermitted("other_caller", "号码只在回访时向回访人显示。")
        audit.record("quality.call_reveal", by=by, obj=call)
    return call.new_number or call.graduate.mobile
