"""Private files that nothing refers to any more."""

from __future__ import annotations

import os
import time

import pytest
from django.db import transaction

from core import files
from core.models import StoredFile

pytestmark = pytest.mark.django_db


def keep(content: bytes) -> StoredFile:
    return files.store(content, name="a.txt", content_type="text/plain", purpose="test")


def age(file: StoredFile) -> None:
    old = time.time() - 2 * 86400
    os.utime(files.path_of(file), (old, old))


def test_a_stray_of_a_failed_transaction_is_swept_and_nothing_else() -> None:
    kept, fresh = keep(b"kept"), []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        stray, young = keep(b"stray"), keep(b"young")
        fresh += [stray, young]
        raise ZeroDivisionError
    stray, young = fresh
    assert not StoredFile.objects.filter(key=stray.key).exists()
    age(stray)
    age(kept)
    assert files.sweep_strays() == 1
    assert not files.path_of(stray).exists()
    assert files.path_of(kept).exists(), "a file with a row stays, however old"
    assert files.path_of(young).exists(), "what may still be committed stays"
    files.path_of(young).unlink()
    files.path_of(kept).unlink()
