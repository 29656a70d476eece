"""Signing in by one-time code. The answers never reveal whether a number has an account."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest

from accounts import one_time_codes
from accounts.models import Realm, User
from accounts.one_time_codes import WrongCode
from accounts.signin import begin_session, check_proof, note_failure
from codes import text

PURPOSE = "login"


def send_code(*, mobile: str, address: str) -> None:
    """Send a code to a number that has an account. Any other number only counts towards the limits."""
    mobile = text.clean_phone(mobile)
    one_time_codes.issue(
        purpose=PURPOSE, phone=mobile, subject=_subject(mobile), address=address,
        deliver=_account(mobile) is not None,
    )  # fmt: skip


def enter_with_code(request: HttpRequest, *, mobile: str, code: str) -> User:
    """Begin a session, if the code is right. Raises `ProofRequired` or `WrongCode`."""
    mobile = text.clean_phone(mobile)[:60]
    check_proof(request, realm=Realm.EMPLOYER, login_name=mobile)
    try:
        proof = one_time_codes.prove(
            purpose=PURPOSE, phone=mobile, subject=_subject(mobile), typed=code
        )
        user = _account(mobile)
        if user is None:
            raise WrongCode("code", "验证码不正确，请重新获取。", field="code")
    except WrongCode:
        note_failure(request, realm=Realm.EMPLOYER, login_name=mobile)
        raise
    with transaction.atomic():
        one_time_codes.spend(proof)
    begin_session(request, user)
    return user


def _subject(mobile: str) -> str:
    return f"login:{mobile}"[:100]


def _account(mobile: str) -> User | None:
    return User.objects.filter(realm=Realm.EMPLOYER, login=mobile, is_active=True).first()
