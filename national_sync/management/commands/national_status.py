"""Print the state of the national loop for people and for monitoring. Exit status 1 while the
alarm is on."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from national_sync.queries import status
from national_sync.states import EntryState


class Command(BaseCommand):
    help = "Queue age, failures, parked records, answers that stay away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = status()
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for state, count in found["entries"].items():
                self.stdout.write(f"{EntryState(state).label}\t{count}")
            for key in ("queue_age", "open_batches", "open_files", "parked_batches",
                        "oldest_unanswered", "open_feedback", "overdue", "ownerless"):  # fmt: skip
                self.stdout.write(f"{key}\t{found[key]}")
        if found["alarm"]:
            self.stderr.write("全国系统的回执超过30分钟没有回来")
            sys.exit(1)
