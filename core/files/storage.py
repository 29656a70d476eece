"""The storage of private files on one machine. `STORAGES["default"]` may name another one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage


class PrivateStorage(FileSystemStorage):
    """Files in PRIVATE_ROOT that have no address: nothing is ever served from the folder itself."""

    def __init__(self) -> None:
        super().__init__(location=settings.PRIVATE_ROOT, file_permissions_mode=0o600)

    def _save(self, name: str, content: File) -> str:
        """Save a file. If root saves it on the command line, it is given to the account that owns
        the folder, so that the web can read it."""
        try:
            saved: str = super()._save(name, content)  # type: ignore[misc]  # a documented hook
        except OSError:
            # The disk is full, say. Names are random, so what is there under this one is a part of
            # this file.
            with contextlib.suppress(OSError):
                os.unlink(self.path(name))
            raise
        if os.geteuid() == 0:
            owner = os.stat(self.location)
            path = Path(self.path(saved))
            for new in (path, *path.parents):
                if new == Path(self.location):
                    break
                os.chown(new, owner.st_uid, owner.st_gid)
        return saved

    def url(self, name: str | None) -> str:
        raise ValueError("private files have no address")
