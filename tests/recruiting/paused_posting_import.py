"""A worker that imports a workbook of postings and pauses in the transaction of its second row, so that
a test can kill it there. argv: the id of the import."""

from __future__ import annotations

import sys
import time
from typing import Any

import django

django.setup()

from recruiting.actions import posting_imports, postings  # noqa: E402

_save = postings.save_draft
_saved: list[Any] = []


def save_draft(**values: Any) -> Any:
    _saved.append(_save(**values))
    if len(_saved) == 2:  # written, not yet committed
        sys.stdout.write("paused\n")
        sys.stdout.flush()
        time.sleep(60)
    return _saved[-1]


postings.save_draft = save_draft
posting_imports.apply(int(sys.argv[1]))
