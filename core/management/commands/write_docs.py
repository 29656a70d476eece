"""Write the generated pages of docs/: states, hooks. `--check` only says whether they are stale."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.generated_docs import pages


class Command(BaseCommand):
    help = "Write docs/states.md and docs/hooks.md from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for name, content in pages().items():
            path = settings.BASE_DIR / "docs" / name
            if path.exists() and path.read_text(encoding="utf-8") == content:
                continue
            stale.append(name)
            if not options["check"]:
                path.write_text(content, encoding="utf-8")
        if options["check"] and stale:
            raise CommandError(f"stale, run bin/manage write_docs: {', '.join(stale)}")
        self.stdout.write(f"written: {', '.join(stale) or 'nothing, all current'}")
