"""Proofs that a person is there, asked for where an address or an account had many failures.

Everybody behind one NAT shares an address, so failures of some never keep the others out. Beyond a
number of failures at one entrance (a page such as the sign-in of staff) people type the digits of a
picture, or the answer to a small sum in words, along with the form. Without them the form is not
processed: no password is hashed, nothing is sent. With them it always is: failures never keep out who
has the right password. Failures at one entrance do not count at another one.

A challenge needs no session and no row: it is a signed random name, from which the answer is
derived with the platform's key. Each is judged once, whether the answer is right or wrong. While an
account or an address has very many failures, a challenge is judged a few seconds after it was made
only, so that programs get on slowly.

Valkey keeps the counts. While it is away, failures of an account still ask for proofs, because
PostgreSQL counts them, too (`accounts.throttle`). It also keeps which challenges were judged.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import secrets
from enum import StrEnum

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from accounts import proof_words
from accounts.throttle import client_address, use_once
from core.errors import DomainError

DIGITS = 5
# Seconds: how long failures count, and how long a picture may be answered.
WINDOW = 15 * 60
LIFETIME = 10 * 60
# At this many times the failures that ask for a proof, a challenge has to be this old, in seconds.
SLOW_FROM = 6
PAUSE = 5

_WRONG = "数字不正确，请按新的{}再填一次。"
_EXPIRED = "{0}已过期，请按新的{0}再填一次。"
_SPENT = "这{1}{0}已经用过，请按新的{0}再填一次。"
_MISSING = "请填写图片中的数字。"
_TOO_QUICK = f"尝试次数很多，请在{{0}}出现{PAUSE}秒后再提交，按新的{{0}}再填一次。"

_log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a challenge shows: the picture of some digits, or a sum in words."""

    PICTURE = "picture"
    WORDS = "words"


_NAMES = {Kind.PICTURE: ("图片", "张"), Kind.WORDS: ("文字题", "道")}


class ProofRequired(DomainError):
    """The account had many failures and the form came without a proof."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            "proof", "此帐号最近失败次数较多，请填写验证数字，再提交一次。", field="proof"
        )


class Entrance(StrEnum):
    """The pages whose failures are counted, each for itself."""

    STAFF = "staff"
    GRADUATE = "graduate"
    ACTIVATION = "activation"
    EMPLOYER = "employer"
    RECOVERY = "recovery"
    CARD = "card"
    VERIFICATION = "verification"


def network_of(request: HttpRequest) -> str:
    """The address that failures are counted for. IPv6 hands each customer a whole /64."""
    address = client_address(request)
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def pressure(entrance: Entrance, network: str, account: str = "") -> float:
    """The failures of the address or of the account, whichever are more, as a multiple of those from
    which on a form is processed only with a proof. 0 while the cache is away."""
    limits = settings.PROOF_AFTER
    if limits is None:
        return 0
    of_network, of_account = _keys(entrance, network, account)
    try:
        counts = cache.get_many([of_network, of_account])
    except (RedisError, OSError):
        _log.warning("proofs are not asked for: the cache is away")
        return 0
    return max(
        counts.get(of_network, 0) / limits["address"], counts.get(of_account, 0) / limits["account"]
    )


def count(entrance: Entrance, network: str, account: str = "") -> None:
    """Count one failure, or one try that cost work."""
    for key in _keys(entrance, network, account)[: 2 if account else 1]:
        try:
            cache.add(key, 0, timeout=WINDOW)
            cache.incr(key)
        except ValueError:  # the count expired between the two calls
            continue
        except (RedisError, OSError):
            _log.warning("a failure is not counted: the cache is away")


def _keys(entrance: Entrance, network: str, account: str) -> tuple[str, str]:
    name = hashlib.sha256(account.encode()).hexdigest()[:32]
    return f"proof:{entrance}:from:{network}", f"proof:{entrance}:of:{name}"


def new_challenge(entrance: Entrance, kind: Kind = Kind.PICTURE) -> str:
    """A new challenge, as the form's hidden field and the picture's address carry it."""
    name = f"{entrance}.{kind}.{secrets.token_urlsafe(12)}"
    try:
        cache.add(f"proof:new:{name}", 1, timeout=PAUSE)
    except (RedisError, OSError):
        _log.warning("a challenge may be answered at once: the cache is away")
    return _signer(entrance).sign(name)


def kind_of(challenge: str) -> Kind:
    return Kind.WORDS if challenge.split(".")[1:2] == [Kind.WORDS] else Kind.PICTURE


def question_of(challenge: str) -> str:
    """The sum in words of a challenge of that kind; "" for a picture and for what is not ours."""
    name = _name(challenge)
    return proof_words.sum_of(_number(name))[0] if name and kind_of(name) == Kind.WORDS else ""


def answer_of(challenge: str) -> str | None:
    """What is to be typed: the digits of the picture, or the result of the sum. None if the challenge
    is not one of ours or has expired."""
    name = _name(challenge)
    return _answer(name) if name else None


def problem(entrance: Entrance, challenge: str, typed: str, *, is_slow: bool = False) -> str:
    """Judge what was typed, once for each challenge. With `is_slow` a challenge that is younger than
    `PAUSE` is refused. Returns the sentence that says what is wrong, "" if the proof is good."""
    if not challenge:
        return _MISSING
    names = _NAMES[kind_of(challenge)]
    try:
        name = _signer(entrance).unsign(challenge, max_age=LIFETIME)
    except signing.SignatureExpired:
        return _EXPIRED.format(*names)
    except (signing.BadSignature, ValueError):
        return _WRONG.format(*names)
    try:
        if is_slow and cache.get(f"proof:new:{name}"):
            return _TOO_QUICK.format(*names)
    except (RedisError, OSError):
        _log.warning("a challenge may be answered at once: the cache is away")
    if not use_once(name):
        return _SPENT.format(*names)
    is_right = hmac.compare_digest(_answer(name).encode(), typed.encode())
    return "" if is_right else _WRONG.format(*names)


def note_given(request: HttpRequest) -> None:
    """Remember that this request came with a good proof."""
    request.proof_given = True  # type: ignore[attr-defined]


def is_given(request: HttpRequest) -> bool:
    """Whether this request came with a good proof."""
    return getattr(request, "proof_given", False)


def _answer(name: str) -> str:
    if kind_of(name) == Kind.WORDS:
        return proof_words.sum_of(_number(name))[1]
    return f"{_number(name) % 10**DIGITS:0{DIGITS}d}"


def _number(name: str) -> int:
    digest = salted_hmac("accounts.proof.digits", name, algorithm="sha256").digest()
    return int.from_bytes(digest, "big")


def _name(challenge: str) -> str:
    """The name that was signed; "" if the challenge is not one of ours or has expired."""
    try:
        return _signer_of(challenge).unsign(challenge, max_age=LIFETIME)
    except (signing.BadSignature, ValueError):
        return ""


def _signer(entrance: Entrance) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"accounts.proof.{entrance}")


def _signer_of(challenge: str) -> signing.TimestampSigner:
    return _signer(Entrance(challenge.partition(".")[0]))
