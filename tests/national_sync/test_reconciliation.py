"""Differences made by SQL in the simulator's own database are all named, and the totals add
up."""

from __future__ import annotations

import pytest

from graduates.models import Graduate
from national_sync.actions import claim
from national_sync.mapping import Mapped
from national_sync.reconciliation import Compared, compare
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(world: World, simulator: Simulator) -> list[Graduate]:
    made = [reporting.approved(world) for _ in range(3)]
    reporting.register(simulator, *made)
    reporting.run(simulator)
    return made


def look(world: World, simulator: Simulator) -> Compared:
    with simulator.transport() as transport:
        found = compare(world.school, transport, Mapped.load(simulated=True))
    assert found.adds_up
    return found


def test_after_an_upload_both_sides_agree(
    world: World, simulator: Simulator, three: list[Graduate]
) -> None:
    found = look(world, simulator)
    assert (found.ours, found.theirs, found.equal, found.clean) == (6, 6, 6, True)


def test_an_altered_value_is_named(
    world: World, simulator: Simulator, three: list[Graduate]
) -> None:
    simulator.sql(
        "UPDATE held SET fields = jsonb_set(fields, '{dwmc}', '\"别的单位\"')"
        " WHERE part = 'destination' AND exam_no = %s",
        three[0].exam_no,
    )
    (difference,) = look(world, simulator).differences
    assert (difference.kind, difference.graduate_id) == ("differs", three[0].pk)
    assert difference.fields == [("单位名称", "虚构信息技术有限公司", "别的单位")]


def test_a_missing_row_is_named_and_can_be_queued_again(
    world: World, simulator: Simulator, three: list[Graduate]
) -> None:
    simulator.sql("DELETE FROM held WHERE part = 'destination' AND exam_no = %s", three[1].exam_no)
    (difference,) = look(world, simulator).differences
    assert (difference.kind, difference.exam_no) == ("missing_there", three[1].exam_no)
    claim.requeue([three[1].pk], parts=("destination",))
    reporting.run(simulator)
    assert look(world, simulator).clean


def test_an_extra_row_is_named(world: World, simulator: Simulator, three: list[Graduate]) -> None:
    simulator.sql(
        "UPDATE held SET exam_no = '99999999999999' WHERE exam_no = %s AND part = 'destination'",
        three[2].exam_no,
    )
    kinds = {d.kind: d.exam_no for d in look(world, simulator).differences}
    assert kinds == {"unknown_here": "99999999999999", "missing_there": three[2].exam_no}
