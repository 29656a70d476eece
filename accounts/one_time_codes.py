"""One-time codes sent to a phone: limited per phone, address, subject and day; five tries each.

Anybody may ask for some codes by typing a number. Those have a limit of their own for each phone,
so that a stranger cannot use up the codes that its owner needs for signing.

`issue` sends a code. `use` checks what was typed and spends the code in the transaction of the
action that it allows; it returns a wrong try instead of raising it, so that the caller can commit
the counted try. If something slow happens between check and action, `prove` checks in a transaction
of its own and `spend` follows. A code serves once.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import OneTimeCode
from codes import readers
from codes.validators import check_mobile
from core import outbox
from core.clock import database_now
from core.db import rows
from core.db.lookups import LookUp
from core.errors import DomainError, Invalid, Refused
from core.models import Channel

LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5
PAUSE = timedelta(seconds=60)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_TEXTS = {
    "card": "您正在填写签约邀约，验证码{code}，10分钟内有效。",
    "login": "您正在登录用人单位端，验证码{code}，10分钟内有效。",
    "recover": "您正在申请找回用人单位帐号，验证码{code}，10分钟内有效。非本人操作请勿告知他人。",
    "accept": "您正在签署网络就业协议，验证码{code}，10分钟内有效。非本人操作请勿告知他人。",
    "terminate": "您正在同意解除就业协议，验证码{code}，10分钟内有效。非本人操作请勿告知他人。",
    "amend": "您正在确认协议变更，验证码{code}，10分钟内有效。非本人操作请勿告知他人。",
}


# Codes that somebody asks for who is not signed in.
_FOR_ANYBODY = ("card", "login", "recover")


class CodeLimit(DomainError):
    """Too many codes were asked for."""

    status = 429


class WrongCode(DomainError):
    status = 422


def issue(
    *, purpose: str, phone: str, subject: str, address: str, deliver: bool = True
) -> OneTimeCode:
    """Send a new code to `phone`. Raises `Invalid` for a wrong mobile number, `CodeLimit`.

    With `deliver=False` nothing is sent, because the number is not known. The limits of the address
    that asks hold nevertheless, so that the page does not tell whether the number is known.
    """
    if not phone or any(f.is_error for f in check_mobile(phone)):
        raise Invalid({"mobile": ["手机号码应为11位数字，请核对。"]})
    if not outbox.can_send(Channel.SMS):
        raise Refused("no_sms", "短信通道尚未开通，请联系平台管理员。")
    code = f"{secrets.randbelow(10**6):06d}"
    nonce = secrets.token_hex(16)
    with transaction.atomic():
        _lock_names(phone, address)
        now = database_now()
        _check_limits(purpose, phone, subject, address, now)
        issued = OneTimeCode.objects.create(
            purpose=purpose,
            phone=phone,
            subject=subject,
            nonce=nonce,
            digest=_digest(nonce, code),
            address=address,
            delivered=deliver,
            expires_at=now + LIFETIME,
        )
        if deliver:
            outbox.post(
                Channel.SMS,
                phone,
                _TEXTS[purpose].format(code=code),
                key=f"code:{issued.pk}",
                secret=True,
            )
    return issued


def use(*, purpose: str, phone: str, subject: str, typed: str) -> OneTimeCode | WrongCode:
    """Spend the newest code of this purpose, phone and subject if `typed` is that code. Runs in
    the caller's transaction, which must commit a `WrongCode`, too: it counts as a try."""
    return _try(purpose, phone, subject, typed, spend=True)


def prove(*, purpose: str, phone: str, subject: str, typed: str) -> OneTimeCode:
    """The newest code of this purpose, phone and subject if `typed` is that code. Raises
    `WrongCode`. The right code may be proved again until it is spent."""
    with transaction.atomic():
        found = _try(purpose, phone, subject, typed, spend=False)
    if isinstance(found, WrongCode):
        raise found
    return found


def is_open(*, purpose: str, phone: str, subject: str) -> bool:
    """Whether a code was sent that can still be typed."""
    rows = OneTimeCode.objects.filter(purpose=purpose, phone=phone, subject=subject)
    return _problem(rows.annotate(database_now=Now()).order_by("-id").first()) is None


