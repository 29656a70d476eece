"""What has to have stood for a while before a graduate signs, so that nobody invents a graduate, or
takes an account over, and signs at once (ADR 6).

All times are compared by the database's clock.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from core.errors import Refused
from esign.models import MobileChange, RecordChange
from graduates.models import Graduate, HandEntry
from graduates.states import EntryState

SETTLING_PERIOD = datetime.timedelta(hours=72)
ANNOTATIONS = ("database_now", "mobile_changed_at", "record_changed_at", "hand_entry_state")


@dataclass(frozen=True)
class Settling:
    """A graduate, read with the person, and the annotations of `with_settling_annotations`.

    `mobile_changed_at` and `record_changed_at` are the newest changes of the last 72 hours.
    `hand_entry_state` is the state of something entered by hand that is not confirmed, or None.
    """

    graduate: Graduate
    database_now: datetime.datetime
    mobile_changed_at: datetime.datetime | None
    record_changed_at: datetime.datetime | None
    hand_entry_state: str | None

    def record_refusal(self) -> Refused | None:
        """The record is new, or its person, name, document or cohort has just been changed."""
        if self._waits(self.graduate.created_at):
            return self._refusal("record_new", "生源信息刚刚录入", self.graduate.created_at)
        if self.record_changed_at is not None:
            what = "姓名、证件号码或届别刚刚变更"
            return self._refusal("record_changed", what, self.record_changed_at)
        return None

    def account_refusal(self) -> Refused | None:
        """The account was activated lately, at first or again after staff reset it."""
        person = self.graduate.person
        code, what = ("account_new", "帐号刚刚激活")
        if person.code_counter:
            code, what = ("account_reset", "帐号刚刚重置")
        if person.activated_at is None:
            if person.code_counter:
                return Refused(code, f"{what}，为保护签约安全，重新激活满72小时后才能签约。")
            return Refused(code, "帐号尚未激活，激活满72小时后才能签约。")
        return self._refusal(code, what, person.activated_at)

    def mobile_refusal(self) -> Refused | None:
        if self.mobile_changed_at is None:
            return None
        return self._refusal("mobile_changed", "手机号码刚刚变更", self.mobile_changed_at)

    def hand_entry_refusal(self) -> Refused | None:
        """No second staff member has confirmed yet what was entered by hand."""
        if self.hand_entry_state == EntryState.WAITING:
            return Refused(
                "entry_waiting",
                "生源信息由老师手工录入，须经学校另一位老师确认后才能签约，如有疑问请联系院系。",
            )
        if self.hand_entry_state == EntryState.REFUSED:
            return Refused(
                "entry_refused", "学校核对后没有确认手工录入的生源信息，不能签约，请联系院系。"
            )
        return None

    def refusals(self) -> list[Refused]:
        """Everything that has to be waited for."""
        found = (
            self.record_refusal(), self.account_refusal(), self.mobile_refusal(),
            self.hand_entry_refusal(),
        )  # fmt: skip
        return [refusal for refusal in found if refusal is not None]

    def _waits(self, since: datetime.datetime) -> bool:
        return since > self.database_now - SETTLING_PERIOD

    def _refusal(self, code: str, what: str, since: datetime.datetime) -> Refused | None:
        if not self._waits(since):
            return None
        until = timezone.localtime(since + SETTLING_PERIOD)
        # Rounded up, so that nobody comes back within the last minute.
        until += datetime.timedelta(minutes=1)
        return Refused(
            code,
            f"{what}，为保护签约安全，满72小时后才能签约，{until:%Y年%m月%d日 %H:%M}起可以签约。",
        )


def with_settling_annotations(rows: QuerySet[Model], graduate: str) -> QuerySet[Model]:
    """The rows with the `ANNOTATIONS` about the graduate whose key is in the column `graduate`."""
    of_graduate = {"graduate_id": OuterRef(graduate)}
    lately = Now() - SETTLING_PERIOD
    entries = HandEntry.objects.filter(**of_graduate).exclude(state=EntryState.CONFIRMED)

    def newest_change(model: type[MobileChange] | type[RecordChange]) -> Subquery:
        changes = model.objects.filter(at__gt=lately, **of_graduate).order_by("-at")
        return Subquery(changes.values("at")[:1])

    return rows.annotate(
        database_now=Now(),
        mobile_changed_at=newest_change(MobileChange),
        record_changed_at=newest_change(RecordChange),
        hand_entry_state=Subquery(entries.order_by("-id").values("state")[:1]),
    )


def settling_of(graduate: Graduate) -> Settling:
    """What has to be waited for before this graduate signs, for a page."""
    rows = with_settling_annotations(Graduate.objects.filter(pk=graduate.pk), "pk")
    return Settling(graduate, **rows.values(*ANNOTATIONS).get())
