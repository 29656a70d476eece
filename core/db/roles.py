"""The roles of the database, each with a password of its own.

The owner makes and changes tables; only migrations run as it. Web, worker and beat use the
platform's role, which reads and writes rows but can't change tables, switch triggers off, truncate
or run programs. The reader only reads, for a replica or for metrics.

`bin/run` creates the roles itself; elsewhere `manage.py database_roles` does, as the owner. The
module imports nothing of Django, because the launcher uses it, too.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

APP, READER = "platform_app", "platform_reader"
_RIGHTS: Mapping[str, Mapping[str, str]] = {
    # MAINTAIN is for ANALYZE after an import.
    APP: {"TABLES": "SELECT, INSERT, UPDATE, DELETE, MAINTAIN", "SEQUENCES": "USAGE, SELECT"},
    READER: {"TABLES": "SELECT"},
}
_SETTINGS = {READER: {"default_transaction_read_only": "on"}}


def create_roles(connection: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """Create the roles that `passwords` names, or give them their password and their rights anew.

    `connection` is one of the owner to the platform's database, outside a transaction or in one.
    The rights hold for the tables that exist and for those that the owner makes later.
    """
    for role, password in passwords.items():
        name = sql.Identifier(role)
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        connection.execute(
            sql.SQL(
                "{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}"
            ).format(sql.SQL("ALTER" if known else "CREATE"), name, sql.Literal(password))
        )
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        for kind, rights in _RIGHTS[role].items():
            words = {"rights": sql.SQL(rights), "kind": sql.SQL(kind), "role": name}
            connection.execute(
                sql.SQL("GRANT {rights} ON ALL {kind} IN SCHEMA public TO {role}").format(**words)
            )
            connection.execute(
                sql.SQL(
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {kind} TO {role}"
                ).format(**words)
            )
        for setting, value in _SETTINGS.get(role, {}).items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    name, sql.Identifier(setting), sql.Literal(value)
                )
            )
