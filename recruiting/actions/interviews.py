"""Interviews: a unit invites, moves, cancels and judges; the graduate answers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import readers
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, DomainError, Invalid
from employers.models import UnitMember
from employers.queries import name_for_texts
from recruiting.actions.application_base import lock, note_unit_step, take_step
from recruiting.actions.posting_base import tell_recruiters, unit_actor
from recruiting.application_steps import INTERVIEW
from recruiting.models import Application, Interview
from recruiting.rules.wording import check_message
from recruiting.states import (
    OPEN_INTERVIEW,
    ApplicationState,
    InterviewResult,
    InterviewState,
    InterviewWay,
)

ANSWER_DAYS, MOST_ANSWER_DAYS = 7, 14
_MOST_ROUNDS = 5
_AT_ONCE = 1000


def check_terms(typed: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of an interview as they are stored. Raises `Invalid` with every field that is wrong.

    `typed` has way, starts_at and answer_by (aware times or None), minutes, place, link, contact_name,
    contact_phone and note.
    """
    way, start = typed["way"], typed["starts_at"]
    answer_by = typed["answer_by"]
    if answer_by is None and start is not None:
        answer_by = min(database_now() + datetime.timedelta(days=ANSWER_DAYS), start)
    place, link = texts.clean(typed["place"])[:120], texts.clean(typed["link"])
    name = texts.clean(typed["contact_name"])
    phone = readers.read("phone", typed["contact_phone"], label="联系电话", required=True)
    note = texts.clean_lines(typed["note"])
    errors = _time_errors(start, answer_by) | _way_errors(way, place, link)
    if not 5 <= (typed["minutes"] or 0) <= 600:
        errors["minutes"] = ["时长为5至600分钟。"]
    if not name or len(name) > 40:
        errors["contact_name"] = ["请填写联系人，不超过40个字。"]
    if phone.value is None:
        errors["contact_phone"] = [f.message for f in phone.findings]
    wrong = [w.sentence for w in check_message(f"{note}\n{place}", field="note") if w.is_error]
    if len(note) > 300:
        wrong.append("说明不能超过300个字。")
    if wrong:
        errors["note"] = wrong
    if errors:
        raise Invalid(errors)
    return {
        "way": way, "starts_at": start, "minutes": typed["minutes"], "answer_by": answer_by,
        "place": place if way == InterviewWay.ON_SITE else "",
        "link": link[:300] if way == InterviewWay.VIDEO else "",
        "contact_name": name, "contact_phone": phone.value, "note": note,
    }  # fmt: skip


def _time_errors(
    start: datetime.datetime | None, answer_by: datetime.datetime | None
) -> dict[str, list[str]]:
    now = database_now()
    if start is None or start <= now:
        return {"starts_at": ["请填写以后的开始时间。"]}
    if answer_by is None or not now < answer_by <= start:
        return {"answer_by": ["答复截止应在现在以后、面试开始以前。"]}
    if answer_by > now + datetime.timedelta(days=MOST_ANSWER_DAYS):
        return {"answer_by": [f"答复截止最长{MOST_ANSWER_DAYS}天。"]}
    return {}


def _way_errors(way: str, place: str, link: str) -> dict[str, list[str]]:
    if way not in InterviewWay.values:
        return {"way": ["请选择面试方式。"]}
    if way == InterviewWay.ON_SITE and not place:
        return {"place": ["现场面试请填写地点。"]}
    if way == InterviewWay.VIDEO and not link.startswith("https://"):
        return {"link": ["视频面试请填写 https:// 开头的会议链接。"]}
    return {}


def invite(*, application_id: int, typed: Mapping[str, Any], by: UnitMember) -> Interview:
    """Invite the applicant to the next round. Raises `Invalid`; `Conflict` while another invitation of
    the application is open."""
    terms = check_terms(typed)
    with take_step("interview", application_id, by.user) as application:
        rows = Interview.objects.filter(application=application)
        if rows.filter(state__in=OPEN_INTERVIEW).exists():
            raise Conflict("open_interview", "此投递已有进行中的面试邀请，可以改期或取消。")
        rounds = rows.exclude(state__in=[InterviewState.MOVED, InterviewState.CANCELLED])
        number = min(rounds.count() + 1, _MOST_ROUNDS)
        interview = _create(application, terms, by, round=number)
        application.state = ApplicationState.INTERVIEWING
        note_unit_step(application)
        application.save(update_fields=["state", "unit_acted_at", "lapses_at"])
        audit.record("recruiting.invite_interview", by=unit_actor(by), obj=interview)
        _tell_graduate(interview, "邀请您面试", _when(interview), key="invited")
    return interview


