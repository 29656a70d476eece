"""How signing stands, for people and for monitoring. Exit status 1 while the alarm is on."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from esign.queries import sign_status
from esign.states import DocumentState


class Command(BaseCommand):
    help = "Documents that wait or are parked, and until when the signing key holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = sign_status()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for state, count in found["documents"].items():
                self.stdout.write(f"{DocumentState(state).label}\t{count}")
            for reason, count in found["parked_reasons"]:
                self.stdout.write(f"  {count}\t{reason}")
            for key in ("oldest_waiting", "key", "key_expires", "key_problem"):
                self.stdout.write(f"{key}\t{found[key]}")
        for line in found["alarm"]:
            self.stderr.write(line)
        if found["alarm"]:
            sys.exit(1)
