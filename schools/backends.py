"""Answers `has_perm` for staff by the level of their role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model
from django.http import HttpRequest

from accounts.models import Realm, User
from core import frame
from schools.scope import staff_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class RoleBackend(BaseBackend):
    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def has_perm(
        self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Model | None = None
    ) -> bool:
        if not isinstance(user_obj, User) or user_obj.realm != Realm.STAFF:
            return False
        staff = staff_of(user_obj)
        if staff is None or (staff.school is not None and not staff.school.is_open):
            return False  # staff of a closed school may do nothing, not even look
        return staff.role_level in frame.permissions().get(perm, frozenset())
