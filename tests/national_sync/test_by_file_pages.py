"""The pages of a school's files: who may do what, and giving a file up."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from destinations.models import Destination
from graduates.models import Graduate
from national_sync.actions import by_file
from national_sync.mapping import load_simulated
from national_sync.models import Batch
from national_sync.states import EntryState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.filing import (
    UNIT_WRONG,
    book,
    cells,
    line_of,
    made,
    received,
    refused,
    said,
)
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _local(settings: Any) -> None:
    """The settings of a machine whose national system is the simulator."""
    load_simulated()
    settings.NATIONAL_URL = "http://127.0.0.1:9"  # nobody is there: the link is down
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET


@pytest.fixture
def graduates(world: World) -> list[Graduate]:
    return [reporting.approved(world) for _ in range(3)]


# --- given up --------------------------------------------------------------------------------


def test_the_records_of_a_file_given_up_are_sent_again(
    world: World, simulator: Simulator, graduates: list[Graduate]
) -> None:
    reporting.register(simulator, *graduates)
    batch = made(world)
    content = said(batch)
    header = ["考生号", "数据类别", "审核结果"]
    answered = graduates[2]
    rows = [[answered.exam_no, part, "通过"] for part in ("生源", "毕业去向")]
    received(batch, book(header, *rows), world)
    assert by_file.give_up(batch=batch, by=world.school_admin) == 4
    assert reporting.states(graduates[0]) == {"origin": "waiting", "destination": "waiting"}
    assert reporting.states(answered) == {"origin": "accepted", "destination": "accepted"}
    batch.refresh_from_db()
    assert (batch.state, by_file.is_open(batch)) == ("done", False)
    refused("given_up", received, batch=batch, content=content, world=world)
    refused("closed", by_file.give_up, batch=batch, by=world.school_admin)
    reporting.run(simulator)
    assert reporting.states(graduates[0]) == {"origin": "accepted", "destination": "accepted"}


def test_records_in_a_later_file_are_not_queued_again(
    world: World, graduates: list[Graduate]
) -> None:
    first = made(world)
    Destination.objects.filter(pk=graduates[0].pk).update(unit_name="改了名的有限公司")
    second = made(world, "new")
    by_file.give_up(batch=first, by=world.school_admin)
    entry = reporting.entry(graduates[0])
    assert (entry.state, entry.sent_version) == (EntryState.SENT, entry.version)
    received(second, said(second), world)
    assert reporting.entry(graduates[0]).state == EntryState.ACCEPTED


# --- who may ---------------------------------------------------------------------------------


def test_a_clerk_of_another_school_finds_nothing(world: World, graduates: list[Graduate]) -> None:
    batch = made(world)
    content = said(batch)
    stranger = factories.make_world()
    for by in (stranger.school_admin, world.department_admin):
        refused("role", by_file.make, school=world.school, by=by)
        refused("role", by_file.receive, batch=batch, content=content, by=by)
        refused("role", by_file.give_up, batch=batch, by=by)
    client = stranger.client(Role.SCHOOL_ADMIN)
    for ending in ("", "workbook/"):
        assert client.get(f"/console/national/files/{batch.pk}/{ending}").status_code == 404
    for ending in ("", "give-up/"):
        assert client.post(f"/console/national/files/{batch.pk}/{ending}").status_code == 404
    # Naming a school helps nobody but the province.
    listed = client.get("/console/national/files/", {"school": world.school.pk}).content.decode()
    assert str(batch.pk) not in listed
    client.post("/console/national/files/make/", {"school": world.school.pk, "layout": "old74"})
    assert Batch.objects.count() == 1
    province = world.client(Role.PROVINCE)
    listed = province.get("/console/national/files/", {"school": world.school.pk})
    assert str(batch.pk) in listed.content.decode()


def test_the_pages_of_a_file_show_its_answers(world: World, graduates: list[Graduate]) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    files = "/console/national/files/"
    page = client.get(files).content.decode()
    assert "待上报 6 条" in page
    assert "不含生源、档案转寄" in page
    assert "还没有文件" in page
    assert client.post(f"{files}make/", {"layout": "x"}).status_code == 409
    response = client.post(f"{files}make/", {"layout": "old74"})
    batch = Batch.objects.get()
    here = f"{files}{batch.pk}/"
    assert response.headers["Location"] == here
    assert client.post(f"{files}make/", {"layout": "old74"}).status_code == 409
    down = client.get(f"{here}workbook/")
    assert ".xlsx" in down.headers["Content-Disposition"]
    assert len(cells(down.content)) == 2 + 3

    def bring(content: bytes, name: str = "result.xlsx") -> Any:
        return client.post(here, {"file": SimpleUploadedFile(name, content)})

    wrong = bring(b"no workbook")
    assert wrong.status_code == 422
    assert "这不是Excel工作簿" in wrong.content.decode()
    assert client.post(here).status_code == 409
    done = bring(said(batch, line_of(batch, graduates[0]))).content.decode()
    assert "新回执 6 条" in done
    assert UNIT_WRONG in done
    assert "作废此文件" not in done
    only = client.get(here, {"verdict": "rejected"}).content.decode()
    assert graduates[0].exam_no in only
    assert graduates[1].exam_no not in only
    assert client.post(f"{here}give-up/").status_code == 302
    assert Batch.objects.get().problem == ""
