"""Programs that run in a process with limits."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

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
