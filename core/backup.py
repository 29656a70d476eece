"""Backups: the database and all private files, encrypted for a key that is kept elsewhere.

A backup folder holds

    files/<key of the file>.age      every private file once, shared by all backups
    20270630T020000/database.age     pg_dump's custom format
    20270630T020000/manifest.age     JSON lines: what belongs to it, with sizes and SHA-256
    20270630T020000/keys.txt         the keys of its files, so that old backups can be deleted

The dump and the list of files come from one snapshot of the database. Private files are never
changed, and none is deleted while a backup runs (`core.files.discard`), so the two fit each other. The
format of encryption is age: https://age-encryption.org/v1; every tool that knows it opens them.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import pyrage
from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, default_storage, storages
from django.db import connection, transaction
from django.utils import timezone

from core.files import BACKUP_LOCK
from core.models import StoredFile

_VERSION = 1


class BackupFailed(Exception):
    """The backup was not made, cannot be read or cannot be restored; the text says why."""


@dataclass
class Made:
    """One backup: its folder, how many files belong to it and how many of them are new, and keys of
    files that are missing or that were changed since they were stored."""

    folder: Path
    files: int = 0
    new: int = 0
    faulty: list[str] = field(default_factory=list)


# --- making --------------------------------------------------------------------------------------


@contextmanager
def _announced() -> Iterator[None]:
    """Let other processes know that a backup is running. Raises `BackupFailed` if one is already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [BACKUP_LOCK])
        if not cursor.fetchone()[0]:
            raise BackupFailed("另一次备份正在进行，或正在清理文件；请稍后再试。")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [BACKUP_LOCK])


