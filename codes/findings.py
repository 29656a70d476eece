"""What the rules have to say about a value: the one type for refusals and warnings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A refusal (`is_error`) or a warning, which is shown and lets the value pass.

    `code` is a stable slug, `message` a sentence for people. `field` is the key of the field that
    is meant, "" where the caller knows it.
    """

    code: str
    message: str
    is_error: bool = True
    field: str = ""
