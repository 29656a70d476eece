"""Storing private files, and deleting those that nothing refers to."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from core import files
from core.files import sweeps
from core.models import StoredFile

pytestmark = pytest.mark.django_db


def keep(content: bytes) -> StoredFile:
    return files.store(content, name="a.txt", content_type="text/plain", purpose="test")


def age(file: StoredFile) -> None:
    """Make the stored content two days old."""
    old = time.time() - 2 * 86400
    os.utime(default_storage.path(file.key), (old, old))


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    """Sweeping would delete the files of tests that run beside these."""
    settings.PRIVATE_ROOT = str(tmp_path)
    settings.STORAGES = dict(settings.STORAGES)  # the storage is made anew, for the new folder


@pytest.fixture(params=["disk", "memory"])
def storage(request: pytest.FixtureRequest, settings: Any) -> str:
    """Our own storage, and one without local paths, like storages on other hosts."""
    if request.param == "memory":
        settings.STORAGES = {
            **settings.STORAGES,
            "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        }
    return request.param


@pytest.mark.usefixtures("storage")
def test_a_file_is_read_as_it_was_stored_and_as_a_local_copy() -> None:
    file = keep(b"content")
    with files.open_file(file) as opened:
        assert opened.read() == b"content"
    with files.local_copy(file) as path:
        assert path.read_bytes() == b"content"
    assert not path.exists(), "the copy is gone after the block"
    files.discard(file)


@pytest.mark.usefixtures("storage")
def test_new_files_without_a_row_are_kept_on_every_storage() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        stray = keep(b"stray")
        raise ZeroDivisionError
    assert sweeps.sweep_strays() == 0, "its transaction might still be open"
    assert sweeps.sweep_strays(older_than=timedelta(0)) >= 1
    assert not default_storage.exists(stray.key)


def test_only_the_file_of_a_failed_transaction_is_swept() -> None:
    kept, fresh = keep(b"kept"), []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        stray, young = keep(b"stray"), keep(b"young")
        fresh += [stray, young]
        raise ZeroDivisionError
    stray, young = fresh
    assert not StoredFile.objects.filter(key=stray.key).exists()
    age(stray)
    age(kept)
    assert sweeps.sweep_strays() == 1
    assert not default_storage.exists(stray.key)
    assert default_storage.exists(kept.key), "a file with a row stays, however old"
    assert default_storage.exists(young.key), "what may still be committed stays"
    default_storage.delete(young.key)
    default_storage.delete(kept.key)
