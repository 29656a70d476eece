"""A worker process that stops itself with SIGSTOP at a named place, as a machine that hangs does.

It reads one job a line from its standard input, as JSON: {"call": function, "args": […], "stop":
function}. It runs `call`, is stopped right before `stop` is first called, and goes on after SIGCONT.
It prints the name of the exception that ended the job, or "ended".
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from typing import Any

import django

django.setup()

from django.db import connections  # noqa: E402

from national_sync.actions import upload  # noqa: E402
from national_sync.connection import open_transport  # noqa: E402
from national_sync.mapping import Mapped  # noqa: E402


def run_upload() -> None:
    with open_transport() as transport:
        upload.run(transport, Mapped.load(simulated=True), seconds=20)


def place(path: str) -> tuple[Any, str]:
    owner, _, name = path.rpartition(".")
    return import_module(owner), name


def work(job: dict[str, Any]) -> str:
    owner, name = place(job["stop"])
    original = getattr(owner, name)

    def stopped(*args: Any, **values: Any) -> Any:
        setattr(owner, name, original)
        os.kill(os.getpid(), signal.SIGSTOP)
        return original(*args, **values)

    setattr(owner, name, stopped)
    caller, function = place(job["call"])
    try:
        getattr(caller, function)(*job["args"])
    except Exception as error:
        return type(error).__name__
    finally:
        setattr(owner, name, original)
        connections.close_all()
    return "ended"


if __name__ == "__main__":
    sys.modules["tests.national_sync.zombie_worker"] = sys.modules["__main__"]
    for line in sys.stdin:
        sys.stdout.write(f"{work(json.loads(line))}\n")
        sys.stdout.flush()
