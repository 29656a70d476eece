"""Start the simulator of the national system as a process of its own."""

from __future__ import annotations

import os
import sys
from argparse import REMAINDER
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

_DATABASE = "NATIONAL_SIMULATOR_DATABASE_URL"
# All the simulator is told: none of the platform's secrets or addresses are among it.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "NATIONAL_SECRET", "NATIONAL_CLIENT", _DATABASE)


class Command(BaseCommand):
    help = (
        "Serve a simulated national system （模拟） on 127.0.0.1, with a database of its own."
        " Options are those of `python -m national_sync.simulator --help`, --port and --fault"
        " among them; NATIONAL_SECRET and NATIONAL_CLIENT come from the environment."
    )
    # It stands apart from the platform: nothing of ours has to be in order first.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("options", nargs=REMAINDER)

    def run_from_argv(self, argv: list[str]) -> None:
        """The options are read by the simulator itself."""
        if "--help" in argv[2:] or "-h" in argv[2:]:
            self.print_help(argv[0], argv[1])
            return
        self.execute(options=argv[2:], no_color=False, force_color=False, skip_checks=True)

    def handle(self, *args: Any, **options: Any) -> None:
        env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        for name in ("NATIONAL_SECRET", "NATIONAL_CLIENT", _DATABASE):
            if not env.get(name):
                raise CommandError(f"{name} is not set")
        env["PYTHONPATH"] = str(settings.BASE_DIR)
        argv = [sys.executable, "-m", "national_sync.simulator", *options["options"]]
        os.execve(sys.executable, argv, env)  # noqa: S606