def _create(
    application: Application, terms: Mapping[str, Any], by: UnitMember, **more: Any
) -> Interview:
    return Interview.objects.create(
        application=application, graduate_id=application.graduate_id, unit_id=application.unit_id,
        member=by, **terms, **more,
    )  # fmt: skip


@contextmanager
def _step(action: str, interview_id: int, by: User | None) -> Iterator[Interview]:
    """A transaction for one step on an interview: lock its application, then itself, and ask the
    transition table."""
    with transaction.atomic():
        application_id = Interview.objects.values_list("application_id", flat=True).get(
            pk=interview_id
        )
        application = lock(application_id)
        rows = Interview.objects.select_for_update(of=("self",)).select_related(
            "graduate__person", "unit", "member__user"
        )
        interview = rows.get(pk=interview_id)
        interview.application = application
        INTERVIEW.check(action, interview, by)
        yield interview


def move(*, interview_id: int, typed: Mapping[str, Any], by: UnitMember) -> Interview:
    """Move an open interview to another time: a new invitation, which the graduate answers anew."""
    terms = check_terms(typed)
    with _step("move", interview_id, by.user) as interview:
        _close(interview, InterviewState.MOVED)
        moved = _create(interview.application, terms, by, round=interview.round, replaces=interview)
        audit.record("recruiting.move_interview", by=unit_actor(by), obj=moved)
        _tell_graduate(moved, "更改了面试时间", _when(moved), key="moved")
    return moved


def cancel(*, interview_id: int, reason: str, by: UnitMember) -> Interview:
    reason = texts.clean(reason)[:200]
    if not reason:
        raise Invalid({"reason": ["请填写取消的原因，毕业生会看到。"]})
    wrong = [w.sentence for w in check_message(reason, field="reason") if w.is_error]
    if wrong:
        raise Invalid({"reason": wrong})
    with _step("cancel", interview_id, by.user) as interview:
        _close(interview, InterviewState.CANCELLED, reason=reason)
        audit.record("recruiting.cancel_interview", by=unit_actor(by), obj=interview, reason=reason)
        _tell_graduate(interview, "取消了面试", f"原因：{reason}。", key="cancelled")
    return interview


def accept(*, interview_id: int, by: User) -> Interview:
    """The graduate will come. The unit may then see the phone number."""
    with _step("accept", interview_id, by) as interview:
        interview.state, interview.answered_at = InterviewState.ACCEPTED, timezone.now()
        interview.save(update_fields=["state", "answered_at"])
        audit.record("recruiting.accept_interview", by=by, obj=interview)
        _tell_unit(interview, "接受了面试邀请", key="accepted")
    return interview


def decline(*, interview_id: int, reason: str, by: User) -> Interview:
    with _step("decline", interview_id, by) as interview:
        interview.answered_at = timezone.now()
        _close(interview, InterviewState.DECLINED, reason=texts.clean(reason)[:200])
        audit.record("recruiting.decline_interview", by=by, obj=interview)
        _tell_unit(interview, "谢绝了面试邀请", key="declined")
    return interview


def clashes(interview: Interview) -> list[Interview]:
    """Interviews that the graduate has accepted and that overlap with this one in time."""
    ends = interview.starts_at + datetime.timedelta(minutes=interview.minutes)
    lasts = ExpressionWrapper(
        F("minutes") * Value(datetime.timedelta(minutes=1)), output_field=DurationField()
    )
    rows = Interview.objects.filter(
        graduate_id=interview.graduate_id, state=InterviewState.ACCEPTED, starts_at__lt=ends
    ).annotate(ends=ExpressionWrapper(F("starts_at") + lasts, output_field=DateTimeField()))
    rows = rows.filter(ends__gt=interview.starts_at).exclude(pk=interview.pk)
    return list(rows.select_related("unit").order_by("starts_at"))


