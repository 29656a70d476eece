"""Bring a database to the present state of the code, in one process: quick when nothing is due."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Migrate, load the codes if they changed and, with --demo, the demo schools if missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        # Its own file and secret; agreements can't be sealed without it.
        call_command("issue_signing_key", "--if-missing")
        call_command("load_codes", if_changed=True, verbosity=0)
        if options["demo"]:
            call_command("load_demo", if_missing=True, verbosity=0)