def make(folder: Path, recipients: list[str]) -> Made:
    """Make a backup in `folder` that the keys of `recipients` (age1…) open.

    A backup whose folder has a manifest is complete. Raises `BackupFailed`.
    """
    keys = _public_keys(recipients)
    made = Made(folder / f"{timezone.localtime():%Y%m%dT%H%M%S}")
    (folder / "files").mkdir(parents=True, exist_ok=True)
    made.folder.mkdir()
    # A failed transaction would release a lock of the transaction, so this is one of the session.
    with _announced(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        database = _dump(snapshot, made.folder / "database.age", keys)
        rows = list(StoredFile.objects.order_by("key").values_list("key", "sha256", "size"))
        _copy_files(folder / "files", rows, keys, made)
    head = {"version": _VERSION, "made_at": timezone.now().isoformat(), "database": database}
    _write_manifest(made.folder, head, rows, keys)
    return made


def _public_keys(recipients: list[str]) -> list[pyrage.x25519.Recipient]:
    if not recipients:
        raise BackupFailed("没有指定备份的公钥：设置BACKUP_RECIPIENTS，或加--recipient。")
    try:
        return [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as problem:
        raise BackupFailed("备份的公钥不正确：以age1开头，由backup_key生成。") from problem


def _dump(snapshot: str, target: Path, keys: list[pyrage.x25519.Recipient]) -> dict[str, Any]:
    argv = [program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges"]
    process = subprocess.Popen(
        [*argv, f"--snapshot={snapshot}"], stdout=subprocess.PIPE, env=_connection_environment()
    )
    reader = _Measured(cast(IO[bytes], process.stdout))
    with target.open("xb") as out:
        pyrage.encrypt_io(reader, out, keys)
        _flush(out)
    if process.wait():
        raise BackupFailed(f"pg_dump没有完成（{process.returncode}）。")
    return {"sha256": reader.sha256, "size": reader.size}


def _copy_files(
    target: Path,
    rows: list[tuple[str, str, int]],
    keys: list[pyrage.x25519.Recipient],
    made: Made,
) -> None:
    """Encrypt every file that no earlier backup holds."""
    made.files = len(rows)
    for key, sha256, _ in rows:
        path = target / f"{key}.age"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with default_storage.open(key) as source:
                found = _encrypt(source, path, keys)
        except FileNotFoundError:
            made.faulty.append(key)
            continue
        made.new += 1
        if found != sha256:
            made.faulty.append(key)


def _encrypt(source: Any, path: Path, keys: list[pyrage.x25519.Recipient]) -> str:
    """Write `source` to `path` in one step; returns the SHA-256 of its content."""
    reader = _Measured(source)
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as out:
        pyrage.encrypt_io(reader, out, keys)
        _flush(out)
    unfinished.rename(path)
    return reader.sha256


def _write_manifest(
    folder: Path,
    head: dict[str, Any],
    rows: list[tuple[str, str, int]],
    keys: list[pyrage.x25519.Recipient],
) -> None:
    (folder / "keys.txt").write_text("".join(f"{key}\n" for key, _, _ in rows))
    lines = [head, *({"key": key, "sha256": sha, "size": size} for key, sha, size in rows)]
    lines += [{"anchor": name, "text": text} for name, text in _anchors()]
    lines += [{"also": path.name, "hex": path.read_bytes().hex()} for path in _further_files()]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    _encrypt(io.BytesIO(text.encode()), folder / "manifest.age", keys)


def _anchors() -> Iterator[tuple[str, str]]:
    folder = storages["anchors"]
    for name in _names(folder):
        with folder.open(name) as file:
            yield name, file.read().hex()


def _names(folder: Storage) -> list[str]:
    try:
        return sorted(folder.listdir("")[1])
    except FileNotFoundError:
        return []


def _further_files() -> list[Path]:
    """Files of the installation that are no rows: the signing key, the secrets."""
    return [path for path in map(Path, settings.BACKUP_ALSO) if path.is_file()]


def delete_old(folder: Path, keep: int) -> int:
    """Delete all but the newest `keep` complete backups, and the files that only they had. Returns
    how many backups were deleted."""
    backups = complete_backups(folder)
    old = backups[:-keep]
    for one in old:
        shutil.rmtree(one)
    if old:
        wanted = {key for one in complete_backups(folder) for key in _lines(one / "keys.txt")}
        for path in (folder / "files").rglob("*.age"):
            if str(path.relative_to(folder / "files").with_suffix("")) not in wanted:
                path.unlink()
    return len(old)


def complete_backups(folder: Path) -> list[Path]:
    """The folders of complete backups, oldest first."""
    return sorted(path.parent for path in folder.glob("*/manifest.age"))


# --- reading and restoring -----------------------------------------------------------------------


@dataclass
class Manifest:
    """What belongs to a backup. `files` are (key, SHA-256, size)."""

    folder: Path
    head: dict[str, Any]
    files: list[tuple[str, str, int]]
    anchors: dict[str, bytes]
    further: dict[str, bytes]


def read_manifest(folder: Path, name: str, identity: Path) -> Manifest:
    """The manifest of backup `name`, or of the newest one in `folder`. Raises `BackupFailed`."""
    backups = complete_backups(folder)
    chosen = [one for one in backups if name in {"", one.name}]
    if not chosen:
        raise BackupFailed("没有这个备份，或备份不完整。")
    text = io.BytesIO()
    _decrypt(chosen[-1] / "manifest.age", text, _private_key(identity))
    head, *lines = map(json.loads, text.getvalue().splitlines())
    if head.get("version") != _VERSION:
        raise BackupFailed("备份由更新的版本生成，请用同样的版本恢复。")
    return Manifest(
        chosen[-1],
        head,
        [(line["key"], line["sha256"], line["size"]) for line in lines if "key" in line],
        {line["anchor"]: bytes.fromhex(line["text"]) for line in lines if "anchor" in line},
        {line["also"]: bytes.fromhex(line["hex"]) for line in lines if "also" in line},
    )


def verify(manifest: Manifest, identity: Path) -> list[str]:
    """Decrypt everything that belongs to a backup; returns what is missing or changed."""
    key = _private_key(identity)
    faulty = []
    parts = [(manifest.folder / "database.age", manifest.head["database"]["sha256"], "database")]
    files = manifest.folder.parent / "files"
    parts += [(files / f"{name}.age", sha256, name) for name, sha256, _ in manifest.files]
    for path, sha256, name in parts:
        writer = _Measured(io.BytesIO(), keep=False)
        try:
            _decrypt(path, writer, key)
        except BackupFailed:
            faulty.append(name)
        else:
            if writer.sha256 != sha256:
                faulty.append(name)
    return faulty


def restore(manifest: Manifest, identity: Path, further_into: Path | None = None) -> None:
    """Restore into an empty database, as its owner, and into the private files' storage.

    `further_into` gets the signing key and other files that stood outside of the storage. The
    database is filled in one transaction; a restore that was killed can be started again. Raises
    `BackupFailed`, also if the database has tables.
    """
    key = _private_key(identity)
    _demand_empty()
    with tempfile.NamedTemporaryFile(dir=settings.PRIVATE_ROOT, prefix="restore-") as dump:
        writer = _Measured(dump)
        _decrypt(manifest.folder / "database.age", writer, key)
        dump.flush()
        if writer.sha256 != manifest.head["database"]["sha256"]:
            raise BackupFailed("备份的数据库文件已损坏。")
        # Files first: a database that is filled already refers to files that are there.
        _restore_files(manifest, key)
        argv = [program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error"]
        done = subprocess.run(
            [*argv, "--single-transaction", f"--dbname={_database()['NAME']}", dump.name],
            env=_connection_environment(),
        )
    if done.returncode:
        raise BackupFailed(f"pg_restore没有完成（{done.returncode}）。")
    if further_into is not None:
        further_into.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in manifest.further.items():
            path = further_into / name
            path.touch(mode=0o600)
            path.write_bytes(content)


def _demand_empty() -> None:
    if connection.introspection.table_names():
        raise BackupFailed("只能恢复到空的数据库：请新建数据库，或用另一个STATE_DIR。")


def _restore_files(manifest: Manifest, key: pyrage.x25519.Identity) -> None:
    source = manifest.folder.parent / "files"
    for name, sha256, _ in manifest.files:
        with tempfile.SpooledTemporaryFile(max_size=8 * 1024 * 1024) as content:
            writer = _Measured(content)
            _decrypt(source / f"{name}.age", writer, key)
            if writer.sha256 != sha256:
                raise BackupFailed(f"备份中的文件{name}已损坏。")
            content.seek(0)
            default_storage.delete(name)  # from a restore that was killed
            default_storage.save(name, File(content))  # type: ignore[arg-type]
    anchors = storages["anchors"]
    for name, data in manifest.anchors.items():
        anchors.delete(name)
        anchors.save(name, File(io.BytesIO(data)))


# --- keys, programs and streams ------------------------------------------------------------------


def make_key(path: Path) -> str:
    """Write a new private key to `path`, for its owner alone; returns the public one (age1…)."""
    identity = pyrage.x25519.Identity.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def _private_key(path: Path) -> pyrage.x25519.Identity:
    try:
        lines = [line for line in _lines(path) if line and not line.startswith("#")]
        return pyrage.x25519.Identity.from_str(lines[0])
    except (OSError, UnicodeDecodeError, IndexError, pyrage.IdentityError) as problem:
        raise BackupFailed("备份的私钥文件无法读取。") from problem


def _decrypt(path: Path, writer: Any, key: pyrage.x25519.Identity) -> None:
    try:
        with path.open("rb") as source:
            pyrage.decrypt_io(source, writer, [key])
    except (OSError, pyrage.DecryptError) as problem:
        raise BackupFailed(f"备份中的{path.name}无法用这把私钥打开，或已损坏。") from problem


def program(name: str) -> str:
    """The path of a program of PostgreSQL, in PG_BIN or among the system's."""
    found = shutil.which(name, path=settings.PG_BIN or None)
    if found is None:
        raise BackupFailed(f"没有找到{name}：把PostgreSQL 18程序所在的文件夹写入PG_BIN。")
    return found


def _database() -> dict[str, Any]:
    return connection.settings_dict


def _connection_environment() -> dict[str, str]:
    """The environment in which PostgreSQL's programs find the database. A password on the command
    line could be read by every user of the machine."""
    found = _database()
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD",
             "PGDATABASE": "NAME"}  # fmt: skip
    return {**os.environ, **{name: str(found[key]) for name, key in names.items() if found[key]}}


def _flush(out: IO[bytes]) -> None:
    out.flush()
    os.fsync(out.fileno())


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


class _Measured:
    """A stream that counts and hashes what is read from it or written to it."""

    def __init__(self, stream: Any, *, keep: bool = True) -> None:
        self._stream, self._keep = stream, keep
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._count(data)
        return data

    def write(self, data: bytes) -> int:
        self._count(data)
        return self._stream.write(data) if self._keep else len(data)

    def flush(self) -> None:
        if self._keep:
            self._stream.flush()

    def _count(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