def note_attendance(*, interview_id: int, came: bool, by: UnitMember) -> Interview:
    """After the start: the graduate came, or did not. The graduate may object to the latter."""
    with _step("attend" if came else "miss", interview_id, by.user) as interview:
        _close(interview, InterviewState.ATTENDED if came else InterviewState.ABSENT)
        note_unit_step(interview.application)
        interview.application.save(update_fields=["unit_acted_at", "lapses_at"])
        audit.record("recruiting.note_attendance", by=unit_actor(by), obj=interview)
        if not came:
            _tell_graduate(
                interview, "登记您未参加面试", "如有不符，可在7日内提出异议。", key="absent"
            )
    return interview


def judge(*, interview_id: int, result: str, by: UnitMember) -> Interview:
    """The result of an interview that took place; it may be changed."""
    if result not in InterviewResult.values:
        raise Invalid({"result": ["请选择面试结果。"]})
    with _step("judge", interview_id, by.user) as interview:
        interview.result = result
        interview.save(update_fields=["result"])
        note_unit_step(interview.application)
        interview.application.save(update_fields=["unit_acted_at", "lapses_at"])
        audit.record("recruiting.judge_interview", by=unit_actor(by), obj=interview,
                     data={"result": result})  # fmt: skip
        _tell_graduate(
            interview,
            "登记了面试结果",
            f"{interview.get_result_display()}。",
            key=f"result:{result}",
        )
    return interview


def object_to(*, interview_id: int, text: str, by: User) -> Interview:
    """The graduate says that having been marked as absent is wrong."""
    text = texts.clean(text)[:200]
    if not text:
        raise Invalid({"objection": ["请说明情况。"]})
    with _step("object", interview_id, by) as interview:
        interview.state, interview.objection = InterviewState.DISPUTED, text
        interview.save(update_fields=["state", "objection"])
        audit.record("recruiting.object_to_absence", by=by, obj=interview, reason=text)
        _tell_unit(interview, "对“未到”提出异议", key="disputed", text=text)
    return interview


def expire_due() -> int:
    """End the invitations whose time for an answer is over; returns how many."""
    due = Interview.objects.filter(state=InterviewState.WAITING, answer_by__lt=Now())
    ended = 0
    for pk in due.order_by("answer_by").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with _step("expire", pk, None) as interview:
                _close(interview, InterviewState.EXPIRED)
                _tell_graduate(interview, "的面试邀请已失效", "答复时间已过。", key="expired")
                _tell_unit(interview, "没有在截止前答复面试邀请", key="expired")
                ended += 1
        except DomainError:
            continue  # answered at the last moment
    return ended


def _close(interview: Interview, state: InterviewState, *, reason: str = "") -> None:
    interview.state, interview.closed_at, interview.reason = state, timezone.now(), reason
    interview.save(update_fields=["state", "closed_at", "reason", "answered_at"])


def _when(interview: Interview) -> str:
    start = timezone.localtime(interview.starts_at)
    until = timezone.localtime(interview.answer_by)
    return (
        f"{start:%Y年%m月%d日 %H:%M}，{interview.get_way_display()}面试，"
        f"请在{until:%m月%d日 %H:%M}前答复。"
    )


def _tell_graduate(interview: Interview, what: str, text: str, *, key: str) -> None:
    inbox.tell(
        f"person:{interview.graduate.person_id}", f"{interview.unit.name}{what}", text=text,
        link=reverse("interview", args=[interview.pk]), key=f"interview:{interview.pk}:{key}",
        mail_to=interview.graduate.email, mail_title=f"{name_for_texts(interview.unit)}{what}",
    )  # fmt: skip


def _tell_unit(interview: Interview, what: str, *, key: str, text: str = "") -> None:
    tell_recruiters(
        interview.unit, f"{interview.graduate.name}{what}", text=text,
        link=reverse("employer-application", args=[interview.application_id]),
        key=f"interview:{interview.pk}:{key}",
    )  # fmt: skip
