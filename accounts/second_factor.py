"""The second factor of an account: codes of an authenticator app (TOTP, RFC 6238), and recovery codes
for the day on which the phone is lost.

The app's secret is encrypted with a key derived from the platform's secret key; whoever reads the
database alone cannot make codes. Each code, of either kind, is accepted once.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

import pyotp
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import inbox
from accounts.models import RecoveryCode, SecondFactor, User
from codes import text
from core import audit
from core.audit import Actor
from core.clock import database_now
from core.encryption import cipher
from core.errors import DomainError, Refused

ISSUER = "毕业去向登记平台"
RECOVERY_CODES = 10
MOST_TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_STEP = 30  # seconds, as every authenticator app counts
# Clocks of phones differ: the step before and after the present one are accepted, too.
_STEPS_AROUND = (0, -1, 1)
_PURPOSE = "second factors"
# Without characters that are mistaken for each other when written down.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS, _GROUP = 3, 4


class WrongFactor(DomainError):
    status = 422


class FactorLocked(DomainError):
    """Too many wrong codes in a row: even a right one is not checked."""

    status = 429


def is_enrolled(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def new_secret() -> str:
    return pyotp.random_base32()


def address_for_app(user: User, secret: str) -> str:
    """The `otpauth://` address that an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=ISSUER)


def enrol(*, user: User, secret: str, typed: str, by: User) -> list[str]:
    """Give `user` a second factor, once a code shows that the app has the secret. Every session of
    the user ends. Returns the recovery codes, which nobody can read again."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if is_enrolled(locked):
            raise Refused("enrolled", "两步验证已经开通，请刷新页面。")
        step = _step_of(secret, _digits(typed))
        if step is None:
            raise WrongFactor("code", "验证码不正确，请核对手机的时间后再试。", field="code")
        token = cipher(_PURPOSE).encrypt(secret.encode()).decode()
        SecondFactor.objects.create(user=locked, secret=token, last_step=step)
        codes = _new_codes(locked)
        locked.session_epoch += 1
        locked.save(update_fields=["session_epoch"])
        audit.record("accounts.enrol_second_factor", by=by, obj=locked)
    user.session_epoch = locked.session_epoch
    return codes


def check(*, user: User, typed: str) -> None:
    """Accept a code of the app or a recovery code, once. Raises `WrongFactor` and counts the try,
    or `FactorLocked`."""
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        refusal = _none() if factor is None else _try(factor, user, typed)
    if refusal is not None:
        raise refusal


def renew_recovery_codes(*, user: User, by: User) -> list[str]:
    """Ten new recovery codes; the former ones are void."""
    with transaction.atomic():
        if not SecondFactor.objects.select_for_update().filter(user=user).exists():
            raise _none()
        codes = _new_codes(user)
        audit.record("accounts.renew_recovery_codes", by=by, obj=user)
    return codes


def remove(*, user: User, by: User | Actor | None) -> None:
    """Take the second factor and the recovery codes off. Raises `Refused` if there is none."""
    with transaction.atomic():
        gone, _ = SecondFactor.objects.filter(user=user).delete()
        if not gone:
            raise _none()
        RecoveryCode.objects.filter(user=user).delete()
        audit.record("accounts.remove_second_factor", by=by, obj=user)


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _none() -> Refused:
    return Refused("no_factor", "此帐号没有开通两步验证。")


def _try(factor: SecondFactor, user: User, typed: str) -> DomainError | None:
    now = database_now()
    if factor.locked_until is not None and factor.locked_until > now:
        return FactorLocked("locked", "验证码输错次数过多，请15分钟后再试。", field="code")
    refusal = _use_app_code(factor, typed)
    if refusal is not None and _use_recovery_code(user, typed):
        refusal = None
    if refusal is None:
        factor.wrong_tries, factor.locked_until = 0, None
    else:
        factor.wrong_tries += 1
        if factor.wrong_tries >= MOST_TRIES:
            factor.wrong_tries, factor.locked_until = 0, now + LOCKED_FOR
            _warn(user)
    factor.save(update_fields=["last_step", "wrong_tries", "locked_until"])
    return refusal


def _use_app_code(factor: SecondFactor, typed: str) -> WrongFactor | None:
    try:
        secret = cipher(_PURPOSE).decrypt(factor.secret.encode()).decode()
    except InvalidToken:  # the platform's secret key was changed
        return WrongFactor("code", "验证码无法核对，请联系管理员解除两步验证。", field="code")
    step = _step_of(secret, _digits(typed))
    if step is None:
        return WrongFactor("code", "验证码不正确。", field="code")
    if step <= factor.last_step:
        return WrongFactor("code", "此验证码已经用过，请等手机显示下一个。", field="code")
    factor.last_step = step
    return None


def _step_of(secret: str, digits: str) -> int | None:
    """The step whose code was typed, if it is about the present one."""
    present = int(database_now().timestamp()) // _STEP
    app = pyotp.TOTP(secret)
    for step in (present + around for around in _STEPS_AROUND):
        if hmac.compare_digest(app.generate_otp(step).encode(), digits.encode()):
            return step
    return None


def _digits(typed: str) -> str:
    return text.clean_code(typed).replace("-", "")


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(user, code)) for code in codes
    )
    return codes


def _use_recovery_code(user: User, typed: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return False
    left = recovery_codes_left(user)
    audit.record("accounts.use_recovery_code", by=user, obj=user, data={"left": left})
    inbox.tell(
        f"user:{user.pk}",
        "您的帐号用恢复码登录",
        text=f"还剩{left}个恢复码。若不是您本人操作，请立即修改密码并联系管理员。",
        key=f"recovery-code:{user.pk}:{timezone.now().isoformat()}",
        link="/console/second-factor/",
    )
    return True


def _digest(user: User, code: str) -> str:
    plain = text.clean_code(code).replace("-", "").lower()
    key = settings.ONE_TIME_CODE_KEY.encode()
    return hmac.new(key, f"recovery:{user.pk}:{plain}".encode(), sha256).hexdigest()


def _warn(user: User) -> None:
    """Wrong codes after a right password mean that somebody else may know the password."""
    inbox.tell(
        f"user:{user.pk}",
        "两步验证多次输错",
        text="有人用正确的密码登录您的帐号，但验证码多次不正确。若不是您本人操作，请立即修改密码。",
        key=f"second-factor-locked:{user.pk}:{timezone.now().isoformat()}",
        link="/console/password/",
    )
