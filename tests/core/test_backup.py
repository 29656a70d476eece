"""Backups: made, verified, and restored into a new database and storage that pass every invariant."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, connections
from psycopg import sql

from core import audit_chain, backup, files
from core.files.sweeps import sweep_strays
from core.models import StoredFile
from tests import factories
from tests.conftest import owner_connection
from tests.factories import World


@dataclass(frozen=True)
class Place:
    """A folder for backups, the file of the private key, and the public key."""

    folder: Path
    identity: Path
    recipient: str

    def make(self, **options: Any) -> str:
        out = StringIO()
        arguments = ["--recipient", self.recipient]
        call_command("backup", str(self.folder), *arguments, stdout=out, **options)
        return out.getvalue()

    def verify(self) -> None:
        call_command(
            "restore", str(self.folder), "--identity", str(self.identity), "--verify",
            stdout=StringIO(),
        )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    out = StringIO()
    call_command("backup_key", str(tmp_path / "key"), stdout=out)
    return Place(tmp_path / "backups", tmp_path / "key", out.getvalue().strip())


@pytest.fixture
def lived(committed_world: World) -> World:
    """A school with graduates, evidence and events in the chain."""
    for _ in range(3):
        graduate = factories.make_graduate(committed_world)
        factories.attach(graduate, committed_world.school_admin)
    audit_chain.extend()
    return committed_world


@pytest.fixture
def empty_database(worker_id: str) -> Iterator[str]:
    """The address of a new database, as its owner."""
    name = f"restored_{worker_id}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name))
    with owner_connection() as c:
        c.execute(drop)
        c.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    yield urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{name}").geturl()
    with owner_connection() as c:
        c.execute(drop)


def run_elsewhere(address: str, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of an installation with another database and other files."""
    root.mkdir(exist_ok=True)
    env = {**os.environ, "DATABASE_URL": address, "PRIVATE_ROOT": str(root)}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR, env=env, capture_output=True, text=True,
    )  # fmt: skip


def counts(address: str) -> dict[str, int]:
    with psycopg.connect(address) as c:
        tables = ("graduates_graduate", "core_storedfile", "core_event", "core_auditlink")
        return {t: c.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}  # type: ignore[index,arg-type]


def test_a_restored_installation_has_every_row_and_file_and_passes_the_invariants(
    lived: World, place: Place, empty_database: str, tmp_path: Path, settings: Any
) -> None:
    also = tmp_path / "signing-key.p12"
    also.write_bytes(b"a key")
    settings.BACKUP_ALSO = [str(also)]
    place.make()
    place.verify()
    content = b"".join(p.read_bytes() for p in place.folder.rglob("*") if p.is_file())
    assert lived.school.name.encode() not in content, "everything is encrypted"
    assert b"a key" not in content
    root = tmp_path / "elsewhere"
    arguments = ["restore", str(place.folder), "--identity", str(place.identity)]
    done = run_elsewhere(
        empty_database, root, *arguments, "--further-into", str(tmp_path / "further")
    )
    assert done.returncode == 0, done.stderr
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])
    here = address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    assert counts(empty_database) == counts(here)
    assert (tmp_path / "further" / "signing-key.p12").read_bytes() == b"a key"
    checked = run_elsewhere(empty_database, root, "check_invariants", "--files")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    again = run_elsewhere(empty_database, root, *arguments)
    assert again.returncode != 0
    assert "只能恢复到空的数据库" in again.stderr


def test_the_next_backup_writes_new_files_only_and_old_ones_are_deleted(
    lived: World, place: Place
) -> None:
    known = StoredFile.objects.count()
    assert f"{known} files, {known} of them new" in place.make()
    gone = StoredFile.objects.filter(purpose="evidence").first()
    assert gone is not None
    added = factories.keep_file("evidence")
    first = backup.complete_backups(place.folder)[0]
    first.rename(first.with_name("20200101T000000"))
    connection.cursor().execute("DELETE FROM destinations_evidence WHERE file_id = %s", [gone.pk])
    files.discard(gone)
    assert f"{known} files, 1 of them new" in place.make(keep=1)
    kept = {
        str(p.relative_to(place.folder / "files")) for p in place.folder.rglob("files/**/*.age")
    }
    assert f"{gone.key}.age" not in kept
    assert f"{added.key}.age" in kept
    assert len(backup.complete_backups(place.folder)) == 1
    place.verify()
    files.discard(added)


@pytest.mark.parametrize("part", ["database.age", "manifest.age", "files/**/*.age"])
def test_a_damaged_backup_is_noticed(lived: World, place: Place, part: str) -> None:
    place.make()
    path = next(place.folder.rglob(part))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(CommandError, match="损坏"):
        place.verify()


def test_another_key_opens_nothing(lived: World, place: Place, tmp_path: Path) -> None:
    place.make()
    backup.make_key(tmp_path / "other")
    with pytest.raises(CommandError, match="无法用这把私钥打开"):
        Place(place.folder, tmp_path / "other", "").verify()
    with pytest.raises(FileExistsError):
        backup.make_key(tmp_path / "other")


def test_a_missing_or_changed_file_is_named(lived: World, place: Place) -> None:
    one, two = StoredFile.objects.filter(purpose="evidence").order_by("key")[:2]
    kept = {key: Path(default_storage.path(key)).read_bytes() for key in (one.key, two.key)}
    Path(default_storage.path(one.key)).unlink()
    Path(default_storage.path(two.key)).write_bytes(b"other")
    with pytest.raises(CommandError) as failed:
        place.make()
    assert {one.key, two.key} <= set(str(failed.value).split())
    for key, content in kept.items():
        Path(default_storage.path(key)).write_bytes(content)


def test_a_file_that_is_discarded_while_a_backup_runs_is_kept(
    lived: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup has read its row before."""
    file = factories.keep_file("evidence")
    copy = backup._copy_files

    def discard_first(*arguments: Any) -> None:
        thread = Thread(target=discard_elsewhere)
        thread.start()
        thread.join()
        copy(*arguments)

    def discard_elsewhere() -> None:
        files.discard(file)
        connections.close_all()

    monkeypatch.setattr(backup, "_copy_files", discard_first)
    place.make()
    assert (place.folder / "files" / f"{file.key}.age").exists()
    assert not files.is_backup_running()
    assert not StoredFile.objects.filter(key=file.key).exists()
    path = Path(default_storage.path(file.key))
    os.utime(path, (0, 0))
    assert sweep_strays() >= 1
    assert not path.exists()


def test_a_backup_without_a_key_to_encrypt_for_is_refused(place: Place, db: None) -> None:
    with pytest.raises(CommandError, match="没有指定备份的公钥"):
        call_command("backup", str(place.folder))
    with pytest.raises(CommandError, match="公钥不正确"):
        call_command("backup", str(place.folder), "--recipient", "age1nonsense")
