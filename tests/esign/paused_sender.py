"""A worker that sends a workbook of invitations and pauses in the transaction of its second row, so
that a test can kill it there. argv: the id of the import."""

from __future__ import annotations

import sys
import time
from typing import Any

import django

django.setup()

from esign.actions import imports, invite  # noqa: E402

_send = invite.send
_sent: list[Any] = []


def send(**values: Any) -> Any:
    _sent.append(_send(**values))
    if len(_sent) == 2:  # written, not yet committed
        sys.stdout.write("paused\n")
        sys.stdout.flush()
        time.sleep(60)
    return _sent[-1]


invite.send = send
imports.apply(int(sys.argv[1]))
