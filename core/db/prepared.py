"""Queries that come again and again in the same shape: PostgreSQL parses and plans them once a
connection. Values then travel beside the SQL instead of in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


class PreparedCursor(ServerBindingCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, prepare=True, **options)


@contextmanager
def prepared() -> Iterator[None]:
    """Prepares what is asked within. For pages' own reads, not for all: a plan made without the
    values may miss a partial index, and SQL by hand would have to name its values' types."""
    connection.ensure_connection()
    raw: Any = connection.connection
    usual = raw.cursor_factory
    raw.cursor_factory = PreparedCursor
    try:
        yield
    finally:
        raw.cursor_factory = usual