def _try(
    purpose: str, phone: str, subject: str, typed: str, *, spend: bool
) -> OneTimeCode | WrongCode:
    row = _NEWEST.first(purpose, phone, subject)
    problem = _problem(row)
    if row is None or problem is not None:
        return WrongCode("code", problem or _NONE, field="code")
    reading = readers.read("one_time_code", typed, label="验证码")
    digits = reading.value or typed
    if not hmac.compare_digest(row.digest, _digest(row.nonce, digits)):
        row.tries += 1
        rows.update(row, "tries")
        left = MOST_TRIES - row.tries
        words = f"验证码不正确，还可以试 {left} 次。" if left else _SPENT
        return WrongCode("code", words, field="code")
    row.proved_at = row.proved_at or row.database_now  # type: ignore[attr-defined]
    row.used_at = row.proved_at if spend else None
    rows.update(row, "proved_at", "used_at")
    return row


def spend(code: OneTimeCode) -> None:
    """Use a proved code. Raises `WrongCode` if it was used or has expired meanwhile."""
    fresh = OneTimeCode.objects.filter(
        pk=code.pk, used_at=None, proved_at__isnull=False, expires_at__gt=Now()
    )
    if not fresh.update(used_at=Now()):
        raise WrongCode("code", "验证码已使用或已过期，请重新获取。", field="code")


_NONE = "请先获取验证码。"
_SPENT = "验证码输错次数过多，请重新获取。"


def _problem(row: OneTimeCode | None) -> str | None:
    """What is wrong with a code that was read with the annotation `database_now`."""
    if row is None:
        return _NONE
    if row.tries >= MOST_TRIES:
        return _SPENT
    if row.used_at is not None:
        return "验证码已使用，请重新获取。"
    if row.expires_at <= row.database_now:  # type: ignore[attr-defined]
        return "验证码已过期，请重新获取。"
    return None


_NEWEST = LookUp(
    lambda purpose, phone, subject: OneTimeCode.objects.select_for_update()
    .filter(purpose=purpose, phone=phone, subject=subject)
    .annotate(database_now=Now())
    .order_by("-id"),
    str, str, str,
    annotations=("database_now",),
)  # fmt: skip


def _digest(nonce: str, code: str) -> str:
    key = settings.ONE_TIME_CODE_KEY.encode()
    return hmac.new(key, f"{nonce}:{code}".encode(), sha256).hexdigest()


def _lock_names(*names: str) -> None:
    """Lock these names, so that two requests at once cannot both stay under a limit."""
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"one-time-code:{name}"]
            )


def _check_limits(purpose: str, phone: str, subject: str, address: str, now: datetime) -> None:
    """Codes that were not delivered count for the address that asked, and for nobody else."""
    sent = OneTimeCode.objects
    purposes = _FOR_ANYBODY if purpose in _FOR_ANYBODY else (purpose,)
    delivered = Q(delivered=True)
    of_phone = sent.filter(delivered | Q(address=address), phone=phone, purpose__in=purposes)
    if of_phone.filter(created_at__gt=now - PAUSE).exists():
        raise CodeLimit("code_pause", "验证码已发送，请在60秒后再获取。")
    limits = settings.ONE_TIME_CODE_LIMITS
    for found, most, words in (
        (of_phone.filter(created_at__gt=now - _HOUR), limits["phone_hour"], "此手机号码一小时内"),
        (of_phone.filter(created_at__gt=now - _DAY), limits["phone_day"], "此手机号码今天"),
        (sent.filter(subject=subject, created_at__gt=now - _DAY), limits["subject_day"], "今天"),
        (sent.filter(address=address, purpose__in=purposes, created_at__gt=now - _HOUR),
         limits["address_hour"],
         "此网络一小时内"),
        (sent.filter(delivered, created_at__gt=now - _DAY), limits["day"], "平台今天"),
    ):  # fmt: skip
        if found[:most].count() >= most:
            raise CodeLimit("code_limit", f"{words}获取验证码次数过多，请稍后再试。")
