"""What people are told while the database, Valkey or the disk cannot be used, and what the log says.

Every error that no view caught comes to `server_error`. It answers those that pass by themselves
with 503, a sentence and Retry-After, and says whether what was sent may have been saved. The log
gets one line a minute from each process instead of a trace-back for each request; of tasks
`core.logs.OutageFilter` sees to that.
"""

from __future__ import annotations

import errno
import logging
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg
import redis
from django.core.signals import request_started
from django.db import (
    Error,
    InterfaceError,
    InternalError,
    OperationalError,
    connections,
)
from django.db.backends.signals import connection_created
from django.db.transaction import TransactionManagementError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.views import defaults

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outage:
    """A cause that passes by itself or by the work of operators. `retry_after` is in seconds."""

    name: str
    sentence: str
    retry_after: int


DATABASE_AWAY = Outage("database", "系统暂时无法访问数据，通常几分钟内恢复。", 30)
DATABASE_FULL = Outage("database full", "系统的存储空间不足，暂时不能保存，请告诉管理员。", 300)
LOCKED = Outage("lock", "有人正在办理同一项内容，请稍等片刻再试。", 10)
SLOW = Outage("timeout", "需要的时间太长，没有完成。请缩小范围后再试。", 30)
VALKEY = Outage("valkey", "系统的一部分暂时不可用，通常几分钟内恢复。", 30)
DISK_FULL = Outage("disk", "系统的存储空间不足，文件没有保存，请告诉管理员。", 300)

# SQLSTATE, or the class of one (PostgreSQL manual, appendix A).
_STATES = {
    "08": DATABASE_AWAY,  # connection lost
    "57P": DATABASE_AWAY,  # the server stops or starts
    "53300": DATABASE_AWAY,  # too many connections
    "25006": DATABASE_AWAY,  # a replica, which cannot be written
    "53": DATABASE_FULL,
    "58": DATABASE_FULL,  # an error of its disk
    "55P03": LOCKED,
    "40": LOCKED,  # a deadlock
    "57014": SLOW,
    "25P0": SLOW,  # a transaction was idle or ran for too long
}
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


def outage_of(error: BaseException | None) -> Outage | None:
    """The outage that `error` comes from; None for any other error."""
    if isinstance(error, TransactionManagementError):  # what was done after the error that counts
        return outage_of(error.__cause__ or error.__context__)
    if isinstance(error, OperationalError | InterfaceError | InternalError | psycopg.Error):
        state = sql_state(error)
        if state:
            found = [o for prefix, o in _STATES.items() if state.startswith(prefix)]
            # "53300" is more exact than "53".
            return max(found, key=lambda o: o is DATABASE_AWAY) if found else None
        lost = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
        return DATABASE_AWAY if isinstance(error, lost) else None
    if isinstance(error, redis.RedisError):
        return VALKEY
    if isinstance(error, OSError) and error.errno in _DISK:
        return DISK_FULL
    return None


def sql_state(error: BaseException) -> str:
    """The SQLSTATE with which the server answered; '' if it did not answer."""
    cause = error.__cause__ if isinstance(error, Error) else error
    return getattr(cause, "sqlstate", None) or ""


# --- whether something was saved -----------------------------------------------------------------


@dataclass
class Commits:
    """How many commits this request began and how many were confirmed. Every connection of Django
    has one as its attribute `commits`."""

    begun: int = 0
    confirmed: int = 0


def _count_commits(connection: Any, **_: Any) -> None:
    if hasattr(connection, "commits"):
        return
    connection.commits, commit = Commits(), connection._commit

    def counted() -> None:
        connection.commits.begun += 1
        commit()
        connection.commits.confirmed += 1

    connection._commit = counted


def _begin_counting(**_: Any) -> None:
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "commits"):
            connection.commits = Commits()


connection_created.connect(_count_commits)
request_started.connect(_begin_counting)


def may_be_saved(error: BaseException) -> bool:
    """Whether this request may have changed something: an earlier transaction was committed, or
    the server never answered the last commit."""
    for connection in connections.all(initialized_only=True):
        commits = getattr(connection, "commits", Commits())
        unanswered = commits.begun > commits.confirmed and not sql_state(error)
        if commits.confirmed or unanswered:
            return True
    return False


# --- the page ------------------------------------------------------------------------------------

# A form with more characters than this is not carried over to the page.
_MOST_CARRIED = 200_000


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: called while the error is being handled."""
    error = sys.exc_info()[1]
    outage = outage_of(error)
    if error is None or outage is None:
        return defaults.server_error(request)
    note(outage.name, error)
    sends = request.method not in ("GET", "HEAD", "OPTIONS")
    doubtful = sends and may_be_saved(error)
    context = {
        "sentence": outage.sentence,
        "at": timezone.localtime(),
        "sends": sends,
        "doubtful": doubtful,
        "again": request.get_full_path() if not sends else "",
        "carried": [] if doubtful or not sends else _carried(request),
        "address": request.get_full_path(),
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "core/parts/outage.html" if is_fragment else "503.html"
    # Without the request, whose session and person would be read from the database.
    response = HttpResponseServerError(render_to_string(template, context), status=503)
    response["Retry-After"] = str(outage.retry_after)
    response["Cache-Control"] = "no-store"
    if is_fragment:
        # What is on the page stays, and what asks again by itself goes on asking.
        response["HX-Retarget"], response["HX-Reswap"] = "#outage", "innerHTML"
    # Said already, in one line.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed, to be sent again with one click. Passwords are typed anew and files chosen
    anew, so forms with either are not carried over."""
    try:
        typed: QueryDict = request.POST
        if request.FILES:
            return []
    except Exception:  # whatever is wrong with the body, this page has to be shown
        return []
    pairs = [(name, value) for name, values in typed.lists() for value in values]
    if any("password" in name for name, _ in pairs):
        return []
    return pairs if sum(len(n) + len(v) for n, v in pairs) <= _MOST_CARRIED else []


# --- the log -------------------------------------------------------------------------------------

_EVERY = 60.0  # seconds
_noted: dict[str, float] = {}
_silent: dict[str, int] = {}
_lock = threading.Lock()


def note(name: str, error: BaseException) -> None:
    """Write one line a minute about an outage, without a trace-back, however often it is noted."""
    now = time.monotonic()
    with _lock:
        if now - _noted.get(name, -_EVERY) < _EVERY:
            _silent[name] = _silent.get(name, 0) + 1
            return
        _noted[name] = now
        silent = _silent.pop(name, 0)
    first = (str(error).splitlines() or [""])[0][:200]
    _log.error(
        "%s cannot be used: %s: %s (%d more in the last minute)",
        name, type(error).__name__, first, silent,
    )  # fmt: skip
