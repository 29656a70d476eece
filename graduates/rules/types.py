from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Issue:
    """One refusal (`is_error`) or warning about one field. `code` is a stable slug."""

    field: str
    code: str
    message: str
    is_error: bool = True


Cell = str | int | float | bool | None
