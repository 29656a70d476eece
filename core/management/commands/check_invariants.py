"""Check everything that must always hold. Exit status 1 if something does not."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import frame, invariants
from core.files import checks


class Command(BaseCommand):
    help = "Check all invariants: files, jobs, events, destinations, agreements, ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--files", action="store_true", help="read every stored file, not only some of them"
        )
        parser.add_argument("--without", action="append", default=[], metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        declared = frame.invariants()
        unknown = set(options["without"]) - {invariant.name for invariant in declared}
        if unknown:
            raise CommandError(f"no such invariant: {', '.join(sorted(unknown))}")
        chosen = [i for i in declared if i.name not in options["without"]]
        if options["files"]:
            chosen = [
                replace(i, faults=checks.all_changed_files) if i.name == "files_unchanged" else i
                for i in chosen
            ]
        started = time.monotonic()
        problems = invariants.check(chosen)
        seconds = round(time.monotonic() - started, 1)
        if options["json"]:
            answer = {
                "checked": [invariant.name for invariant in chosen],
                "seconds": seconds,
                "problems": [asdict(problem) for problem in problems],
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(f"{len(chosen)} invariants in {seconds} s")
            for problem in problems:
                self.stdout.write(f"{problem.name}\t{problem.count}\t{problem.statement}")
                for example in problem.examples:
                    self.stdout.write(f"  {example}")
        if problems:
            sys.exit(1)
