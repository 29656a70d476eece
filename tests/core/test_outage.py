"""What people see, and what the log holds, while the database or the disk cannot be used."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql

from core import outage
from core.models import StoredFile
from schools.models import Department
from schools.roles import Role
from tests import factories
from tests.conftest import owner_connection
from tests.factories import World
from tests.removal import clear_own_cache

ADD = "/console/setup/departments/"
NEW = {"name": "虚构新学院", "code": ""}
NOT_SAVED, PERHAPS_SAVED = "刚才提交的内容没有保存", "刚才提交的内容可能已经保存"


@pytest.fixture(autouse=True)
def first_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been written to the log so far."""
    monkeypatch.setattr(outage, "_noted", {})
    monkeypatch.setattr(outage, "_silent", {})


@pytest.fixture
def admin(committed_world: World, django_db_blocker: Any) -> Iterator[Client]:
    """A school admin with a committed session, whose browser shows errors as pages."""
    with django_db_blocker.unblock():
        client = committed_world.client(Role.SCHOOL_ADMIN)
        client.raise_request_exception = False
        assert client.get("/console/").status_code == 200
        yield client


@contextmanager
def nobody_listens() -> Iterator[None]:
    """As while PostgreSQL is stopped: its port is closed."""
    usual = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "9"
    try:
        yield
    finally:
        connection.settings_dict["PORT"] = usual
        connection.close()


@contextmanager
def all_connections_taken() -> Iterator[None]:
    """The database takes no further connection of the platform, and ends those there are."""
    name = sql.Identifier(connection.settings_dict["NAME"])
    with owner_connection() as owner:
        owner.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(name))
        try:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [connection.settings_dict["NAME"]],
            )
            yield
        finally:
            owner.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT -1").format(name))
            connection.close()


def departments(world: World) -> set[str]:
    return set(Department.objects.filter(school=world.school).values_list("name", flat=True))


