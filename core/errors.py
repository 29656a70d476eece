"""What an action answers when it does not act.

A page shows `message`; tests and commands go by `code`, which never changes.
"""

from __future__ import annotations


class DomainError(Exception):
    """A rule said no. `code` is a stable slug, `message` a Chinese sentence for the person,
    `field` the name of the field that caused it, if one did."""

    status = 409

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field


class Refused(DomainError):
    """The state, a date or another record does not admit the action."""


class NotPermitted(DomainError):
    """Inside one's scope, but not one's right. Shown as 403."""

    status = 403


class Conflict(DomainError):
    """Somebody else changed the record meanwhile; nothing was overwritten."""


class Invalid(DomainError):
    """Values do not hold. `errors` maps a field name to its sentences."""

    status = 422

    def __init__(self, errors: dict[str, list[str]], code: str = "invalid") -> None:
        first = next(iter(errors))
        super().__init__(code, errors[first][0], field=first)
        self.errors = errors
