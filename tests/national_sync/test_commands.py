"""The commands of operators: figures, the alarm, an upload by hand, a comparison with exit
status."""

from __future__ import annotations

import datetime
import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from national_sync import tasks
from national_sync.mapping import Mapped
from national_sync.models import Batch, Entry
from national_sync.states import WORKBOOK, BatchState, EntryState
from schools.roles import Role
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(simulator: Simulator, settings: Any) -> Simulator:
    settings.NATIONAL_URL, settings.NATIONAL_CLIENT = simulator.url, CLIENT
    settings.NATIONAL_SECRET = SECRET
    return simulator


def call(*args: str) -> tuple[str, str, int]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except SystemExit as end:
        return out.getvalue(), err.getvalue(), int(end.code or 0)
    return out.getvalue(), err.getvalue(), 0


def unanswered(minutes: float, **values: Any) -> Batch:
    made = Batch.objects.create(id=uuid.uuid4(), lines=1, state=BatchState.SENT, **values)
    then = timezone.now() - datetime.timedelta(minutes=minutes)
    Batch.objects.filter(pk=made.pk).update(created_at=then)
    return made


def test_the_status_counts_what_waits_and_how_long(world: World) -> None:
    graduate = reporting.approved(world)
    then = timezone.now() - datetime.timedelta(hours=2)
    Entry.objects.filter(graduate=graduate).update(changed_at=then)
    Entry.objects.filter(graduate=graduate, part="origin").update(
        state=EntryState.HELD, owner="department", due_at=then
    )
    out, _, code = call("national_status", "--json")
    found = json.loads(out)
    assert found["entries"]["waiting"] == 1
    assert found["entries"]["held"] == 1
    assert 7200 <= found["queue_age"] < 7300
    assert (found["overdue"], found["ownerless"], found["alarm"], code) == (1, 0, False, 0)
    assert "待上报\t1" in call("national_status")[0]


def test_acknowledgements_that_stay_away_raise_the_alarm(world: World) -> None:
    unanswered(29)
    assert call("national_status", "--json")[2] == 0
    unanswered(31)
    out, err, code = call("national_status", "--json")
    assert (json.loads(out)["alarm"], code) == (True, 1)
    assert "回执" in err


def test_a_file_that_people_carry_raises_no_alarm(world: World) -> None:
    unanswered(600, way=WORKBOOK, school=world.school)
    out, _, code = call("national_status", "--json")
    assert (json.loads(out)["open_files"], code) == (1, 0)


def test_without_a_link_nothing_is_sent(settings: Any) -> None:
    settings.NATIONAL_URL = ""
    for command in ("national_upload", "reconcile"):
        with pytest.raises(CommandError, match="NATIONAL_URL"):
            call(command)


def test_upload_and_compare_by_hand(world: World, link: Simulator) -> None:
    reporting.load_simulated()
    graduate = reporting.approved(world)
    reporting.register(link, graduate)
    assert "收到回执 2 条" in call("national_upload", "--seconds", "20")[0]
    assert reporting.states(graduate) == {"origin": "accepted", "destination": "accepted"}
    out, _, code = call("reconcile", "--school", world.school.code, "--json")
    (found,) = json.loads(out)
    assert (found["differences"], found["adds_up"], code) == ([], True, 0)
    link.sql("DELETE FROM held WHERE part = 'destination' AND exam_no = %s", graduate.exam_no)
    out, _, code = call("reconcile", "--school", world.school.code)
    assert code == 1
    assert f"全国系统缺少 毕业去向 {graduate.exam_no}" in out


def test_an_unknown_school_is_named(link: Simulator) -> None:
    with pytest.raises(CommandError, match="no school 00000"):
        call("reconcile", "--school", "00000")


# --- the province's pages ------------------------------------------------------------------------


def test_mapping_a_code_on_its_page(world: World) -> None:
    client: Client = world.client(Role.PROVINCE)
    page = client.get("/console/national/codes/", {"table": "id_type"}).content.decode()
    assert "未登记" in page
    typed = {"table": "id_type", "code": "01", "national_code": "1"}
    assert client.post("/console/national/codes/", typed).status_code == 302
    assert Mapped.load(simulated=False).national("id_type", "01") == "1"
    wrong = client.post("/console/national/codes/", typed | {"code": "no-such"})
    assert wrong.status_code in (404, 409, 422)


def test_uploading_now_wakes_the_worker(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[Any] = []
    monkeypatch.setattr(tasks.upload_changes, "delay", lambda *a, **k: woken.append(a))
    address = "/console/national/batches/upload/"
    settings.NATIONAL_URL = ""
    said = world.client(Role.PROVINCE).post(address, follow=True).content.decode()
    assert "尚未配置全国系统的地址和密钥" in said
    settings.NATIONAL_URL = "http://127.0.0.1:9"
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    assert woken == []
    assert world.client(Role.PROVINCE).post(address).status_code == 302
    assert world.client(Role.SCHOOL_ADMIN).post(address).status_code == 403
    assert woken == [()]
