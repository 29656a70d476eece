"""One user model for three realms."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib.auth import get_backends
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
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
    """Somebody who signs in. What they may do and see is decided by the apps above.

    `login` is unique within its realm: a user name for staff, `school code:student number` for
    graduates, a mobile number for employers.
    """

    realm = models.CharField("端", max_length=10, choices=Realm)
    login = models.CharField("登录名", max_length=60)
    label = models.CharField("姓名", max_length=80)
    mobile = models.CharField("手机号码", max_length=20, blank=True, default="")
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("须修改密码", default=False)
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
