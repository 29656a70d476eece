"""Let somebody in again whose province account nobody else can manage."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import DomainError
from schools.actions.staff import reset_province_account


class Command(BaseCommand):
    help = "Take the second factor off a province account and print a new one-time password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            issued = reset_province_account(login=options["login"])
        except DomainError as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(f"{options['login']} 的一次性密码（7天内有效）：{issued.password}")
