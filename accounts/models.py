"""One user model for three realms."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

_backends = functools.cache(get_backends)


class Realm(models.TextChoices):
    STAFF = "staff", "管理端"
    GRADUATE = "graduate", "毕业生"
    EMPLOYER = "employer", "用人单位"


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, realm: str, login: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(realm=realm, login=login, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, login: str | None) -> User:
        realm, _, name = (login or "").partition(":")
        return self.get(realm=realm, login=name)


class User(AbstractBaseUser):
    """Somebody who signs in. The apps above decide what they may see and do.

    `login` is unique within its realm: a user name for staff, `school code:student number` for
    graduates, a mobile number for employers.
    """

    realm = models.CharField("端", max_length=10, choices=Realm)
    login = models.CharField("登录名", max_length=60)
    label = models.CharField("姓名", max_length=80)
    mobile = models.CharField("手机号码", max_length=20, blank=True, default="")
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("须修改密码", default=False)
    # A one-time password that another person handed over signs in until then; None for an own one.
    password_expires_at = models.DateTimeField("一次性密码有效期至", null=True, blank=True)
    # When somebody else last gave the account a one-time password (`second_person`).
    password_reset_at = models.DateTimeField("密码由他人重置时间", null=True, blank=True)
    # Raising it ends every session of this user (解除绑定).
    session_epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS = ["realm", "label"]

    objects = UserManager()

    class Meta:
        verbose_name = "帐号"
        constraints = [
            models.UniqueConstraint(fields=["realm", "login"], name="user_login_per_realm"),
            models.CheckConstraint(
                condition=models.Q(realm__in=Realm.values), name="user_realm_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def _session_hash(self, secret: str | None = None) -> str:
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac("accounts.session", value, secret=secret, algorithm="sha256").hexdigest()

    def get_session_auth_hash(self) -> str:
        return self._session_hash()

    def itself(self) -> User:
        """This account. Called on Django's lazy `request.user`, it gives the plain object, whose
        attributes are cheaper to read."""
        return self

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """Ask the backends, among them the one that knows the staff roles."""
        known = self.__dict__.setdefault("_permissions", {})
        if perm not in known:
            known[perm] = self.is_active and any(
                backend.has_perm(self, perm, obj)
                for backend in _backends()
                if hasattr(backend, "has_perm")
            )
        return known[perm]


class OneTimeCode(models.Model):
    """A six-digit code that was sent to a phone. It serves once, for one purpose and one subject.

    Only a keyed hash is stored. `proved_at` is the time at which the right code was typed,
    `used_at` the time of the action that it allowed.
    """

    purpose = models.CharField(max_length=20)
    phone = models.CharField(max_length=11)
    # What the code is for: a card, the terms of an invitation, a session.
    subject = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    nonce = models.CharField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    address = models.CharField(max_length=45)
    # False where the number is not known: nothing was sent, and the page does not say so.
    delivered = models.BooleanField(db_default=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "验证码"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(proved_at__isnull=False),
                name="one_time_code_used_was_proved",
            )
        ]
        indexes = [
            models.Index(fields=["phone", "-created_at"], name="one_time_code_phone"),
            models.Index(fields=["address", "-created_at"], name="one_time_code_address"),
            models.Index(fields=["subject", "-created_at"], name="one_time_code_subject"),
            models.Index(fields=["-created_at"], name="one_time_code_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class Session(AbstractBaseSession):
    """A session, and whose it is: None while nobody is signed in."""

    user_id = models.BigIntegerField(null=True)

    class Meta(AbstractBaseSession.Meta):
        indexes = [
            models.Index(
                fields=["user_id"], name="session_user",
                condition=models.Q(user_id__isnull=False),
            )
        ]  # fmt: skip

    @classmethod
    def get_session_store_class(cls) -> Any:
        from accounts.session_store import SessionStore

        return SessionStore


class SecondFactor(models.Model):
    """The authenticator app of an account (TOTP, RFC 6238). The secret is encrypted.

    `last_step` is the 30-second step of the last code that was accepted: neither it nor an earlier
    one is accepted again. After `MOST_TRIES` wrong codes in a row nothing is accepted for a while.
    """

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    secret = models.TextField()
    last_step = models.BigIntegerField(db_default=0)
    wrong_tries = models.PositiveSmallIntegerField(db_default=0)
    locked_until = models.DateTimeField(null=True)
    enrolled_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "两步验证"

    def __str__(self) -> str:
        return f"{self.user_id}"


class RecoveryCode(models.Model):
    """A code that serves once in place of the authenticator app. Only a keyed hash is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "恢复码"

    def __str__(self) -> str:
        return f"{self.user_id}"


class Message(models.Model):
    """One message of the message centre. `to` names the recipient without a foreign key, because a
    graduate may have no account yet: `person:7`, `user:7`, `school:7`."""

    to = models.CharField(max_length=40)
    title = models.CharField("标题", max_length=80)
    text = models.TextField("内容", blank=True, default="")
    link = models.CharField(max_length=200, blank=True, default="")
    dedupe_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField("时间", db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "消息"
        indexes = [
            models.Index(fields=["to", "-id"], name="message_newest"),
            models.Index(
                fields=["to"], name="message_unread", condition=models.Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title
