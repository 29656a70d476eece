"""Reading a notice and confirming it."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from core import audit
from core.errors import Refused
from notices.models import Notice, Receipt
from notices.states import NoticeState


def note_reading(*, notice: Notice, by: User) -> Receipt:
    """Note that the person opened the notice; the first time counts."""
    Receipt.objects.bulk_create([Receipt(notice=notice, user=by)], ignore_conflicts=True)
    return Receipt.objects.get(notice=notice, user=by)


def confirm(*, notice: Notice, by: User) -> Receipt:
    """The person says that they have read it. Saying it again changes nothing."""
    with transaction.atomic():
        locked = Notice.objects.select_for_update(no_key=True).get(pk=notice.pk)
        if locked.state != NoticeState.PUBLISHED or not locked.must_read:
            raise Refused("state", "这条通知现在不需要确认。")
        receipt = note_reading(notice=locked, by=by)
        if receipt.confirmed_at is None:
            Receipt.objects.filter(pk=receipt.pk).update(confirmed_at=Now())
            receipt.refresh_from_db()
            audit.record("notices.confirm", by=by, obj=locked)
    return receipt
