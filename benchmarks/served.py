"""The platform served by gunicorn as bin/run starts it, with 10,000 graduates and two sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import made_up, measure

if TYPE_CHECKING:
    from accounts.models import User

GRADUATES = 10_000


@dataclass
class Served:
    """The port of the web server, and the session keys of two signed-in accounts."""

    port: int
    admin: str
    graduate: str


@contextmanager
def served(*, workers: int, settings: str) -> Iterator[Served]:
    """Serve the platform with `workers` processes inside the block."""
    from launcher import children
    from launcher.run import wait_for_answer
    from launcher.stack import PYTHON

    measure.start_django()
    with measure.owner() as c:
        made_up.fill(c, GRADUATES)
    people = made_up.accounts()
    port = children.free_port()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, "PROCESS_ROLE": "web"}
    argv = [PYTHON, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", str(workers)]
    root = Path(__file__).resolve().parents[1]
    log = Path(os.environ["BENCH_FOLDER"]) / "web.log"
    web = children.Service("web", argv, log, env, cwd=str(root))
    web.start()
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/healthz", web)
        yield Served(port, _session(people.admin), _session(people.graduate))
    finally:
        web.stop()


def _session(user: User) -> str:
    """The key of a new session of `user`."""
    from django.test import Client

    from accounts.signin import BACKEND

    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.cookies["sessionid"].value
