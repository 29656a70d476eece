"""Create the database's roles, or give them the passwords of the environment."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from core.db.roles import APP, READER, create_roles

_PASSWORDS = {APP: "DATABASE_APP_PASSWORD", READER: "DATABASE_READER_PASSWORD"}


class Command(BaseCommand):
    help = (
        "Create the platform's role and the reader's, as the owner of the database. Their passwords"
        " are taken from DATABASE_APP_PASSWORD and DATABASE_READER_PASSWORD."
    )
    # The platform's role may not exist yet.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [name for name in _PASSWORDS.values() if not os.environ.get(name)]
        if missing:
            raise CommandError(f"not set: {', '.join(missing)}")
        connection.ensure_connection()
        create_roles(
            connection.connection, {role: os.environ[name] for role, name in _PASSWORDS.items()}
        )
