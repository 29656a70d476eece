"""Send what is due, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import garbage
from national_sync.actions import start
from national_sync.connection import is_configured


class Command(BaseCommand):
    help = "Send everything that is due to the national system and fetch its answers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=3600, help="work at most so long")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_configured():
            raise CommandError("NATIONAL_URL, NATIONAL_CLIENT and NATIONAL_SECRET must be set")
        garbage.tune()
        report = start.start_run(seconds=options["seconds"])
        if not report.ran:
            self.stdout.write("另一次上报正在进行")
            return
        self.stdout.write(
            f"检查 {report.looked_at} 条，批次 {report.batches} 个（未送达 {report.failed}），"
            f"收到回执 {report.answered} 条"
        )
