"""Where private files lie on one machine. `STORAGES["default"]` may name another Django storage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage


class PrivateStorage(FileSystemStorage):
    """Files in PRIVATE_ROOT that have no address: nothing is ever served from the folder itself."""

    def __init__(self) -> None:
        super().__init__(location=settings.PRIVATE_ROOT, file_permissions_mode=0o600)

    def _save(self, name: str, content: Any) -> str:
        """Save a file. A file that root's command line writes still belongs to the account that
        serves it."""
        saved: str = super()._save(name, content)  # type: ignore[misc]  # a documented hook
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
