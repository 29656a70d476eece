"""Runs one of the project's programs in a process with limits on memory and time.

Files from outside are parsed there: whatever a hostile one does to the parser, it does in a process
without secrets, without a database connection and with little memory.

This file is started as a program too, with argv: a JSON object of `Limits`, the path of the program,
and its arguments. It sets the limits and then runs the program in the same process.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Limits:
    """What a process may use at most: bytes of memory, seconds of processor time, seconds until it
    is killed, open files, and bytes in each file that it writes (pipes don't count)."""

    memory: int
    cpu_seconds: int
    seconds: int
    open_files: int = 64
    file_bytes: int = 0


def run(
    program: Path,
    arguments: list[str],
    *,
    limits: Limits,
    content: bytes = b"",
    stdout: int | IO[bytes] = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    """Run `program` with `content` as its standard input, without the environment of this process.

    Raises `subprocess.TimeoutExpired`. A program that exceeds another limit ends with an error.
    """
    setting = json.dumps(dataclasses.asdict(limits))
    return subprocess.run(
        [sys.executable, "-I", __file__, setting, str(program), *arguments],
        input=content,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        timeout=limits.seconds,
        check=False,
    )


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
    ):
        resource.setrlimit(kind, (most, most))
    program = sys.argv[2]
    # Started with -I, the interpreter does not look for modules beside the program.
    sys.path.append(str(Path(program).parent))
    sys.argv = sys.argv[2:]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
