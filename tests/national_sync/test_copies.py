"""The national data that a graduate sees are as fresh as the last accepted upload."""

from __future__ import annotations

from typing import Any

import pytest

from destinations.models import Destination
from graduates.models import Graduate
from national_sync.actions import compare, copies
from national_sync.actions.claim import requeue
from national_sync.models import Comparison, Entry, NationalCopy
from national_sync.transport.base import Key
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _linked(simulator: Simulator, settings: Any) -> None:
    settings.NATIONAL_URL = simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET


@pytest.fixture
def graduate(world: World, simulator: Simulator) -> Graduate:
    """A graduate whose origin and destination were sent and accepted."""
    made = reporting.approved(world)
    reporting.register(simulator, made)
    reporting.run(simulator)
    return made


def held(simulator: Simulator, graduate: Graduate) -> dict[str, Any]:
    """The simulator's own rows."""
    rows = simulator.sql("SELECT part, fields FROM held WHERE exam_no = %s", graduate.exam_no)
    return dict(rows)


def copy_of(graduate: Graduate) -> NationalCopy:
    return NationalCopy.objects.get(pk=graduate.pk)


def rename(graduate: Graduate, name: str) -> None:
    Destination.objects.filter(pk=graduate.pk).update(unit_name=name)


def refresh(simulator: Simulator, graduate: Graduate) -> NationalCopy:
    whole = Graduate.objects.select_related("school", "cohort").get(pk=graduate.pk)
    with simulator.transport() as transport:
        return copies.refresh(graduate=whole, transport=transport)


def test_what_was_accepted_is_shown_without_a_refresh(
    graduate: Graduate, simulator: Simulator
) -> None:
    assert copy_of(graduate).parts == held(simulator, graduate)
    assert set(copy_of(graduate).parts) == {"origin", "destination"}
    page = factories.client_of(factories.activate(graduate)).get("/national/")
    assert "虚构信息技术有限公司" in page.content.decode()
    rename(graduate, "改了名的有限公司")
    reporting.run(simulator)
    assert copy_of(graduate).parts["destination"]["dwmc"] == "改了名的有限公司"
    assert copy_of(graduate).parts == held(simulator, graduate)


def test_a_field_that_was_emptied_is_emptied_in_the_copy(
    graduate: Graduate, simulator: Simulator
) -> None:
    assert "gwmc" in copy_of(graduate).parts["destination"] or Destination.objects.filter(
        pk=graduate.pk
    ).update(job_title="工程师")
    reporting.run(simulator)
    assert copy_of(graduate).parts["destination"]["gwmc"]
    Destination.objects.filter(pk=graduate.pk).update(job_title="")
    reporting.run(simulator)
    assert "gwmc" not in copy_of(graduate).parts["destination"]
    assert copy_of(graduate).parts == held(simulator, graduate)


def test_a_confirmation_there_lapses_as_the_national_side_says(
    graduate: Graduate, simulator: Simulator
) -> None:
    key = Key(graduate.school.code, graduate.cohort.year, graduate.exam_no)
    with simulator.transport() as transport:
        transport.confirm(key)
    assert refresh(simulator, graduate).national_state == "confirmed"
    requeue([graduate.pk])
    assert reporting.run(simulator).answered == 2
    assert copy_of(graduate).national_state == "confirmed", "nothing has changed"
    rename(graduate, "改了名的有限公司")
    reporting.run(simulator)
    assert copy_of(graduate).national_state == "lapsed"
    assert refresh(simulator, graduate).national_state == "lapsed"


def test_a_refusal_does_not_change_the_copy(graduate: Graduate, simulator: Simulator) -> None:
    before = copy_of(graduate)
    simulator.transport().admin("lists", list="division", standings={"340104": "coarse"})
    Destination.objects.filter(pk=graduate.pk).update(unit_division="340104")
    reporting.run(simulator)
    assert reporting.states(graduate)["destination"] == "rejected"
    now = copy_of(graduate)
    assert (now.parts, now.fetched_at) == (before.parts, before.fetched_at)


def test_parts_accepted_before_there_was_a_copy_are_in_it(
    graduate: Graduate, simulator: Simulator
) -> None:
    NationalCopy.objects.all().delete()
    rename(graduate, "改了名的有限公司")
    assert reporting.run(simulator).answered == 1
    assert copy_of(graduate).parts == held(simulator, graduate)


def test_who_is_no_longer_held_there_is_sent_as_new(
    graduate: Graduate, simulator: Simulator
) -> None:
    simulator.sql("DELETE FROM held")
    rename(graduate, "改了名的有限公司")
    # As a change it is refused, then it goes as new: within the same run, or with the next one.
    reporting.run(simulator)
    reporting.run(simulator)
    assert set(copy_of(graduate).parts) == {"destination"}
    assert copy_of(graduate).parts == held(simulator, graduate)


def test_differences_that_a_comparison_found_are_counted_again(
    world: World, graduate: Graduate, simulator: Simulator
) -> None:
    other = reporting.approved(world)
    reporting.register(simulator, other)
    reporting.run(simulator)
    simulator.sql(
        "UPDATE held SET fields = fields || jsonb_build_object('dwmc', '别的单位', 'xm', '别人')"
    )
    asked = compare.ask(school=world.school, by=world.school_admin)
    compare.run(asked.pk)
    assert Comparison.objects.get().state == "done"
    found = dict(NationalCopy.objects.values_list("graduate_id", "differences"))
    assert found == {graduate.pk: 4, other.pk: 4}
    # Queued again, the version stays what it was; what is accepted is fresh all the same.
    requeue([graduate.pk])
    versions = set(Entry.objects.values_list("pk", "version"))
    assert reporting.run(simulator).answered == 2
    assert set(Entry.objects.values_list("pk", "version")) == versions
    assert copy_of(graduate).parts == held(simulator, graduate)
    found = dict(NationalCopy.objects.values_list("graduate_id", "differences"))
    assert found == {graduate.pk: 0, other.pk: 4}
