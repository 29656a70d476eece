"""上报批次 shows whose turn it is; the review page shows codes without a national counterpart."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from graduates.models import Graduate
from national_sync import fields
from national_sync.actions.claim import claim
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, Entry, NationalCode
from national_sync.plugs import codes_that_would_be_held
from national_sync.queries import turn_of
from national_sync.states import HTTP, WORKBOOK, BatchState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db
BATCHES, FILES = "/console/national/batches/", "/console/national/files/"
NOTE = "还没有对应的国家代码"


@pytest.mark.parametrize(
    ("way", "state", "answered", "turn"),
    [
        (HTTP, BatchState.READY, 0, "本平台：自动发送"),
        (HTTP, BatchState.SENT, 1, "全国系统：审核并给出回执"),
        (HTTP, BatchState.PARKED, 0, "省级：查看原因后处理"),
        (HTTP, BatchState.DONE, 3, ""),
        (WORKBOOK, BatchState.SENT, 0, "学校：导入全国系统，再传回结果"),
        (WORKBOOK, BatchState.SENT, 1, "学校：还有 2 条结果没有传回"),
        (WORKBOOK, BatchState.DONE, 1, ""),  # given up
    ],
)
def test_whose_turn_it_is(way: str, state: str, answered: int, turn: str) -> None:
    assert turn_of(Batch(way=way, state=state, lines=3, answered=answered)) == turn


def test_files_and_links_are_told_apart(world: World) -> None:
    file = Batch.objects.create(lines=3, way=WORKBOOK, state=BatchState.SENT, school=world.school)
    http = Batch.objects.create(lines=2)
    client = world.client(Role.PROVINCE)
    page = client.get(BATCHES).content.decode()
    assert f"{FILES}{file.pk}/" in page
    assert f"{BATCHES}{http.pk}/" in page
    assert "学校：导入全国系统，再传回结果" in page
    assert f"工作簿</span> {world.school}" in " ".join(page.split())
    only = client.get(BATCHES, {"way": "workbook"}).content.decode()
    assert str(file.pk) in only
    assert str(http.pk) not in only
    assert f'hx-get="{BATCHES}?way=workbook"' in only
    Batch.objects.all().delete()
    assert "没有这种方式的批次" in client.get(BATCHES, {"way": "http"}).content.decode()
    assert "还没有批次" in client.get(BATCHES).content.decode()


def test_what_waits_and_what_is_held(world: World) -> None:
    waiting, held = reporting.approved(world), reporting.confirmed(world)
    Entry.objects.filter(graduate=held).update(state="held", owner="department")
    assert waiting != held
    page = world.client(Role.SCHOOL_ADMIN).get(FILES).content.decode()
    assert "另有 1 条预校验未过" in page
    page = world.client(Role.PROVINCE).get(BATCHES).content.decode()
    tiles = page.partition('class="tiles"')[2].partition("</div>")[0]
    assert "<b>2</b><span>待上报</span>" in tiles
    assert "<b>1</b><span>预校验未过</span>" in tiles


def test_more_files_cost_no_more_queries(world: World) -> None:
    client = world.client(Role.PROVINCE)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(BATCHES)
        return len(captured)

    Batch.objects.create(lines=1, way=WORKBOOK, state=BatchState.SENT, school=world.school)
    cost()
    few = cost()
    for _ in range(3):
        Batch.objects.create(
            lines=1, way=WORKBOOK, state=BatchState.SENT, school=factories.make_school()
        )
    # The choices of schools may be read anew, since there are more; that is one query for all.
    assert cost() <= few + 1


# --- codes without a national counterpart -----------------------------------------------------


def notes(graduate: Graduate) -> list[str]:
    return codes_that_would_be_held(destination=factories.destination_of(graduate))


@pytest.fixture
def abroad(world: World) -> Graduate:
    """A graduate whose country has no national code in the code table."""
    made = reporting.approved(world)
    found = factories.destination_of(made)
    found.country = "AD"
    found.save(update_fields=["country"])
    return made


def test_a_code_without_a_national_one_is_shown_to_the_reviewer(
    world: World, abroad: Graduate
) -> None:
    assert any(NOTE in note and "国家（地区）" in note for note in notes(abroad))
    page = world.client(Role.COUNSELLOR).get(f"/console/destinations/{abroad.pk}/")
    assert page.status_code == 200
    assert NOTE in page.content.decode()
    NationalCode.objects.create(table="country", code="AD", national_code="020", by_label="省级")
    assert not any("国家（地区）" in note for note in notes(abroad))


def test_simulated_codes_count_only_towards_the_simulator(abroad: Graduate, settings: Any) -> None:
    load_simulated()
    assert any("国家（地区）" in note for note in notes(abroad))
    settings.NATIONAL_URL = "http://127.0.0.1:9"
    settings.NATIONAL_CLIENT = settings.NATIONAL_SECRET = "x"
    assert notes(abroad) == []


@pytest.mark.parametrize(
    "f", [f for f in fields.DESTINATION if f.kind == "code" and f.source != "category"],
    ids=lambda f: f.source,
)  # fmt: skip
def test_every_coded_column_of_a_destination_is_looked_at(
    world: World, settings: Any, f: fields.Reported
) -> None:
    found = factories.destination_of(reporting.approved(world))
    before = codes_that_would_be_held(destination=found)
    setattr(found, f.source, "xx")
    (note,) = set(codes_that_would_be_held(destination=found)) - set(before)
    assert f"{f.label}“xx”{NOTE}" in note


@pytest.mark.parametrize(
    "f", [f for f in fields.ORIGIN if f.kind == "code"], ids=lambda f: f.source
)
def test_every_coded_column_of_its_origin_is_looked_at(world: World, f: fields.Reported) -> None:
    found = factories.destination_of(reporting.approved(world))
    before = codes_that_would_be_held(destination=found)
    setattr(found.graduate.person if f.source == "id_type" else found.graduate, f.source, "xx")
    (note,) = set(codes_that_would_be_held(destination=found)) - set(before)
    assert f"{f.label}“xx”{NOTE}" in note


def test_a_place_of_origin_no_longer_in_force_is_said(world: World) -> None:
    found = factories.destination_of(reporting.approved(world))
    found.graduate.origin = "340000"
    assert any(
        "生源所在地代码不是现行区县代码" in n for n in codes_that_would_be_held(destination=found)
    )


def test_the_hint_names_what_would_hold_the_record_back(world: World, abroad: Graduate) -> None:
    """The hint and the pre-check are one rule."""
    claim(Mapped.load(simulated=False))
    entry = reporting.entry(abroad)
    held = [p["message"] for p in entry.problems if p["rule"] == "unmapped"]
    assert held
    assert all(any(message in note for note in notes(abroad)) for message in held)


def test_a_destination_without_category_costs_no_queries(world: World) -> None:
    bare = factories.destination_of(factories.make_graduate(world))
    with CaptureQueriesContext(connection) as captured:
        assert codes_that_would_be_held(destination=bare) == []
    assert len(captured) == 0
