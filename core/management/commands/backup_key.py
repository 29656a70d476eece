"""Make the key that opens backups. Keep its file away from the machine that is backed up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import backup


class Command(BaseCommand):
    help = "Write a new private key to FILE and print the public key for BACKUP_RECIPIENTS."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(backup.make_key(options["file"]))
        except OSError as problem:
            raise CommandError(str(problem)) from problem
