"""Refusals of actions. A page shows `message`; tests and commands compare `code`, which never
changes."""

from __future__ import annotations


class DomainError(Exception):
    """A rule refuses an action. `code` is a stable slug, `message` a Chinese sentence for the
    person, `field` the name of the field that caused the refusal, if there is one."""

    status = 409

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.field = field


class Refused(DomainError):
    """The state, a date or another record does not allow the action."""


class NotPermitted(DomainError):
    """The record is in the user's scope, but the user may not do this. Shown as 403."""

    status = 403


class Conflict(DomainError):
    """Somebody else changed the record meanwhile; nothing was overwritten."""


class Invalid(DomainError):
    """Values are wrong. `errors` maps the name of a field to its sentences."""

    status = 422

    def __init__(self, errors: dict[str, list[str]], code: str = "invalid") -> None:
        first = next(iter(errors))
        super().__init__(code, errors[first][0], field=first)
        self.errors = errors
