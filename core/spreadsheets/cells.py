"""What a cell of a workbook can hold beside text, numbers, yes or no and dates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellError:
    """A cell whose formula failed: `word` is what the spreadsheet shows, such as #N/A."""

    word: str

    def __str__(self) -> str:
        return self.word
