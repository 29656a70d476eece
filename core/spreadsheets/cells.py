"""A kind of cell content that Python has no type for: an error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellError:
    """A cell whose formula failed: `word` is what the spreadsheet shows, such as #N/A."""

    word: str

    def __str__(self) -> str:
        return self.word
