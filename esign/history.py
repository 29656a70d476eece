"""The history of an agreement in words: its own events and those of its invitation."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from core.models import Event
from esign.models import Agreement
from esign.states import TerminationState

# Events that both parties may read.
LABELS = {
    "esign.invite": "单位发出邀约",
    "esign.accept": "毕业生签署，协议生效",
    "esign.amend_propose": "单位提出变更",
    "esign.amend_withdraw": "单位撤回变更",
    "esign.amend_confirm": "毕业生确认变更",
    "esign.amend_refuse": "毕业生没有同意变更",
    "esign.terminate_start": "提出解约",
    "esign.terminate_consent": "同意解约",
    "esign.terminate_take_back": "撤回同意",
    "esign.terminate_forward": "同意满一小时，转院系审核",
    "esign.terminate_refuse": "不同意解约",
    "esign.terminate_withdraw": "撤回解约申请",
    "esign.terminate_release": "上传盖章解约材料",
    "esign.terminate_call": "登记回访",
    "esign.terminate_pass": "解约初审同意",
    "esign.terminate_turn_down": "解约审核不同意",
    "esign.terminate": "解约终审同意，协议已解约",
    "esign.conclude_propose": "提出转为劳动合同",
    "esign.conclude_refuse": "不同意转为劳动合同",
    "esign.conclude_withdraw": "撤回转为劳动合同",
    "esign.conclude": "转为劳动合同，协议终止",
    "esign.print": "打印协议书",
}
# Events that only staff may read.
_STAFF_LABELS = {
    "esign.view_identity": "查看招聘人员身份证",
    "esign.view_document": "查看协议书图片",
}
_CONSENT, _TAKE_BACK = "esign.terminate_consent", "esign.terminate_take_back"
_WITHOUT_REASON = {"esign.terminate_call"}  # the parties don't read what staff noted


@dataclass(frozen=True)
class HistoryEntry:
    """One event: what happened, by whom, when, and the reason that was given."""

    label: str
    by: str
    at: datetime.datetime
    reason: str


def events_of(agreement: Agreement) -> QuerySet[Event]:
    of_agreement = Q(object_type="agreement", object_id=agreement.pk)
    return Event.objects.filter(
        of_agreement | Q(object_type="invitation", object_id=agreement.invitation_id)
    )


def for_staff(agreement: Agreement, *, most: int = 100) -> list[HistoryEntry]:
    """The history for staff, the newest first. A consent to a termination stands in it once it can no
    longer be taken back."""
    labels = LABELS | _STAFF_LABELS
    rows = events_of(agreement).filter(action__in=labels).order_by("-id")[:most]
    revocable = agreement.terminations.filter(state=TerminationState.CONSENTED).exists()
    return [
        HistoryEntry(labels[e.action], e.actor_label, e.at, e.reason)
        for e in _without_revoked_consents(rows, revocable=revocable)
    ]


def _without_revoked_consents(rows: Iterable[Event], *, revocable: bool) -> Iterator[Event]:
    """The events, newest first, without consents that were taken back and, if `revocable`, without the
    newest consent."""
    leave_out_next = revocable
    for event in rows:
        if event.action == _TAKE_BACK:
            leave_out_next = True
        elif event.action == _CONSENT and leave_out_next:
            leave_out_next = False
        else:
            yield event


def for_parties(agreement: Agreement, *, most: int = 50) -> list[HistoryEntry]:
    """The history for graduate and unit, without the notes that are meant for staff."""
    rows = events_of(agreement).filter(action__in=LABELS).order_by("-id")[:most]
    return [
        HistoryEntry(
            LABELS[e.action], e.actor_label, e.at, "" if e.action in _WITHOUT_REASON else e.reason
        )
        for e in rows
    ]


def latest_event(agreement: Agreement, prefix: str) -> Event | None:
    """The agreement's newest event whose action begins with `prefix`."""
    rows = events_of(agreement).filter(action__startswith=prefix)
    return rows.order_by("-id").first()
