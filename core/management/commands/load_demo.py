"""Demo schools, people and accounts; their password is random per installation."""

from __future__ import annotations

import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from core import frame


class Command(BaseCommand):
    help = "Make the demo schools 99001 and 99002 with an account of every role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-missing", action="store_true")
        parser.add_argument("--show", action="store_true", help="only print the accounts")
        parser.add_argument(
            "--fill", action="store_true",
            help="fill the first demo school with about 600 graduates of two cohorts",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_PASSWORD", "")
        if options["show"]:
            self.show(password)
            return
        if options["fill"]:
            self.fill()
            return
        if options["if_missing"] and all(demo.exists() for demo in frame.demos()):
            return
        if len(password) < 8:
            raise CommandError("DEMO_PASSWORD must be set (8 characters or more)")
        with transaction.atomic():
            for demo in frame.demos():
                demo.make(password)

    def fill(self) -> None:
        began = time.monotonic()
        for demo in frame.demos():
            demo.fill()
        self.stdout.write(f"演示学校的数据已齐全，用时{time.monotonic() - began:.1f}秒。")

    def show(self, password: str) -> None:
        lines = [line for demo in frame.demos() for line in demo.accounts()]
        for role, page, login in lines:
            self.stdout.write(f"  {role}\t{page}\t{login}")
        self.stdout.write(f"  演示帐号的密码（本机随机生成）：{password}")
