"""Which national code stands for which of ours.

The codes that the province registered come first, then those in the code tables. Codes marked 模拟
are for the simulator; with any other endpoint they are ignored, so that a record that needs one is
held back.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

from codes import lookup
from destinations.catalogue import catalogue
from national_sync.models import NationalCode

CATEGORY = "category"
SIMULATED = Path(__file__).parent / "data" / "simulated_codes.csv"


def known(table: str, code: str) -> str | None:
    """The national code that the code table itself has for `code`, if any."""
    if table == CATEGORY:
        return code if code in catalogue().names and "-" not in code else None
    return lookup.table(table).national.get(code) or None


@dataclass
class Mapped:
    """The national codes for one endpoint, read once and used for a whole run."""

    simulated: bool
    own: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def load(cls, *, simulated: bool) -> Mapped:
        rows = NationalCode.objects.order_by("-simulated")  # the province's own replace them
        if not simulated:
            rows = rows.filter(simulated=False)
        values = rows.values_list("table", "code", "national_code")
        return cls(simulated, {(t, c): n for t, c, n in values})

    def national(self, table: str, code: str) -> str | None:
        """The national code; None if there is none. Our own code is never sent in its place."""
        found = self.own.get((table, code))
        return found if found is not None else known(table, code)

    def words_of(self, table: str, national_code: str) -> str:
        """The words for a national code, those of the code of ours that it stands for; "" if none does."""
        for (of, code), national in self.own.items():
            if (of, national) == (table, national_code):
                return self.name(table, code)
        if table == CATEGORY:
            return catalogue().names.get(national_code, "")
        own_codes = lookup.table(table).national.items()
        return next((lookup.name(table, c) for c, n in own_codes if n == national_code), "")

    def name(self, table: str, code: str) -> str:
        if table == CATEGORY:
            return catalogue().names.get(code, code)
        return lookup.name(table, code)


def load_simulated() -> int:
    """Load the codes of demo and simulator, marked 模拟. Returns how many."""
    with SIMULATED.open(encoding="utf-8", newline="") as f:
        rows = [
            NationalCode(
                table=r["table"], code=r["code"], national_code=r["national_code"],
                simulated=True, by_label="模拟",
            )
            for r in csv.DictReader(f)
        ]  # fmt: skip
    NationalCode.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["table", "code", "simulated"],
        update_fields=["national_code"],
    )
    return len(rows)
