"""Messages that the platform sends by itself: an invitation expires soon, a mobile number changed."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import Message
from core import outbox
from core.masking import mask_phone
from core.models import Channel
from employers.queries import name_for_texts
from esign.actions.invite import tell_graduate
from esign.models import Invitation, MobileChange
from esign.states import InvitationState
from graduates.models import Graduate

_BATCH = 500
_KEY = "ending"


def remind_ending() -> int:
    """Remind graduates once of invitations whose last day is today or tomorrow; returns how many
    reminders were sent. Nobody is reminded on the day the invitation was sent."""
    now = timezone.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    due = Invitation.objects.filter(
        state=InvitationState.SENT,
        valid_until__gt=now,
        valid_until__lt=today + datetime.timedelta(days=2),
        sent_at__lt=today,
    )
    people = {
        pk: f"person:{person}:invitation:{pk}:{_KEY}"
        for pk, person in due.values_list("pk", "graduate__person_id").order_by("pk")
    }
    told = set(
        Message.objects.filter(dedupe_key__in=people.values()).values_list("dedupe_key", flat=True)
    )
    waiting = [pk for pk, key in people.items() if key not in told]
    return sum(_remind(pk) for pk in waiting[:_BATCH])


def _remind(invitation_id: int) -> bool:
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("unit")
            .filter(pk=invitation_id, state=InvitationState.SENT)
            .first()
        )
        if invitation is None:
            return False
        last = timezone.localtime(invitation.valid_until)
        until = f"{last.month}月{last.day}日24时"
        tell_graduate(
            invitation,
            "的签约邀约即将失效",
            f"有效期至{until}，请阅读后接受或谢绝；逾期自动失效。",
            key=_KEY,
        )
        mobile = Graduate.objects.values_list("mobile", flat=True).get(pk=invitation.graduate_id)
        outbox.post(
            Channel.SMS,
            mobile,
            f"{name_for_texts(invitation.unit)}的签约邀约有效期至{until}，请登录毕业去向登记平台答复。",
            key=f"invitation:{invitation.pk}:{_KEY}",
        )
    return True


def tell_old_numbers() -> int:
    """Send a text message to each replaced mobile number, in case somebody else replaced it; returns
    how many were sent."""
    told = 0
    with transaction.atomic():
        rows = MobileChange.objects.filter(told_at=None).order_by("id")
        for change in rows.select_for_update(skip_locked=True)[:_BATCH]:
            outbox.post(
                Channel.SMS,
                change.old,
                f"您在毕业去向登记平台登记的手机号码已改为{mask_phone(change.new) or '空'}。"
                "如不是您本人或老师按您的要求修改，请立即联系学校就业部门。",
                key=f"mobile-change:{change.pk}",
            )
            change.told_at = timezone.now()
            change.save(update_fields=["told_at"])
            told += bool(change.old)
    return told
