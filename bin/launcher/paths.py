"""Folders of an installation, and the account its services run under."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Databases, files, logs and secrets of an installation. A second installation from the same
# checkout needs another folder, named by STATE_DIR.
VAR = Path(os.environ.get("STATE_DIR") or ROOT / "var").resolve()


SERVICE_ACCOUNT = "graduate-destinations"


@dataclass(frozen=True)
class Account:
    """A system account that services run under."""

    uid: int
    gid: int


def service_account() -> Account | None:
    """If this process runs as root, the account that bin/setup.sh makes for the services, because
    PostgreSQL refuses to run as root, and other programs that run as `nobody` could stop ours and
    read their memory. Where that account could not be made it is `nobody` all the same. Otherwise
    None: services run under the present account."""
    if os.geteuid() != 0:
        return None
    for name in (SERVICE_ACCOUNT, "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise SystemExit("there is no account for the services: not even nobody")


def popen_as(account: Account | None) -> dict:
    """Arguments of `subprocess.Popen` that start a child under `account`."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def reachable_by_all(path: Path) -> bool:
    """True when every folder down to `path` may be entered by any account."""
    path = path.resolve()
    return all(p.stat().st_mode & 0o001 for p in [path, *path.parents] if p.exists())


def state_dir() -> Path:
    """The folder for databases and private files: var/, or one in /var/tmp if the service account
    cannot enter the checkout."""
    VAR.mkdir(parents=True, exist_ok=True)
    if service_account() is None or reachable_by_all(VAR):
        return VAR
    # Written down, so that the data are found again when var/ was moved to another place.
    note = VAR / "data-folder"
    if note.exists():
        outside = Path(note.read_text().strip())
    else:
        named = ROOT if VAR == ROOT / "var" else VAR
        key = hashlib.sha256(str(named).encode()).hexdigest()[:12]
        outside = Path("/var/tmp") / f"graduate-destinations-{key}"
        note.write_text(f"{outside}\n")
    outside.mkdir(mode=0o711, exist_ok=True)
    if outside.stat().st_uid != os.geteuid():
        raise SystemExit(f"{outside} belongs to somebody else")
    return outside


def make_folder(path: Path, account: Account | None, mode: int = 0o700) -> Path:
    """Make the folder `path` and give it to the service account."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    if account is not None and path.stat().st_uid != account.uid:
        # With all it holds: the services once ran under another account.
        for inside in [*path.rglob("*"), path]:
            os.chown(inside, account.uid, account.gid, follow_symlinks=False)
    return path


def package_dir(name: str) -> Path:
    """The folder of an installed package."""
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"package {name} is not installed")
    return Path(spec.origin).parent


def reachable_copy(source: Path, extra: list[Path], name: str) -> Path:
    """`source` itself, or a copy in /var/tmp that the service account can enter. The folders `extra`
    are copied beside it."""
    if service_account() is None or reachable_by_all(source):
        return source
    version = hashlib.sha256(f"{source}{source.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    base = Path("/var/tmp") / f"graduate-destinations-{name}-{version}"
    target = base / source.name
    if not (base / ".complete").exists():
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir(mode=0o755)
        shutil.copytree(source, target)
        for other in extra:
            shutil.copytree(other, base / other.name)
        (base / ".complete").touch()
    return target
