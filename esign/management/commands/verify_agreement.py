"""Verify that a PDF is a genuine agreement of this platform. The exit status is 0 only for one that is
in force."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from esign.verification import verify


class Command(BaseCommand):
    help = "Verify an agreement's PDF: exit status 0 when genuine and in force, else 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = options["file"].read_bytes()
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        verdict = verify(content)
        number = f" {verdict.agreement.number}" if verdict.agreement else ""
        self.stdout.write(f"{verdict.code}{number} {verdict.sentence}")
        if not (verdict.genuine and verdict.status == "in_force"):
            sys.exit(1)
