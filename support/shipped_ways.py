"""The ways of helping and the quota that come with the platform (`data/ways.csv`)."""

from __future__ import annotations

import csv
from pathlib import Path

from support.models import Quota, Way

DATA = Path(__file__).parent / "data"


def load_ways() -> None:
    """Add the shipped ways that are missing, and bring those up to date that the province has never
    edited. The quota for every year is added once."""
    with (DATA / "ways.csv").open(encoding="utf-8", newline="") as file:
        shipped = list(csv.DictReader(file))
    edited = set(Way.objects.filter(edited_at__isnull=False).values_list("code", flat=True))
    Way.objects.bulk_create(
        [
            Way(
                code=row["code"], name=row["name"], counts_as=row["counts_as"],
                is_subsidy=row["is_subsidy"] == "yes", position=position,
            )
            for position, row in enumerate(shipped, start=1)
            if row["code"] not in edited
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "counts_as", "is_subsidy", "position"],
    )  # fmt: skip
    Quota.objects.get_or_create(year=0)
