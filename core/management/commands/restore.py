"""Restore a backup into an empty database, or only verify it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import backup


class Command(BaseCommand):
    help = "Restore the newest backup in DIR as the owner of an empty database, or verify it."
    # The database has no tables yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--identity", type=Path, required=True, help="file of the private key")
        parser.add_argument("--backup", default="", metavar="NAME", help="not the newest, but this")
        parser.add_argument("--verify", action="store_true", help="decrypt and compare only")
        parser.add_argument(
            "--further-into", type=Path, metavar="DIR", help="where to put the signing key"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        identity = options["identity"]
        try:
            manifest = backup.read_manifest(options["folder"], options["backup"], identity)
            if options["verify"]:
                if faulty := backup.verify(manifest, identity):
                    raise backup.BackupFailed("备份中缺少或已损坏：" + "、".join(faulty))
            else:
                backup.restore(manifest, identity, options["further_into"])
        except (backup.BackupFailed, OSError) as problem:
            raise CommandError(str(problem)) from problem
        done = "verified" if options["verify"] else "restored; now run check_invariants --files"
        self.stdout.write(f"{manifest.folder.name}: {len(manifest.files)} files {done}")
