"""Make the key that agreements are signed with, and put parked documents back into the queue."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from esign import pdf_signing
from esign.actions import documents


class Command(BaseCommand):
    help = "Make the platform's signing key (PKCS#12 at SIGNING_KEY_FILE)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="毕业去向登记平台", help="common name")
        parser.add_argument("--replace", action="store_true", help="replace the present key")
        parser.add_argument("--if-missing", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_missing"] and pdf_signing.key_file().exists():
            return
        try:
            certificate = pdf_signing.issue_key(
                common_name=options["name"], force=options["replace"]
            )
        except pdf_signing.NoUsableKey as problem:
            raise CommandError(str(problem)) from problem
        documents.unpark()
        self.stdout.write(
            f"{pdf_signing.key_file()} {certificate.fingerprint} 至 {certificate.not_after:%Y-%m-%d}"
        )
