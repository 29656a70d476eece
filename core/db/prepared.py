"""Prepared statements: PostgreSQL parses and plans a query once a connection.

The values are then sent beside the SQL instead of inside it. Planning the joins of a signature's
reads takes PostgreSQL longer than executing them (`bin/bench orm`, docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


class PreparedCursor(ServerBindingCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, **options)  # type: ignore[misc]


@contextmanager
def prepared() -> Iterator[None]:
    """Queries inside the block are prepared. It is for queries that come often, not for all: a plan
    made without the values may miss a partial index, and hand-written SQL would have to name the
    types of its values."""
    connection.ensure_connection()
    raw: Any = connection.connection
    usual = raw.cursor_factory
    raw.cursor_factory = PreparedCursor
    try:
        yield
    finally:
        raw.cursor_factory = usual
