"""Django's `migrate`, which can be killed at any moment and is taken up by the next run.

Django notes that a migration was applied in a transaction of its own if indexes or foreign keys are
made at its end. A run that is killed between the two leaves a migration that can neither be applied
nor skipped. Here both are one transaction, and two runs at once take turns.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

_LOCK = "SELECT pg_advisory_lock(hashtextextended('migrate', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('migrate', 0))"


class Executor(MigrationExecutor):
    """Applies a migration and notes it in one transaction."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:  # fmt: skip
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        with transaction.atomic(using=self.connection.alias):
            return super().apply_migration(state, migration, fake, fake_initial)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        # Django's command takes the class from its module.
        migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute(_UNLOCK)
