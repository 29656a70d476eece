"""The checks of wording that come with the platform (`data/wording_rules.csv`)."""

from __future__ import annotations

import csv
from pathlib import Path

from recruiting.models import WordingRule

DATA = Path(__file__).parent / "data"


def load_wording_rules() -> None:
    """Add the shipped rules that are missing, and bring those up to date that the province has never
    edited."""
    with (DATA / "wording_rules.csv").open(encoding="utf-8", newline="") as file:
        shipped = list(csv.DictReader(file))
    edited = set(WordingRule.objects.filter(edited_at__isnull=False).values_list("key", flat=True))
    WordingRule.objects.bulk_create(
        [_rule(row) for row in shipped if row["key"] not in edited],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=[
            "label", "patterns", "harmless", "basis", "message", "is_error", "may_justify",
            "in_messages",
        ],
    )  # fmt: skip


def _rule(row: dict[str, str]) -> WordingRule:
    return WordingRule(
        key=row["key"], label=row["label"], patterns=row["patterns"].split(";"),
        harmless=[words for words in row["harmless"].split(";") if words], basis=row["basis"],
        message=row["message"], is_error=row["level"] == "error",
        may_justify=row["may_justify"] == "yes", in_messages=row["in_messages"] == "yes",
    )  # fmt: skip
