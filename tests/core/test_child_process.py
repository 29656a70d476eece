"""Programs that run in a process with limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from core import child_process
from core.child_process import Limits

_LIMITS = Limits(memory=256 * 1024**2, cpu_seconds=2, seconds=10)


def run(tmp_path: Path, text: str, *arguments: str, limits: Limits = _LIMITS, content: bytes = b""):
    program = tmp_path / "program.py"
    program.write_text(text)
    return child_process.run(program, list(arguments), limits=limits, content=content)


def test_a_program_gets_its_arguments_and_input_and_answers(tmp_path: Path) -> None:
    text = "import sys; print(sys.argv[1:], sys.stdin.read(), __name__)"
    done = run(tmp_path, text, "a", "b", content=b"in")
    assert done.returncode == 0
    assert done.stdout == b"['a', 'b'] in __main__\n"


def test_a_program_may_import_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("word = 'found'")
    assert run(tmp_path, "import beside; print(beside.word)").stdout == b"found\n"


def test_a_program_sees_no_secrets_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "secret")
    done = run(tmp_path, "import json, os; print(json.dumps(dict(os.environ)))")
    assert "SECRET_KEY" in os.environ
    assert set(json.loads(done.stdout)) <= {"PATH", "LC_ALL", "LC_CTYPE"}


@pytest.mark.parametrize(
    "text",
    [
        "bytes(400 * 1024**2)",
        "while True: pass",
        "open(__file__ + '.out', 'wb', buffering=0).write(b'x')",
        "files = [open(__file__) for _ in range(100)]",
    ],
    ids=["memory", "time", "file", "files"],
)
def test_a_program_that_exceeds_a_limit_ends_with_an_error(tmp_path: Path, text: str) -> None:
    assert run(tmp_path, f"{text}\nprint('done')").returncode != 0


def test_a_program_that_waits_too_long_is_killed(tmp_path: Path) -> None:
    limits = Limits(memory=256 * 1024**2, cpu_seconds=2, seconds=1)
    with pytest.raises(subprocess.TimeoutExpired):
        run(tmp_path, "import time; time.sleep(60)", limits=limits)


def test_modules_are_imported_before_the_first_file(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys; print('colorsys' in sys.modules)")
    for modules, answer in (((), b"False\n"), (("colorsys",), b"True\n")):
        done = child_process.run(program, [], limits=_LIMITS, preload=modules)
        assert done.stdout == answer


def test_what_one_program_changes_is_not_seen_by_the_next(tmp_path: Path) -> None:
    text = "import sys; print(hasattr(sys, 'mark')); sys.mark = 1"
    assert [run(tmp_path, text).stdout for _ in range(2)] == [b"False\n"] * 2


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    assert run(tmp_path, "print(1)").stdout == b"1\n"
    (server,) = [
        s for (pid, modules), s in child_process._servers.items()
        if pid == os.getpid() and not modules
    ]  # fmt: skip
    server.process.kill()
    server.process.wait()
    assert run(tmp_path, "print(1)").stdout == b"1\n"


def test_a_program_that_hangs_does_not_keep_others_waiting(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow.py", tmp_path / "quick.py"
    slow.write_text("import time; time.sleep(1); print('slow')")
    quick.write_text("print('quick')")
    finished: list[bytes] = []

    def start(program: Path) -> None:
        finished.append(child_process.run(program, [], limits=_LIMITS).stdout)

    with ThreadPoolExecutor(9) as threads:
        threads.submit(start, slow)
        for _ in range(8):
            threads.submit(start, quick)
    assert finished == [b"quick\n"] * 8 + [b"slow\n"]


def test_a_server_ends_with_its_worker(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os; print(os.getppid())")
    worker = (
        "import sys; from pathlib import Path; from core import child_process as c\n"
        "done = c.run(Path(sys.argv[1]), [], limits=c.Limits(2**28, 2, 10))\n"
        "print(done.stdout.decode(), end='')"
    )
    printed = subprocess.run(
        [sys.executable, "-c", worker, str(program)],
        cwd=settings.BASE_DIR, capture_output=True, check=True,
    )  # fmt: skip
    server = Path(f"/proc/{int(printed.stdout)}")
    deadline = time.monotonic() + 5
    while server.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not server.exists()
