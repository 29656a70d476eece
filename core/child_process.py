"""Runs one of the project's programs in a process with limits on memory and time.

Files from outside are parsed there: whatever a hostile one does to the parser, it does in a process
without secrets, without a database connection and with little memory.

Starting an interpreter and importing a parser takes longer than most files need. So each worker
starts one server, which imports the parsers once, and which forks a process for every file. This file
is started as the server, with argv: the number of the socket of requests, and the modules to import.
The server ends when the worker has ended.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import IO

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_LONGEST_REQUEST = 65536
_CHUNK = 1 << 20


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
    stdout: IO[bytes] | None = None,
    preload: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run `program` with `content` as its standard input, without the environment of this process.

    What it prints goes to the file `stdout`, else into the answer's `stdout`. `preload` names the
    modules that its server imports before the first file; programs with the same `preload` share a
    server. Raises `subprocess.TimeoutExpired`. A program that exceeds another limit ends with an
    error: the return code is negative (the number of the signal) or positive.
    """
    request = {
        "program": str(program),
        "arguments": arguments,
        "limits": dataclasses.asdict(limits),
    }
    with contextlib.ExitStack() as opened:
        given = os.memfd_create("content")
        opened.callback(os.close, given)
        with os.fdopen(os.dup(given), "wb") as file:
            file.write(content)
        os.lseek(given, 0, os.SEEK_SET)
        mine, theirs = socket.socketpair()
        opened.enter_context(mine)
        output = None
        with theirs:
            if stdout is not None:
                _send(preload, request, [given, stdout.fileno(), theirs.fileno()])
            else:
                output, their_output = os.pipe()
                opened.callback(os.close, output)
                try:
                    _send(preload, request, [given, their_output, theirs.fileno()])
                finally:
                    os.close(their_output)
        return _wait(str(program), mine, output, limits.seconds)


def _wait(
    program: str, answer: socket.socket, output: int | None, seconds: int
) -> subprocess.CompletedProcess[bytes]:
    """Read what the process prints until it has ended. If it takes too long, closing `answer` makes
    the server kill it."""
    end, printed, code = time.monotonic() + seconds, [], 1
    waiting = selectors.DefaultSelector()
    with waiting:
        waiting.register(answer, selectors.EVENT_READ)
        if output is not None:
            waiting.register(output, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(end - time.monotonic(), 0))
            if not ready:
                raise subprocess.TimeoutExpired(program, seconds)
            for key, _ in ready:
                if key.fileobj is answer:
                    code = int(answer.recv(100) or b"1")
                elif read := os.read(key.fd, _CHUNK):
                    printed.append(read)
                    continue
                waiting.unregister(key.fileobj)
    return subprocess.CompletedProcess(program, code, b"".join(printed))


@dataclass
class _Server:
    """A server of this process. `requests` is the socket that it reads."""

    process: subprocess.Popen[bytes]
    requests: socket.socket


# By the process that started it, because a process that was forked needs one of its own.
_servers: dict[tuple[int, tuple[str, ...]], _Server] = {}


def _send(preload: tuple[str, ...], request: Mapping[str, object], files: list[int]) -> None:
    """Send one request with its open files: input, output, and the socket for the return code."""
    message = json.dumps(request).encode()
    key = os.getpid(), preload
    if key in _servers:
        try:
            socket.send_fds(_servers[key].requests, [message], files)
            return
        except OSError:  # the server was killed
            _stop(_servers.pop(key))
    _servers[key] = _start(preload)
    socket.send_fds(_servers[key].requests, [message], files)


def _start(preload: tuple[str, ...]) -> _Server:
    # One message is one request, so that several threads may send without a lock.
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", __file__, str(theirs.fileno()), *preload],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return _Server(process, mine)


def _stop(server: _Server) -> None:
    server.requests.close()
    server.process.kill()
    server.process.wait()


# --- in the server -------------------------------------------------------------------------------


@dataclass
class _Child:
    """A forked process: its number, the descriptor that tells of its end, and the socket for the
    return code, which is closed by a worker that waits no longer."""

    number: int
    ended: int
    answer: socket.socket


class _Loop:
    def __init__(self, requests: socket.socket) -> None:
        self.requests = requests
        self.selector = selectors.DefaultSelector()
        self.selector.register(requests, selectors.EVENT_READ, None)
        self.programs: dict[str, CodeType] = {}

    def run(self) -> None:
        """Take requests until the worker has closed its end."""
        while True:
            for key, _ in self.selector.select():
                child: _Child | None = key.data
                if child is None:
                    if not self.take_request():
                        return
                elif key.fileobj == child.ended:
                    self.finish(child)
                elif child.answer.fileno() != -1:
                    os.kill(child.number, signal.SIGKILL)
                    self.selector.unregister(child.answer)

    def take_request(self) -> bool:
        message, files, _, _ = socket.recv_fds(self.requests, _LONGEST_REQUEST, 3)
        if not message:
            return False
        request = json.loads(message)
        program = request["program"]
        if program not in self.programs:
            self.programs[program] = compile(Path(program).read_bytes(), program, "exec")
        number = os.fork()
        if number == 0:
            _run_program(self.programs[program], request, files)
        os.close(files[0])
        os.close(files[1])
        child = _Child(number, os.pidfd_open(number), socket.socket(fileno=files[2]))
        self.selector.register(child.ended, selectors.EVENT_READ, child)
        self.selector.register(child.answer, selectors.EVENT_READ, child)
        return True

    def finish(self, child: _Child) -> None:
        _, status = os.waitpid(child.number, 0)
        self.selector.unregister(child.ended)
        os.close(child.ended)
        with contextlib.suppress(KeyError):  # its worker waits no longer
            self.selector.unregister(child.answer)
        with contextlib.suppress(OSError):
            child.answer.send(str(os.waitstatus_to_exitcode(status)).encode())
        child.answer.close()


def _run_program(code: CodeType, request: dict, files: list[int]) -> None:
    """Become the program: in the forked process, which never returns from here."""
    ending = 1
    try:
        os.dup2(files[0], 0)
        os.dup2(files[1], 1)
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        limits = Limits(**request["limits"])
        for kind, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_AS, limits.memory),
            (resource.RLIMIT_CPU, limits.cpu_seconds),
            (resource.RLIMIT_NOFILE, limits.open_files),
            (resource.RLIMIT_FSIZE, limits.file_bytes),
        ):
            resource.setrlimit(kind, (most, most))
        program = request["program"]
        # Started with -I, the interpreter does not look for modules beside the program.
        sys.path.append(str(Path(program).parent))
        sys.argv = [program, *request["arguments"]]
        exec(code, {"__name__": "__main__", "__file__": program, "__builtins__": __builtins__})  # noqa: S102
        sys.stdout.flush()
        ending = 0
    except SystemExit as said:
        ending = said.code if isinstance(said.code, int) else 1
    finally:
        os._exit(ending)


def main() -> None:
    for module in sys.argv[2:]:
        __import__(module)
    _Loop(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
