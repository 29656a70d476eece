"""Whether every stored file is there and unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from django.core.files.storage import default_storage

from core.models import StoredFile

# Every night the content of so many files, picked at random, is read as well.
_READ_A_NIGHT = 500


def missing_files() -> Iterator[str]:
    """Rows whose file is not in the storage. Asks for the names of whole folders, not file by file."""
    folder, names = "", frozenset[str]()
    rows = StoredFile.objects.order_by("key").values_list("pk", "key")
    for pk, key in rows.iterator(chunk_size=5000):
        of, _, name = key.rpartition("/")
        if of != folder:
            folder, names = of, _names_in(of)
        if name not in names and not default_storage.exists(key):
            yield f"文件{pk}"


def _names_in(folder: str) -> frozenset[str]:
    try:
        return frozenset(default_storage.listdir(folder)[1])
    except FileNotFoundError:
        return frozenset()


def some_changed_files() -> Iterator[str]:
    """Files picked at random whose content has another hash than when they were stored."""
    picked = StoredFile.objects.order_by("?").values_list("pk", "key", "sha256")
    yield from _changed(picked[:_READ_A_NIGHT])


def all_changed_files() -> Iterator[str]:
    rows = StoredFile.objects.order_by("pk").values_list("pk", "key", "sha256")
    yield from _changed(rows.iterator(chunk_size=2000))


def _changed(rows: Iterable[tuple[int, str, str]]) -> Iterator[str]:
    for pk, key, sha256 in rows:
        try:
            with default_storage.open(key) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            continue  # another invariant names it
        if found != sha256:
            yield f"文件{pk}"
