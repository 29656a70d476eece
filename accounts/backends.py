"""Password sign-in within a realm."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from accounts.models import User


class RealmBackend(BaseBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        realm: str | None = None,
        login: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not (realm and login and password):
            return None
        user = User.objects.filter(realm=realm, login=login).first()
        if user is None:
            # Takes as long as a wrong password, so that the time does not tell which logins exist.
            make_password(password)
            return None
        if user.check_password(password) and user.is_active:
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
