"""Signing in, the same way for every realm. Accounts with many failures take a proof."""

from __future__ import annotations

import time

from django.contrib.auth import authenticate, login, update_session_auth_hash
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts import own_sessions, proof, second_factor, throttle
from accounts.actions import change_password
from accounts.models import Realm, User
from codes import text
from core.clock import database_now
from core.errors import DomainError, Invalid
from core.rate import limit

BACKEND = "accounts.backends.RealmBackend"


class WrongCredentials(DomainError):
    status = 422


def check_proof(request: HttpRequest, *, realm: str, login_name: str) -> None:
    """Raises `ProofRequired` if the account had many failures and the form came without a proof.
    With one the form is processed, however many failures there were."""
    if not proof.is_given(request) and throttle.has_many_failures(
        request, realm=realm, login_name=login_name
    ):
        raise proof.ProofRequired


def note_failure(request: HttpRequest, *, realm: str, login_name: str) -> None:
    """Count a failed first activation as a failed sign-in."""
    user_login_failed.send(
        sender=__name__, credentials={"realm": realm, "login": login_name}, request=request
    )


def sign_in(
    request: HttpRequest, *, realm: str, login_name: str, password: str, wrong: str
) -> User:
    """Check the password and begin a session. Where the account has a second factor, the session
    begins later, with `sign_in_with_second_factor`. Raises `ProofRequired` or `WrongCredentials`
    (`wrong` is its sentence)."""
    login_name = text.clean(login_name)[:60]
    check_proof(request, realm=realm, login_name=login_name)
    user = authenticate(request, realm=realm, login=login_name, password=password)
    if not isinstance(user, User):
        raise WrongCredentials("credentials", wrong)
    if user.password_expires_at is not None and user.password_expires_at <= database_now():
        raise WrongCredentials("password_expired", _EXPIRED)
    if user.realm == Realm.STAFF and second_factor.is_enrolled(user):
        _hold(request, user)
    else:
        begin_session(request, user)
    return user


_EXPIRED = "一次性密码已过期（发放后7天内有效），请联系为您开通帐号的管理员重置密码。"
# The account whose password was right while its second factor is still asked for, and since when.
_HELD = "second_factor_of"
_HELD_FOR = 10 * 60
# Marks a session that began with a second factor, or in which one was enrolled.
_VERIFIED = "second_factor"


def _hold(request: HttpRequest, user: User) -> None:
    """Remember that the password was right. Nobody is signed in by that."""
    request.session.flush()
    request.session[_HELD] = [user.pk, user.get_session_auth_hash(), int(time.time())]


def held_user(request: HttpRequest) -> User | None:
    """Who typed the right password in this browser and still has to prove the second factor."""
    pk, known, since = request.session.get(_HELD) or (None, "", 0)
    user = User.objects.filter(pk=pk, is_active=True).first() if pk else None
    if user is None or time.time() - since > _HELD_FOR:
        return None
    return user if constant_time_compare(known, user.get_session_auth_hash()) else None


def sign_in_with_second_factor(request: HttpRequest, user: User, *, code: str) -> None:
    """Begin the session of the held `user`. Raises `WrongFactor`, `FactorLocked`."""
    second_factor.check(user=user, typed=code)
    request.session.pop(_HELD, None)
    begin_session(request, user)
    request.session[_VERIFIED] = True


def has_second_factor(request: HttpRequest) -> bool:
    return bool(request.session.get(_VERIFIED))


def enrol_own_factor(request: HttpRequest, *, secret: str, code: str, password: str) -> list[str]:
    """Give the signed-in user a second factor. This session continues, every other one ends.
    Returns the recovery codes."""
    user = request.user
    assert isinstance(user, User)
    check_own_password(request, password)
    codes = second_factor.enrol(user=user, secret=secret, typed=code, by=user)
    update_session_auth_hash(request, user)
    request.session[_VERIFIED] = True
    return codes


def remove_own_factor(request: HttpRequest, *, code: str, password: str) -> None:
    """Take the own second factor off, to change the phone. It takes password and a present code."""
    user = request.user
    assert isinstance(user, User)
    check_own_password(request, password)
    second_factor.check(user=user, typed=code)
    second_factor.remove(user=user, by=user)
    request.session.pop(_VERIFIED, None)


def check_own_password(request: HttpRequest, password: str) -> None:
    """The signed-in person types the password again before something important. Raises `Invalid`
    for the field `password`, and `RateLimited` after ten tries in a quarter of an hour."""
    user = request.user
    assert isinstance(user, User)
    if not password:
        raise Invalid({"password": ["请填写登录密码，未作改动。"]})
    limit(f"password:{user.pk}", most=10, seconds=900)
    if not user.check_password(password):
        raise Invalid({"password": ["登录密码不正确，未作改动。"]})


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
    own_sessions.describe(request)
