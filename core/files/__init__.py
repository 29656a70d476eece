"""Private files: written before the commit under a random key, swept when no row took them."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection, transaction
from django.db.models import ForeignObjectRel
from django.http import FileResponse, HttpResponseBase
from django.utils import timezone

from core.db import rows
from core.models import StoredFile


class PrivateStorage(FileSystemStorage):
    """Has no URL: nothing is ever served straight from the folder."""

    def __init__(self) -> None:
        super().__init__(location=settings.PRIVATE_ROOT, file_permissions_mode=0o600)

    def _save(self, name: str, content: Any) -> str:
        """Written by root's command line, a file still belongs to the account that serves it."""
        saved = super()._save(name, content)
        if os.geteuid() == 0:
            owner = os.stat(self.location)
            path = Path(self.path(saved))
            for own in (path, *path.parents):
                if own == Path(self.location):
                    break
                os.chown(own, owner.st_uid, owner.st_gid)
        return saved

    def url(self, name: str | None) -> str:
        raise ValueError("private files have no address")


def store(
    content: bytes,
    *,
    name: str,
    content_type: str,
    purpose: str,
    school_id: int | None = None,
    by_id: int | None = None,
) -> StoredFile:
    """Write `content` and return its row. Called inside a transaction that does not commit, it
    leaves a stray, which `sweep_strays` finds.
    """
    month = timezone.localdate().strftime("%Y%m")
    key = default_storage.save(
        f"{purpose}/{month}/{secrets.token_urlsafe(24)}", ContentFile(content)
    )
    file = StoredFile(
        key=key,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content_type=content_type,
        name=Path(name).name[:200],
        purpose=purpose,
        school_id=school_id,
        created_by_id=by_id,
    )
    rows.insert(file)
    return file


def open_file(file: StoredFile) -> IO[bytes]:
    return default_storage.open(file.key, "rb")


def path_of(file: StoredFile) -> Path:
    return Path(default_storage.path(file.key))


def respond(file: StoredFile, *, download: bool = False) -> HttpResponseBase:
    """The response for somebody who was already found to be allowed."""
    response = FileResponse(
        open_file(file),
        content_type=file.content_type,
        as_attachment=download,
        filename=file.name,
    )
    response["Cache-Control"] = "private, max-age=600"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def discard(file: StoredFile) -> None:
    """Remove row and bytes of a file nothing refers to."""
    key = file.key
    file.delete()
    transaction.on_commit(lambda: default_storage.delete(key))


def sweep_orphans(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete files whose row no other row refers to; returns how many went.

    A crash between writing a file and committing what refers to it leaves such an orphan.
    """
    references = [
        (relation.field.model._meta.db_table, relation.field.column)
        for relation in StoredFile._meta.get_fields(include_hidden=True)
        if isinstance(relation, ForeignObjectRel)
    ]
    missing = " AND ".join(
        f'NOT EXISTS (SELECT 1 FROM "{table}" r WHERE r."{column}" = f.id)'
        for table, column in references
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT f.id FROM core_storedfile f WHERE f.created_at < %s AND {missing or 'true'}",
            [timezone.now() - older_than],
        )
        ids = [row[0] for row in cursor.fetchall()]
    for file in StoredFile.objects.filter(id__in=ids):
        discard(file)
    return len(ids)


def sweep_strays(*, older_than: timedelta = timedelta(days=1)) -> int:
    """Delete what was written and has no row, its transaction having failed; returns how many.

    Looks through this month's and the last month's folders.
    """
    today = timezone.localdate()
    months = {f"{day:%Y%m}" for day in (today, today.replace(day=1) - timedelta(days=1))}
    oldest, gone = (timezone.now() - older_than).timestamp(), 0
    for folder in Path(settings.PRIVATE_ROOT).glob("*/*"):
        if folder.name not in months or not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            old = [e.name for e in entries if e.is_file() and e.stat().st_mtime < oldest]
        for at in range(0, len(old), 2000):
            keys = {f"{folder.parent.name}/{folder.name}/{name}" for name in old[at : at + 2000]}
            kept = StoredFile.objects.filter(key__in=keys).values_list("key", flat=True)
            for key in keys.difference(kept):
                default_storage.delete(key)
                gone += 1
    return gone