@pytest.mark.parametrize("away", [nobody_listens, all_connections_taken])
def test_every_page_answers_503_while_the_database_is_away(
    admin: Client, committed_world: World, away: Callable[[], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    with away():
        clear_own_cache()
        for address in ("/console/", "/console/graduates/", "/login/x/", "/employer/agreements/",
                        "/agreements/", "/healthz", ADD):  # fmt: skip
            answer = admin.get(address)
            if answer.status_code in (302, 404) and address not in ("/console/", "/healthz"):
                continue  # it asks the database nothing
            assert answer.status_code == 503, address
            assert answer["Retry-After"] == "30"
            words = answer.content.decode()
            assert "系统暂时无法访问数据" in words
            assert "Traceback" not in words
        answer = admin.post(ADD, NEW)
        assert answer.status_code == 503
        words = answer.content.decode()
        assert NOT_SAVED in words
        assert '<input type="hidden" name="name" value="虚构新学院">' in words
        fragment = admin.get("/console/counts/", headers={"HX-Request": "true"})
        assert (fragment.status_code, fragment["HX-Retarget"]) == (503, "#outage")
        assert "<html" not in fragment.content.decode()
    lines = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert [r.name for r in lines] == ["core.outage"], "one line a minute"
    assert lines[0].exc_info is None
    assert admin.get("/console/").status_code == 200, "it goes on by itself"
    assert admin.post(ADD, NEW).status_code == 302
    assert "虚构新学院" in departments(committed_world)


def test_passwords_are_not_carried_over_to_the_page(admin: Client) -> None:
    with nobody_listens():
        words = (
            Client(raise_request_exception=False)
            .post("/console/login/", {"login": "someone", "password": "made-up-secret-7"})
            .content.decode()
        )
    assert NOT_SAVED in words
    assert "made-up-secret-7" not in words


def test_a_commit_that_was_not_answered_may_be_saved(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = connection.connection.commit

    def unanswered(*_: Any) -> None:
        commit()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as cut:
        cut.setattr(connection.connection, "commit", unanswered)
        words = admin.post(ADD, NEW).content.decode()
    assert PERHAPS_SAVED in words
    assert "重新提交</button>" not in words


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(psycopg.errors.DiskFull, "存储空间不足"), (psycopg.errors.IoError, "存储空间不足"),
     (psycopg.errors.SerializationFailure, "有人正在办理同一项内容")],
)  # fmt: skip
def test_a_commit_that_the_server_refuses_saves_nothing(
    admin: Client, committed_world: World, monkeypatch: pytest.MonkeyPatch,
    error: type[Exception], sentence: str,
) -> None:  # fmt: skip
    """Simulated: a full disk of PostgreSQL cannot be had without one."""

    def refused(*_: Any) -> None:
        raise error("could not extend file")

    with monkeypatch.context() as full:
        full.setattr(connection.connection, "commit", refused)
        answer = admin.post(ADD, NEW)
    assert answer.status_code == 503
    assert sentence in answer.content.decode()
    assert NOT_SAVED in answer.content.decode()
    connection.close()
    assert "虚构新学院" not in departments(committed_world)


def test_who_waits_for_a_lock_gets_a_sentence_instead_of_a_hanging_page(
    admin: Client, committed_world: World
) -> None:
    department = committed_world.departments[0]
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Department.objects.select_for_update().get(pk=department.pk)
            locked.set()
            done.wait(20)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        answer = admin.post(f"{ADD}{department.pk}/", {"name": "改名学院", "code": ""})
    finally:
        done.set()
        holder.join(20)
        connection.close()
    assert answer.status_code == 503
    assert "有人正在办理同一项内容" in answer.content.decode()
    assert NOT_SAVED in answer.content.decode()
    assert "改名学院" not in departments(committed_world)


def test_a_transaction_that_is_left_idle_ends_and_its_locks_with_it(
    admin: Client, committed_world: World
) -> None:
    department = committed_world.departments[0]
    asleep, awake = threading.Event(), threading.Event()

    def fall_asleep() -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
                Department.objects.select_for_update().get(pk=department.pk)
                asleep.set()
                awake.wait(20)
        except Exception:
            pass
        connections.close_all()

    sleeper = threading.Thread(target=fall_asleep)
    sleeper.start()
    assert asleep.wait(10)
    try:
        answer = admin.post(f"{ADD}{department.pk}/", {"name": "改名学院", "code": ""})
        assert answer.status_code == 302
    finally:
        awake.set()
        sleeper.join(20)
    assert "改名学院" in departments(committed_world)


def test_every_process_of_the_platform_waits_for_locks_and_idles_for_a_limited_time(
    django_db_blocker: Any, django_db_setup: None
) -> None:
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] not in ("0", ""), name


# --- the disk of private files --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_full_disk_keeps_no_file_and_no_row(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(default_storage._wrapped), "_save", full)  # type: ignore[attr-defined]
    client = factories.client_of(world.school_admin)
    client.raise_request_exception = False
    before = StoredFile.objects.count()
    with (Path(__file__).parents[1] / "data" / "roster-400.xlsx").open("rb") as workbook:
        answer = client.post(reverse("console:imports"), {"file": workbook})
    assert answer.status_code == 503
    assert "文件没有保存" in answer.content.decode()
    assert StoredFile.objects.count() == before


_STORE = """
import django, os, resource, sys
django.setup()
from pathlib import Path
from django.conf import settings
from django.db import connection
from core import files
from core.models import StoredFile
connection.settings_dict["NAME"] = sys.argv[1]
before = StoredFile.objects.count()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    files.store(b"x" * 300_000, name="a.bin", content_type="text/plain", purpose="test")
except OSError as error:
    left = sum(p.is_file() for p in Path(settings.PRIVATE_ROOT).rglob("*"))
    print(error.errno, StoredFile.objects.count() - before, left)
"""


def test_a_process_that_can_write_no_further_leaves_no_part_of_a_file(
    tmp_path: Path, django_db_setup: None
) -> None:
    """A real limit instead of a real full disk."""
    done = subprocess.run(
        [sys.executable, "-c", _STORE, connection.settings_dict["NAME"]],
        env=os.environ | {"PRIVATE_ROOT": str(tmp_path)}, cwd=settings.BASE_DIR,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(errno.EFBIG), "0", "0"], done.stderr
