"""Compile every template, so that a typing error is found before a person finds it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import TemplateSyntaxError
from django.template.loader import get_template


class Command(BaseCommand):
    help = "Compile every template of the project."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.BASE_DIR / "templates"
        names = [str(p.relative_to(folder)) for p in sorted(folder.rglob("*.html"))]
        problems = []
        for name in names:
            try:
                get_template(name)
            except TemplateSyntaxError as error:
                problems.append(f"{name}: {error}")
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(f"{len(names)} templates compile")
