"""Freeze the triggers of the ledger in a new migration, after a change of the reported fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.migrations.loader import MigrationLoader

from national_sync import triggers

_FOLDER = Path(__file__).parents[2] / "migrations"
_TEXT = '''"""The triggers of the ledger as the reported fields are declared now; frozen here.

Written by `bin/manage write_ledger_migration`."""

from django.db import migrations

LEDGER = r"""
{ledger}
"""

# Takes them away and puts back those that were there before.
BEFORE = r"""
{remove}

{before}
"""


class Migration(migrations.Migration):
    dependencies = [
{dependencies}
    ]

    operations = [migrations.RunSQL(LEDGER, BEFORE)]
'''


class Command(BaseCommand):
    help = "Write a migration with the triggers that mark changed records for reporting."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what changed, for the file's name: reported_nickname")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        ledger = triggers.install()
        loader = MigrationLoader(None)
        leaves = sorted(loader.graph.leaf_nodes())
        (last,) = (migration for app, migration in leaves if app == "national_sync")
        before = _frozen_before()
        if before.strip() == ledger.strip():
            raise CommandError("The triggers are frozen as they are declared: nothing to write.")
        apps = ("national_sync", "destinations", "graduates", "schools")
        dependencies = "\n".join(
            f'        ("{app}", "{migration}"),' for app, migration in leaves if app in apps
        )
        path = _FOLDER / f"{int(last[:4]) + 1:04}_{name}.py"
        path.write_text(
            _TEXT.format(
                ledger=ledger, before=before, remove=triggers.remove(), dependencies=dependencies
            ),
            encoding="utf-8",
        )
        self.stdout.write(f"written: {path.name}")


def _frozen_before() -> str:
    """The SQL of the newest migration that froze the triggers."""
    for path in sorted(_FOLDER.glob("[0-9]*.py"), reverse=True):
        text = path.read_text(encoding="utf-8")
        if 'LEDGER = r"""' in text:
            return text.split('LEDGER = r"""')[1].split('"""')[0].strip("\n")
    return ""
