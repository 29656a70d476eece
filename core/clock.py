"""The time by the database's clock, which all processes share.

Deadlines that one process sets and another one checks are measured with it: codes, waiting times,
leases. The clock of a single machine may be wrong, and would then close what is open or open what
is closed. `timezone.now()` is for what is only shown or noted.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The time at which this statement runs. Costs one statement; a query that reads rows anyway can
    annotate `Now()`, which is the same, instead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
        return now
