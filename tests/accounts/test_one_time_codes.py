"""One-time codes: five tries, a keyed hash, and limits per phone, card, address and day."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import pytest
from django.utils import timezone

from accounts import one_time_codes
from accounts.models import OneTimeCode
from accounts.one_time_codes import CodeLimit, WrongCode
from core.errors import DomainError, Invalid
from core.models import OutboxMessage
from tests.esign.signing import last_code

pytestmark = pytest.mark.django_db
PHONE = "13900000001"


def issue(phone: str = PHONE, subject: str = "card:1", address: str = "10.0.0.1") -> OneTimeCode:
    return one_time_codes.issue(purpose="card", phone=phone, subject=subject, address=address)


def prove(typed: str, phone: str = PHONE, subject: str = "card:1") -> OneTimeCode:
    return one_time_codes.prove(purpose="card", phone=phone, subject=subject, typed=typed)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def an_earlier_time(**ago: float) -> None:
    """Move the time of all codes issued so far into the past."""
    OneTimeCode.objects.update(created_at=timezone.now() - datetime.timedelta(**ago))


def limited(**how: str) -> str:
    with pytest.raises(CodeLimit) as refusal:
        issue(**how)
    assert refusal.value.status == 429
    return refusal.value.message


def test_only_a_keyed_hash_is_kept(settings: Any) -> None:
    made = issue()
    code = last_code(PHONE)
    plain = {hashlib.sha256(f"{made.nonce}{sep}{code}".encode()).hexdigest() for sep in ("", ":")}
    assert code not in (made.digest, made.nonce)
    assert made.digest not in plain
    # With another key the same code is wrong.
    settings.ONE_TIME_CODE_KEY = "another-key-of-thirty-two-characters!"
    with pytest.raises(WrongCode):
        prove(code)


def test_after_five_wrong_tries_the_right_code_is_refused() -> None:
    issue()
    code = last_code(PHONE)
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCode, match=f"还可以试 {left} 次"):
            prove(wrong(code))
    with pytest.raises(WrongCode, match="输错次数过多"):
        prove(wrong(code))
    with pytest.raises(WrongCode, match="输错次数过多"):
        prove(code)


@pytest.mark.parametrize("written", ["full width", "blank", "full-width blank", "hyphen"])
def test_the_right_code_in_full_width_digits_or_with_a_blank_costs_no_try(written: str) -> None:
    made = issue()
    code = last_code(PHONE)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    typed = {
        "full width": wide,
        "blank": f" {code[:3]} {code[3:]} ",
        "full-width blank": f"{wide[:3]}\u3000{wide[3:]}",
        "hyphen": f"{code[:3]}-{code[3:]}",
    }
    assert prove(typed[written]).pk == made.pk
    made.refresh_from_db()
    assert made.tries == 0


def test_a_code_expires_and_is_replaced_by_a_newer_one() -> None:
    issue()
    first = last_code(PHONE)
    OneTimeCode.objects.update(expires_at=timezone.now())
    with pytest.raises(WrongCode, match="已过期"):
        prove(first)
    an_earlier_time(minutes=2)
    issue()
    if last_code(PHONE) != first:
        with pytest.raises(WrongCode, match="不正确"):
            prove(first)
    assert prove(last_code(PHONE)).proved_at


@pytest.mark.parametrize("other", [{"phone": "13900000002"}, {"subject": "card:2"}])
def test_a_code_is_valid_for_one_phone_and_one_card(other: dict[str, str]) -> None:
    issue()
    with pytest.raises(WrongCode, match="请先获取"):
        prove(last_code(PHONE), **other)


def test_a_code_is_used_once() -> None:
    issue()
    found = prove(last_code(PHONE))
    one_time_codes.spend(found)
    with pytest.raises(WrongCode, match="已使用"):
        one_time_codes.spend(found)


def test_two_codes_to_one_phone_need_a_minute_between_them() -> None:
    issue()
    assert "60秒" in limited(subject="card:2", address="10.0.0.2")
    an_earlier_time(seconds=61)
    issue()


@pytest.mark.parametrize(
    ("name", "ago", "same", "says"),
    [
        ("phone_hour", {"minutes": 30}, "phone", "此手机号码一小时内"),
        ("phone_day", {"hours": 3}, "phone", "此手机号码今天"),
        ("subject_day", {"hours": 3}, "subject", "今天"),
        ("address_hour", {"minutes": 30}, "address", "此网络一小时内"),
        ("day", {"hours": 3}, "", "平台今天"),
    ],
)
def test_each_limit_refuses_further_codes(
    settings: Any, name: str, ago: dict[str, float], same: str, says: str
) -> None:
    settings.ONE_TIME_CODE_LIMITS = dict.fromkeys(settings.ONE_TIME_CODE_LIMITS, 1000) | {name: 3}

    def request(number: int) -> dict[str, str]:
        all_new = {
            "phone": f"1390000{number:04d}", "subject": f"card:{number}",
            "address": f"10.0.1.{number}",
        }  # fmt: skip
        shared = {"phone": PHONE, "subject": "card:1", "address": "10.0.0.1"}
        return all_new | ({same: shared[same]} if same else {})

    for number in range(3):
        issue(**request(number))
        an_earlier_time(**ago)
    before = OutboxMessage.objects.count()
    assert limited(**request(9)).startswith(says)
    assert OutboxMessage.objects.count() == before, "what is refused costs no message"
    if same:
        shared = request(9).pop(same)
        issue(**(request(10) | {same: f"{shared[:-1]}7"}))
    an_earlier_time(hours=25)
    issue(**request(9))


@pytest.mark.parametrize("phone", ["", "123", "12345678901", "abc", "1390000000１２"])
def test_a_wrong_mobile_number_gets_no_code(phone: str) -> None:
    with pytest.raises(Invalid):
        issue(phone=phone)
    assert not OneTimeCode.objects.exists()


def test_without_a_text_message_backend_no_code_is_issued(settings: Any) -> None:
    settings.OUTBOX_BACKENDS = {"sms": "", "email": ""}
    with pytest.raises(DomainError, match="短信通道尚未开通"):
        issue()


def test_a_stranger_cannot_use_up_the_codes_for_signing() -> None:
    for number in range(5):
        issue(subject=f"card:{number}", address=f"10.0.0.{number}")
        an_earlier_time(minutes=5)
    assert "此手机号码" in limited(subject="card:9", address="10.0.0.9")
    signing = one_time_codes.issue(
        purpose="accept", phone=PHONE, subject="invitation:1", address="10.0.2.1"
    )
    assert signing.delivered


def test_asking_under_other_purposes_does_not_get_round_the_limit_of_a_phone() -> None:
    purposes = ("card", "login", "recover")
    for number in range(5):
        one_time_codes.issue(
            purpose=purposes[number % 3], phone=PHONE, subject=f"s:{number}", address="10.0.0.1"
        )
        an_earlier_time(minutes=5)
    for purpose in purposes:
        with pytest.raises(CodeLimit, match="此手机号码"):
            one_time_codes.issue(purpose=purpose, phone=PHONE, subject="s:9", address="10.0.0.2")


def test_codes_that_were_not_delivered_count_only_for_the_address_that_asked(settings: Any) -> None:
    settings.ONE_TIME_CODE_LIMITS = settings.ONE_TIME_CODE_LIMITS | {"day": 6}

    def ask(address: str, *, known: bool) -> None:
        one_time_codes.issue(
            purpose="login", phone=PHONE, subject=f"login:{address}", address=address,
            deliver=known,
        )  # fmt: skip

    for _ in range(5):
        ask("10.0.0.1", known=False)
        an_earlier_time(minutes=5)
    # The address that asked is told the same as for a known number.
    with pytest.raises(CodeLimit, match="此手机号码一小时内"):
        ask("10.0.0.1", known=False)
    # The owner of the number and the rest of the platform are not concerned.
    for number in range(2, 7):
        ask(f"10.0.0.{number}", known=True)
        an_earlier_time(minutes=5)
    assert OneTimeCode.objects.filter(delivered=True).count() == 5
