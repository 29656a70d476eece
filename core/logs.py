"""The log: one line for each request, task and message, with the ids that connect them, and without
keys that open a page, names typed into a search, or numbers of people.

LOG_FORMAT=json writes each line as one JSON object, which production does; LOG_FORMAT=plain writes it
for people. django-structlog adds `request_id`, `user_id` and `task_id`; a job adds `jobs`.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.typing import Processor

# A key as it stands in addresses: of a card, a draft, an invitation.
_KEY = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z_-])[\w-]{20,}(?![\w-])", re.ASCII)
_ID_NUMBER = re.compile(r"(?<![\w])\d{17}[\dXx](?![\w])", re.ASCII)
_MOBILE = re.compile(r"(?<![\w])1[3-9]\d{9}(?![\w])", re.ASCII)
# The ids that connect lines look like keys and open nothing.
_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def mask(text: str) -> str:
    """`text` with only the beginning of each key, document number and mobile number."""
    text = _ID_NUMBER.sub(lambda found: found[0][:6] + "***", text)
    text = _MOBILE.sub(lambda found: found[0][:3] + "***", text)
    return _KEY.sub(_mask_key, text)


def _mask_key(found: re.Match[str]) -> str:
    return found[0] if _IDS.fullmatch(found[0]) else found[0][:6] + "***"


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """A formatter that masks the finished line, trace-backs included: the message of a database
    error names the values that it refused. `json` chooses between JSON and a line for people."""

    def __init__(self, json: bool) -> None:
        rendering: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
        if json:
            rendering += [
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ]
        else:
            rendering.append(
                structlog.dev.ConsoleRenderer(
                    colors=False,
                    pad_event_to=0,
                    pad_level=False,
                    exception_formatter=structlog.dev.plain_traceback,
                )
            )
        super().__init__(processors=rendering, foreign_pre_chain=_SHARED)

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


class OutageFilter(logging.Filter):
    """Writes one line a minute instead of each trace-back while database or Valkey are away. The web
    answers such errors itself (`core.outage.server_error`); those of tasks come here, each from Celery
    and from django-structlog."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = _error_of(record)
        if error is None:
            return True
        from core import outage  # the log is configured before Django is

        found = outage.outage_of(error)
        if found not in (outage.DATABASE_AWAY, outage.VALKEY):
            return True
        outage.note(found.name, error)
        return False


def _error_of(record: logging.LogRecord) -> BaseException | None:
    """The exception whose trace-back a line carries, also a line that came through structlog."""
    if isinstance(record.exc_info, tuple):
        return record.exc_info[1]
    error = record.msg.get("exception") if isinstance(record.msg, dict) else None
    return error if isinstance(error, BaseException) else None


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=False),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
]


def configure() -> None:
    """Let lines that are written through structlog take the same way as all others."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class RequestLog(RequestMiddleware):
    """One line for each request: method, path, status, and the id of the signed-in account."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Method and path. The query is left out, because people search for names."""
        return f"{request.method} {request.path}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """The account's id, if the request has asked for the account. It is not looked up for the
        log: that would cost a query, and fail while the database is away."""
        user: Any = getattr(request, "_cached_user", None)
        if user is not None:
            structlog.contextvars.bind_contextvars(user_id=user.pk)

    def process_got_request_exception(self, *_: object, **__: object) -> None:
        """Nothing: Django writes the trace-back of an exception, and `core.outage` one line a minute
        while database or cache are away."""
