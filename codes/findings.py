"""The type of errors and warnings about values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """An error, which refuses a value, or a warning, which is only shown.

    `code` is a slug that never changes, `message` a Chinese sentence. `field` is the key of the
    field, or "" where the caller knows which field it is.
    """

    code: str
    message: str
    is_error: bool = True
    field: str = ""
