"""Make a backup of the database and all private files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import backup


class Command(BaseCommand):
    help = "Back up database and private files into DIR, encrypted; only new files are written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--recipient", action="append", default=[], metavar="age1…")
        parser.add_argument("--keep", type=int, metavar="N", help="delete all but N backups")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("--keep: at least one backup is kept")
        try:
            recipients = options["recipient"] or settings.BACKUP_RECIPIENTS
            made = backup.make(options["folder"], recipients)
        except (backup.BackupFailed, OSError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{made.folder}: {made.files} files, {made.new} of them new")
        if made.faulty:
            names = "\n  ".join(made.faulty)
            raise CommandError(f"missing or changed since they were stored:\n  {names}")
        if options["keep"]:
            deleted = backup.delete_old(options["folder"], options["keep"])
            self.stdout.write(f"{deleted} old backups deleted")
