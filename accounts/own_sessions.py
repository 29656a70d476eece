"""The sessions of the signed-in person: since when, from where, with which browser; ending them."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY, logout, update_session_auth_hash
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from redis.exceptions import RedisError

from accounts.actions import end_sessions
from accounts.models import Session, User
from accounts.session_store import SessionStore
from accounts.throttle import client_address
from core import audit
from core.errors import DomainError, Refused

STARTED, SEEN, _ADDRESS, _BROWSER = "started_at", "seen_at", "from_address", "browser"
_UNKNOWN = "未知"
# What the header User-Agent says of itself, the particular before the general.
_BROWSERS = (
    ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("QQ/", "QQ"), ("MQQBrowser", "QQ浏览器"),
    ("QQBrowser", "QQ浏览器"), ("HuaweiBrowser", "华为浏览器"), ("MiuiBrowser", "小米浏览器"),
    ("UCBrowser", "UC浏览器"), ("360SE", "360浏览器"), ("Edg", "Edge"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "鸿蒙"), ("OpenHarmony", "鸿蒙"),
    ("Android", "安卓"), ("Windows", "Windows"), ("Mac OS X", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class OwnSession:
    """One session as its owner sees it. `mark` names it in the page without telling its key."""

    mark: str
    started: datetime | None
    seen: datetime | None
    address: str
    browser: str
    is_this: bool


def describe(request: HttpRequest) -> None:
    """Note in the session that begins from where it comes and with which browser."""
    request.session[STARTED] = int(timezone.now().timestamp())
    request.session[_ADDRESS] = shorten_address(client_address(request))
    request.session[_BROWSER] = browser_in_words(request.headers.get("User-Agent", ""))


def shorten_address(address: str) -> str:
    """The network of an address, which is enough to recognise the own one: 10.20.*.*"""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _UNKNOWN
    if parsed.version == 4:
        return ".".join(address.split(".")[:2]) + ".*.*"
    return ":".join(parsed.exploded.split(":")[:2]) + ":…"


def browser_in_words(agent: str) -> str:
    """微信（安卓） for what the browser says of itself."""
    browser = next((word for part, word in _BROWSERS if part in agent), "其他浏览器")
    system = next((word for part, word in _SYSTEMS if part in agent), "")
    return f"{browser}（{system}）" if system else browser


def list_sessions(request: HttpRequest) -> list[OwnSession]:
    """The living sessions of the signed-in person, this one first, then the newest."""
    rows = []
    for row, data in _living(_user(request)):
        rows.append(
            OwnSession(
                mark=_mark(row.session_key),
                started=_moment(data.get(STARTED)),
                seen=_moment(data.get(SEEN)),
                address=data.get(_ADDRESS, _UNKNOWN),
                browser=data.get(_BROWSER, _UNKNOWN),
                is_this=row.session_key == request.session.session_key,
            )
        )
    oldest = timezone.make_aware(datetime(1970, 1, 2))
    return sorted(rows, key=lambda r: (r.is_this, r.started or oldest), reverse=True)


def end_session(request: HttpRequest, mark: str) -> None:
    """End one of the own sessions, also this one. Raises `Refused` if it has ended already."""
    user = _user(request)
    if not re.fullmatch(r"[0-9a-f]{32}", mark):
        raise Refused("gone", "此登录已经退出。")
    for row, _ in _living(user):
        if not constant_time_compare(_mark(row.session_key), mark):
            continue
        if row.session_key == request.session.session_key:
            logout(request)
        else:
            _delete(row.session_key)
        audit.record("accounts.end_session", by=user, obj=user)
        return
    raise Refused("gone", "此登录已经退出。")


def end_other_sessions(request: HttpRequest) -> None:
    """End all own sessions but this one. It needs no cache: the others no longer fit the account."""
    user = _user(request)
    end_sessions(user=user, by=user)
    user.refresh_from_db(fields=["session_epoch"])
    update_session_auth_hash(request, user)


def _living(user: User) -> Iterator[tuple[Session, dict]]:
    fitting = user.get_session_auth_hash()
    for row in Session.objects.filter(user_id=user.pk, expire_date__gt=timezone.now()):
        data = row.get_decoded()
        if constant_time_compare(data.get(HASH_SESSION_KEY, ""), fitting):
            yield row, data


def _delete(key: str) -> None:
    try:
        SessionStore(session_key=key).delete()
    except (RedisError, OSError):
        # Its copy in the cache would live on.
        raise DomainError("cache", "暂时不能退出单个设备，请使用“退出其他所有设备”。") from None


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user.itself()


def _mark(key: str) -> str:
    return hashlib.sha256(f"session:{key}".encode()).hexdigest()[:32]


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int):
        return None
    return datetime.fromtimestamp(seconds, tz=timezone.get_current_timezone())
