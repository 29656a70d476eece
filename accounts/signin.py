"""Signing in, the same way for every realm, with throttling."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate, login, update_session_auth_hash
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from accounts.actions import change_password
from accounts.models import User
from codes import text
from core.errors import DomainError, Invalid
from core.rate import limit

BACKEND = "accounts.backends.RealmBackend"


class Throttled(DomainError):
    """Too many failures for this account: even a right password is not checked."""

    status = 429

    def __init__(self) -> None:
        super().__init__("throttled", "尝试次数过多，请15分钟后再试。忘记密码请联系老师重置。")


class WrongCredentials(DomainError):
    status = 422


def check_throttle(request: HttpRequest, *, realm: str, login_name: str) -> None:
    if not AxesProxyHandler.is_allowed(request, {"realm": realm, "login": login_name}):
        raise Throttled


def note_failure(request: HttpRequest, *, realm: str, login_name: str) -> None:
    """Count a failed first activation as a failed sign-in."""
    user_login_failed.send(
        sender=__name__, credentials={"realm": realm, "login": login_name}, request=request
    )


def sign_in(
    request: HttpRequest, *, realm: str, login_name: str, password: str, wrong: str
) -> User:
    """Check the password and begin a session. Raises `Throttled` or `WrongCredentials` (`wrong`
    is its sentence)."""
    login_name = text.clean(login_name)[:60]
    check_throttle(request, realm=realm, login_name=login_name)
    user = authenticate(request, realm=realm, login=login_name, password=password)
    if not isinstance(user, User):
        check_throttle(request, realm=realm, login_name=login_name)
        raise WrongCredentials("credentials", wrong)
    begin_session(request, user)
    return user


def change_own_password(
    request: HttpRequest,
    *,
    new_password: str,
    repeated: str,
    old_password: str | None = None,
    forgotten: str = "",
) -> None:
    """Change the password of the signed-in user. This session continues, every other one ends.

    `old_password` is None if it is not asked for. `forgotten` is added to the sentence for a wrong
    old password, and says who can help. Raises `Invalid`, and `RateLimited` after ten tries in a quarter of an hour.
    """
    user = request.user
    assert isinstance(user, User)
    limit(f"password:{user.pk}", most=10, seconds=900)
    if old_password is not None and not user.check_password(old_password):
        raise Invalid({"old_password": [f"原密码不正确。{forgotten}"]})
    change_password(user=user, password=new_password, repeated=repeated, by=user)
    update_session_auth_hash(request, user)


def begin_session(request: HttpRequest, user: User) -> None:
    login(request, user, backend=BACKEND)
