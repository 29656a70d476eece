"""Load codes/data into the database. It may be run again at any time."""

from __future__ import annotations

import csv
import hashlib
from typing import Any

import stdnum
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from codes import hooks, lookup
from codes.divisions import DATA, build_divisions
from codes.models import Code, Division, LoadedData

_COLUMNS = ("code", "name", "aliases", "national_code", "status", "valid_from", "valid_to")


class Command(BaseCommand):
    help = "Load the national code tables, administrative divisions and the catalogue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-changed", action="store_true", help="do nothing if up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        digest = _digest()
        if options["if_changed"] and LoadedData.objects.filter(digest=digest).exists():
            return
        with transaction.atomic():
            codes, divisions = load_tables(), load_divisions()
            hooks.codes_loaded.run()
            LoadedData.objects.update_or_create(name="codes", defaults={"digest": digest})
        lookup.forget()
        if options["verbosity"]:
            self.stdout.write(f"{codes} codes, {divisions} divisions")


def _digest() -> str:
    """A hash that changes with our data files, those of other apps, and the release of stdnum."""
    h = hashlib.sha256(stdnum.__version__.encode())
    files = [p for folder in (DATA, *hooks.data_folder.run()) for p in folder.rglob("*.csv")]
    for path in sorted(files):
        h.update(path.name.encode() + path.read_bytes())
    return h.hexdigest()


def load_tables() -> int:
    rows: list[Code] = []
    for path in sorted((DATA / "tables").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as f:
            for position, row in enumerate(csv.DictReader(f)):
                extra = {k: v for k, v in row.items() if k not in _COLUMNS and v}
                rows.append(
                    Code(
                        table=path.stem,
                        code=row["code"],
                        name=row["name"],
                        aliases=[a.strip() for a in row["aliases"].split(";") if a.strip()],
                        national_code=row["national_code"] or None,
                        status=row["status"],
                        valid_from=row["valid_from"] or None,
                        valid_to=row["valid_to"] or None,
                        position=position,
                        extra=extra,
                    )
                )
    # Keep a national code that the province has mapped on its page.
    mapped = {(c.table, c.code): c.national_code for c in Code.objects.exclude(national_code=None)}
    for code in rows:
        code.national_code = code.national_code or mapped.get((code.table, code.code))
    Code.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["table", "code"],
        update_fields=[
            "name", "aliases", "national_code", "status",
            "valid_from", "valid_to", "position", "extra",
        ],
    )  # fmt: skip
    return len(rows)


def load_divisions() -> int:
    rows = [
        Division(
            code=d.code,
            name=d.name,
            full_name=d.full_name,
            parent_code=d.parent,
            level=d.level,
            selectable=d.selectable,
            valid_from=d.start,
            valid_to=d.end,
            successor_code=d.successor,
        )
        for d in build_divisions()
    ]
    Division.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[
            "name", "full_name", "parent_code", "level", "selectable",
            "valid_from", "valid_to", "successor_code",
        ],
    )  # fmt: skip
    return len(rows)
