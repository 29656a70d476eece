"""The state of documents and signing key, for people and monitoring. The exit status is 1 while there
is an alarm."""

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
        status = sign_status()
        if options["json"]:
            self.stdout.write(json.dumps(status, ensure_ascii=False))
        else:
            for state, count in status["documents"].items():
                self.stdout.write(f"{DocumentState(state).label}\t{count}")
            for reason, count in status["parked_reasons"]:
                self.stdout.write(f"  {count}\t{reason}")
            for key in ("oldest_waiting", "key", "key_expires", "key_problem"):
                self.stdout.write(f"{key}\t{status[key]}")
        for line in status["alarm"]:
            self.stderr.write(line)
        if status["alarm"]:
            sys.exit(1)
