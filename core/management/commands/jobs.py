"""All kinds of background jobs: what waits, runs and is parked. Exit status 1 if any is parked."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import frame, jobs


class Command(BaseCommand):
    help = "Jobs that wait, run or are parked, of every kind, with the reasons and the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [jobs.figures(kind) for kind in frame.job_kinds()]
        if options["json"]:
            lines = [dataclasses.asdict(figures) for figures in found]
            self.stdout.write(json.dumps(lines, ensure_ascii=False))
        else:
            for f in found:
                self.stdout.write(
                    f"{f.name}\twaiting {f.waiting}\trunning {f.running}\tparked {f.parked}"
                    f"\toldest {f.oldest} s\towner {f.owner}"
                )
                for reason, count in f.reasons:
                    self.stdout.write(f"  {count}\t{reason}")
        if any(f.parked for f in found):
            sys.exit(1)
