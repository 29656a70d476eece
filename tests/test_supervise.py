"""Services of bin/run that die, or whose port is taken while they start."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

sys.path.insert(0, str(settings.BASE_DIR / "bin"))
from launcher import children, paths, supervise
from launcher.children import Service
from launcher.postgres import new_password
from launcher.supervise import MANY, Supervisor
from launcher.valkey import Valkey


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the services' account may enter."""
    with tempfile.TemporaryDirectory(prefix="platform-supervise-", dir="/tmp") as made:
        Path(made).chmod(0o711)
        yield Path(made)


def look_until(supervisor: Supervisor, done: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, supervisor.log.read_text()
        supervisor.look()
        time.sleep(0.02)


def test_a_service_that_keeps_dying_is_said_to_be_so_and_comes_back_when_it_can(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervise, "PAUSES", (0, 0.01))
    cure = folder / "cure"
    script = f'[ -e "{cure}" ] && exec sleep 60; echo "no such cure" >&2; exit 3'
    ill = Service("ill", ["sh", "-c", script], folder / "ill.log")
    well = Service("well", ["sleep", "60"], folder / "well.log")
    supervisor = Supervisor([ill, well], log=folder / "run.log")
    try:
        ill.start()
        well_number = well.start().pid
        look_until(supervisor, lambda: supervisor.watched[0].deaths > MANY + 2)
        said = (folder / "run.log").read_text()
        assert said.count("ill CANNOT BE STARTED") == 1
        assert "no such cure" in said
        assert said in capsys.readouterr().err
        cure.touch()
        look_until(supervisor, lambda: ill.ended() is None and supervisor.watched[0].due is None)
        time.sleep(0.2)
        assert ill.ended() is None
        assert well.process is not None
        assert (well.process.pid, well.ended()) == (well_number, None)
    finally:
        ill.stop()
        well.stop()
    assert (folder / "run.log").stat().st_mode & 0o077 == 0


def test_what_a_dead_service_left_behind_is_killed(folder: Path) -> None:
    """As the workers of a web server whose main process was killed."""
    service = Service("web", ["sh", "-c", "sleep 60 & echo $!; wait"], folder / "web.log")
    service.start()
    while not (number := (folder / "web.log").read_text().strip()):
        time.sleep(0.02)
    assert service.process is not None
    os.kill(service.process.pid, 9)
    while service.ended() is None:
        time.sleep(0.02)
    for _ in range(250):
        stat = Path(f"/proc/{number}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    raise AssertionError(f"{number} is still running")


def test_a_port_that_is_taken_while_the_server_starts_is_exchanged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        find, first = children.free_port, [taken]  # free when it was looked for
        monkeypatch.setattr(children, "free_port", lambda p=0: first.pop() if first else find(p))
        valkey = Valkey(folder / "valkey", folder / "valkey.log", new_password(), durable=False)
        try:
            valkey.start()
            assert valkey.port not in (0, taken)
        finally:
            valkey.stop()


def test_the_port_of_the_web_is_nobody_elses_while_it_is_away() -> None:
    with children.listening_socket(0) as kept:
        port = kept.getsockname()[1]
        assert children.free_port(port) != port
        with children.listening_socket(port) as other:
            assert other.getsockname()[1] != port


def test_data_outside_of_a_moved_folder_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data lie in /var/tmp where the services' account cannot enter var/."""
    before, after = tmp_path / "a" / "var", tmp_path / "b" / "var"
    monkeypatch.setattr(paths, "reachable_by_all", lambda _: False)
    monkeypatch.setattr(paths, "service_account", lambda: paths.Account(os.getuid(), os.getgid()))
    monkeypatch.setattr(paths, "VAR", before)
    data = paths.state_dir()
    try:
        assert data.parent == Path("/var/tmp")
        after.parent.mkdir()
        before.rename(after)
        monkeypatch.setattr(paths, "VAR", after)
        assert paths.state_dir() == data
    finally:
        data.rmdir()
