"""Two requests use the same code of the second factor at the same time: one of them is refused."""

from __future__ import annotations

import threading
from typing import Any

import pyotp
from django.db import connection

from accounts import second_factor
from accounts.models import RecoveryCode, SecondFactor, User
from core.errors import DomainError
from tests.factories import World


def use_code(user: User, typed: str, start: threading.Barrier, accepted: list[str]) -> None:
    try:
        start.wait(timeout=10)
        second_factor.check(user=user, typed=typed)
        accepted.append(typed)
    except DomainError:
        pass
    finally:
        connection.close()


def test_the_same_code_typed_twice_at_once_is_accepted_once(
    committed_world: World, django_db_blocker: Any
) -> None:
    user, secret = committed_world.counsellor, second_factor.new_secret()
    with django_db_blocker.unblock():
        now = pyotp.TOTP(secret).now()
        recovery = second_factor.enrol(user=user, secret=secret, typed=now, by=user)
        SecondFactor.objects.update(last_step=0)
        try:
            for typed in (now, recovery[0]):
                start, accepted = threading.Barrier(2), list[str]()
                threads = [
                    threading.Thread(target=use_code, args=(user, typed, start, accepted))
                    for _ in range(2)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert accepted == [typed]
        finally:
            RecoveryCode.objects.filter(user=user).delete()
            SecondFactor.objects.filter(user=user).delete()
