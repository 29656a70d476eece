"""Deleting photos and attachments of résumés as soon as nothing refers to them any more."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models.deletion import ProtectedError

from core import files
from core.models import StoredFile


def release(dropped: Collection[StoredFile]) -> None:
    """Delete the files that neither a store of résumés nor an application refers to any more.

    Files that something refers to at this moment stay; the nightly sweep of `core.files.sweeps` deletes
    those that lose their last reference at the same time elsewhere.
    """
    for file in dropped:
        try:
            with transaction.atomic():
                files.discard(file)
        except ProtectedError:
            continue
