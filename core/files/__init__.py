"""Private files: stored under a random key before the commit, beside a row with their hash.

Everything goes through Django's default storage. `sweeps` deletes what no row refers to.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.http import FileResponse, HttpResponseBase
from django.utils import timezone

from core.db import rows
from core.models import StoredFile


def store(
    content: bytes,
    *,
    name: str,
    content_type: str,
    purpose: str,
    school_id: int | None = None,
    by_id: int | None = None,
) -> StoredFile:
    """Store `content` and return its row.

    If the caller's transaction does not commit, the file stays without a row until
    `sweeps.sweep_strays` deletes it.
    """
    month = timezone.localdate().strftime("%Y%m")
    key = default_storage.save(
        f"{purpose}/{month}/{secrets.token_urlsafe(24)}", ContentFile(content)
    )
    file = StoredFile(
        key=key,
        sha256=sha256(content),
        size=len(content),
        content_type=content_type,
        name=Path(name).name[:200],
        purpose=purpose,
        school_id=school_id,
        created_by_id=by_id,
    )
    rows.insert(file)
    return file


def sha256(content: bytes) -> str:
    """The hash under which `content` is stored, as hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def open_file(file: StoredFile) -> IO[bytes]:
    return default_storage.open(file.key, "rb")


@contextmanager
def local_copy(file: StoredFile) -> Iterator[Path]:
    """A copy on this machine's disk, for programs that want a path; gone after the block."""
    with tempfile.NamedTemporaryFile() as copy:
        with open_file(file) as source:
            shutil.copyfileobj(source, copy)
        copy.flush()
        yield Path(copy.name)


def respond(file: StoredFile, *, download: bool = False) -> HttpResponseBase:
    """The file as a response. The caller has checked that the user may see it."""
    response = FileResponse(
        open_file(file),
        content_type=file.content_type,
        as_attachment=download,
        filename=file.name,
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def discard(file: StoredFile) -> None:
    """Delete the row and the content of a file that nothing refers to. While a backup runs the
    content stays, because the backup may have read the row before; a sweep deletes it later."""
    key = file.key
    file.delete()
    transaction.on_commit(lambda: None if is_backup_running() else default_storage.delete(key))


# The number of the advisory lock that a running backup holds (core/backup.py).
BACKUP_LOCK = 4_020_002


def is_backup_running() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [BACKUP_LOCK])
        return not cursor.fetchone()[0]
