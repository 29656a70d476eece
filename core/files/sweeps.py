"""Deleting private files that nothing refers to any more. Works on any Django storage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import ForeignObjectRel
from django.utils import timezone

from core.files import discard, is_backup_running
from core.models import StoredFile

_CHUNK = 2000


def sweep_orphans(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete files whose row no other row refers to; returns how many.

    Such a row is left when the process dies between storing a file and committing the row that
    refers to it.
    """
    references = [
        (relation.field.model._meta.db_table, relation.field.column)
        for relation in StoredFile._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel)
    ]
    unreferenced = " AND ".join(
        f'NOT EXISTS (SELECT 1 FROM "{table}" r WHERE r."{column}" = f.id)'
        for table, column in references
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f.id FROM core_storedfile f"
            f" WHERE f.created_at < %s AND {unreferenced or 'true'}",
            [timezone.now() - older_than],
        )
        ids = [row[0] for row in cursor.fetchall()]
    for file in StoredFile.objects.filter(id__in=ids):
        discard(file)
    return len(ids)


def sweep_strays(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete files that have no row because their transaction failed; returns how many.

    Looks through the folders of this month and the month before. Nothing is deleted while a backup
    runs: its snapshot may still have the row of such a file.
    """
    before = timezone.now() - older_than
    count = 0
    for folder in _recent_folders():
        keys = iter(f"{folder}/{name}" for name in default_storage.listdir(folder)[1])
        while chunk := set(islice(keys, _CHUNK)):
            with_row = StoredFile.objects.filter(key__in=chunk).values_list("key", flat=True)
            for key in chunk.difference(with_row):
                count += _delete_if_older(key, before)
    return count


def _recent_folders() -> Iterator[str]:
    """`purpose/month` of every purpose that stored files in the last two months."""
    today = timezone.localdate()
    months = {f"{day:%Y%m}" for day in (today, today.replace(day=1) - timedelta(days=1))}
    for purpose in default_storage.listdir("")[0]:
        for month in default_storage.listdir(purpose)[0]:
            if month in months:
                yield f"{purpose}/{month}"


def _delete_if_older(key: str, before: datetime) -> bool:
    try:
        if default_storage.get_modified_time(key) >= before or is_backup_running():
            return False
        default_storage.delete(key)
    except FileNotFoundError:  # another sweep was quicker
        return False
    return True
