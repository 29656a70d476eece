"""Access to console pages: the user is signed in as staff and has the page's permission."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Realm, User
from accounts.signin import has_second_factor
from codes import lookup
from core.errors import NotPermitted
from core.lists import walk
from schools.models import StaffMember
from schools.scope import staff_of

ViewFunction = Callable[..., HttpResponseBase]


class StaffRequest(HttpRequest):
    """A request of a staff member: `user` is the account, `staff` its row with role and scope."""

    user: User
    staff: StaffMember


def staff_view(permission: str) -> Callable[[ViewFunction], ViewFunction]:
    """Let only staff with `permission` in. Anonymous people are sent to the sign-in page; users of
    other realms and without the permission get 403."""

    def decorate(view: ViewFunction) -> ViewFunction:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            answer = enter(request, permission)
            return answer or walk.carry(request, view(request, *args, **kwargs))

        guarded.required_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def enter(request: HttpRequest, permission: str) -> HttpResponse | None:
    """The redirect to the sign-in page, or None if the request is let in."""
    user = request.user
    if isinstance(user, User):
        # Pages read the user often, so the lazy object is replaced by the account itself.
        user = request.user = user.itself()
    if not isinstance(user, User) or user.realm != Realm.STAFF:
        if isinstance(user, User):
            raise PermissionDenied
        back = quote(request.get_full_path()) if request.method == "GET" else ""
        return redirect(f"{reverse('console:login')}?next={back}")
    lookup.refresh()
    staff = staff_of(user)
    if staff is not None and staff.school is not None and not staff.school.is_open:
        raise NotPermitted("school_closed", "学校已停用，数据都还在；如需恢复请联系省级管理员。")
    if staff is None or not user.has_perm(permission):
        raise PermissionDenied
    request.staff = staff  # type: ignore[attr-defined]
    if user.must_change_password and request.path != reverse("console:password"):
        return redirect("console:password")
    if (
        staff.role in settings.SECOND_FACTOR_ROLES
        and not has_second_factor(request)
        and request.path not in _open_before_enrolment()
    ):
        return redirect("console:second-factor")
    return None


def _open_before_enrolment() -> tuple[str, ...]:
    """What people reach who must enrol a second factor first."""
    names = ("console:second-factor", "console:second-factor-qr", "console:password")
    return tuple(map(reverse, names))


class StaffPage:
    """Mix-in for class-based console pages (lists)."""

    permission: str
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = enter(request, self.permission)
        return answer or super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    @property
    def user(self) -> User:
        user = self.request.user
        assert isinstance(user, User)
        return user
