"""A change marks the ledger in its own transaction, and waiting entries are sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import transaction
from django.utils import timezone

from destinations.actions import enter, review
from destinations.models import Destination
from destinations.states import State
from graduates.actions import origin
from graduates.models import Graduate
from national_sync.actions import send, upload
from national_sync.actions.apply import place
from national_sync.actions.claim import claim
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, BatchLine, Entry, Feedback
from national_sync.states import UNFINISHED, EntryState, Part
from national_sync.transport import wire
from national_sync.transport.base import Result
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import Simulator

pytestmark = pytest.mark.django_db


def test_locking_marks_the_origin(world: World) -> None:
    graduate = factories.make_graduate(world)
    assert not Entry.objects.filter(graduate=graduate).exists()
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    assert reporting.states(graduate) == {"origin": EntryState.WAITING}


def test_approval_marks_the_destination_and_registration_does_not(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.register_contract(graduate, user)
    assert reporting.states(graduate) == {}
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    assert reporting.states(graduate) == {"destination": EntryState.WAITING}


def test_what_is_not_reported_marks_nothing(world: World) -> None:
    graduate = reporting.approved(world)
    before = {e.part: e.version for e in Entry.objects.filter(graduate=graduate)}
    Graduate.objects.filter(pk=graduate.pk).update(version=77)
    Destination.objects.filter(pk=graduate.pk).update(version=77)
    assert before == {e.part: e.version for e in Entry.objects.filter(graduate=graduate)}


def test_a_mark_is_rolled_back_with_its_transaction(world: World) -> None:
    graduate = reporting.approved(world)
    before = reporting.entry(graduate).version
    with transaction.atomic():
        Destination.objects.filter(pk=graduate.pk).update(unit_name="别的")
        transaction.set_rollback(True)
    assert reporting.entry(graduate).version == before


def test_nothing_unfinished_lacks_owner_or_due_date(world: World) -> None:
    reporting.approved(world)
    rows = Entry.objects.filter(state__in=UNFINISHED)
    assert rows.exists()
    assert not rows.filter(owner="").exists()
    assert not rows.filter(due_at=None).exists()


def test_waiting_entries_are_sent_and_accepted(world: World, simulator: Simulator) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    report = reporting.run(simulator)
    assert report.answered == 2
    assert reporting.states(graduate) == {"origin": "accepted", "destination": "accepted"}
    held = simulator.sql("SELECT fields ->> 'dwmc' FROM held WHERE part = 'destination'")
    assert held == [("虚构信息技术有限公司",)]


def test_an_entry_equal_to_what_was_accepted_is_closed_without_sending(
    world: World, simulator: Simulator
) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    lines = BatchLine.objects.count()
    Destination.objects.filter(pk=graduate.pk).update(unit_name="别的")
    Destination.objects.filter(pk=graduate.pk).update(unit_name="虚构信息技术有限公司")
    reporting.run(simulator)
    assert BatchLine.objects.count() == lines
    assert reporting.states(graduate)["destination"] == "accepted", reporting.entry(
        graduate
    ).problems


def test_a_refused_record_is_sent_again_once_it_was_corrected(
    world: World, simulator: Simulator
) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    with simulator.transport() as transport:
        transport.admin(
            "units",
            units=[
                {
                    "name": "虚构信息技术有限公司", "code": factories.make_unit_code(body="MA2N0DEF"),
                    "property": "39", "industry": "34",
                }
            ],
        )  # fmt: skip
    reporting.run(simulator)
    assert reporting.states(graduate) == {"origin": "accepted", "destination": "rejected"}
    found = Feedback.objects.get(graduate=graduate)
    assert (found.kind, found.text) == ("登记信息错误", "组织机构代码不正确")
    d = factories.destination_of(graduate)
    assert (d.state, d.reason_source) == (State.REJECTED, "national")
    assert "组织机构代码不正确" in d.reason
    fixed = {**factories.CONTRACT, "unit_code": factories.make_unit_code(body="MA2N0DEF")}
    enter.enter(graduate_id=graduate.pk, typed=fixed, by=world.school_admin)
    claim(Mapped.load(simulated=True))
    found.refresh_from_db()
    assert (found.state, found.owner) == ("fixed", ""), "on its way again: nobody's turn here"
    reporting.end_leases()
    reporting.run(simulator)
    assert reporting.states(graduate)["destination"] == "accepted", reporting.entry(
        graduate
    ).problems
    found.refresh_from_db()
    assert found.state == "closed"


def test_a_wrong_correction_is_refused_and_gets_new_feedback(
    world: World, simulator: Simulator
) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    right = factories.make_unit_code(body="MA2N0DEF")
    known = {"name": factories.CONTRACT["unit_name"], "code": right, "property": "39",
             "industry": "34"}  # fmt: skip
    with simulator.transport() as transport:
        transport.admin("units", units=[known])
    reporting.run(simulator)
    wrong = {**factories.CONTRACT, "unit_code": factories.make_unit_code(body="MA2N0GHJ")}
    enter.enter(graduate_id=graduate.pk, typed=wrong, by=world.school_admin)
    reporting.run(simulator)
    found = Feedback.objects.filter(graduate=graduate).order_by("pk")
    assert list(found.values_list("state", "owner")) == [("closed", ""), ("open", "department")]


def test_records_held_there_and_refused_here_are_listed(world: World, simulator: Simulator) -> None:
    held, other = reporting.approved(world), reporting.approved(world)
    reporting.register(simulator, held, other)
    reporting.run(simulator)
    never = factories.make_graduate(world)
    factories.register_contract(never, factories.activate(never))
    for refused in (held, never):
        review.reject(graduate_id=refused.pk, reason="材料有误", by=world.school_admin)
    reporting.run(simulator)
    assert reporting.entry(held).accepted_version, "a refusal of ours takes nothing back there"

    def listed(who: str) -> str:
        client = world.client(who)
        return client.get("/console/national/ledger/?held=refused").content.decode()

    page = listed(Role.COUNSELLOR)
    assert held.student_no in page
    assert other.student_no not in page
    assert never.student_no not in page
    enter.enter(graduate_id=held.pk, typed=factories.CONTRACT, by=world.school_admin)
    assert held.student_no not in listed(Role.SCHOOL_ADMIN)


def test_a_record_that_would_be_refused_is_held_back_with_field_and_fix(
    world: World, simulator: Simulator
) -> None:
    graduate = reporting.approved(world)
    Destination.objects.filter(pk=graduate.pk).update(unit_code="91340100MA2N0ABC70")
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    held = reporting.entry(graduate)
    assert (held.state, held.owner) == (EntryState.HELD, "department")
    assert held.problems[0]["field"] == "unit_code"
    assert held.problems[0]["fix"]
    assert not BatchLine.objects.filter(part="destination").exists()


def test_a_code_without_a_national_one_is_held_back_for_the_province(
    world: World, simulator: Simulator
) -> None:
    graduate = reporting.confirmed(world)
    reporting.register(simulator, graduate)
    with simulator.transport() as transport:
        upload.run(transport, Mapped.load(simulated=False), seconds=5)
    held = reporting.entry(graduate, Part.ORIGIN)
    assert (held.state, held.owner) == (EntryState.HELD, "province")
    assert {p["rule"] for p in held.problems} == {"unmapped"}


def test_a_released_destination_is_sent_as_seeking(world: World, simulator: Simulator) -> None:
    graduate = reporting.approved(world)
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    from destinations.actions import release

    proposed = release.propose_release(
        graduate_id=graduate.pk, by=world.counsellor, reason="解约",
        pictures=[factories.make_photo()],
    )  # fmt: skip
    release.grant_release(proposal=proposed, by=world.school_admin)
    reporting.run(simulator)
    held = simulator.sql("SELECT fields ->> 'byqxdm' FROM held WHERE part = 'destination'")
    assert held == [("701",)]


def test_wage_categories_wait_for_the_school(world: World, simulator: Simulator) -> None:
    graduate = reporting.confirmed(world)
    typed = {
        **factories.CONTRACT, "category": "12", "hired_from": "2027-07-01",
        "hired_to": "2028-07-01", "monthly_wage": "6000",
    }  # fmt: skip
    enter.enter(graduate_id=graduate.pk, typed=typed, by=world.counsellor)
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    assert reporting.states(graduate)["destination"] == EntryState.QUIET
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    reporting.run(simulator)
    assert reporting.states(graduate)["destination"] == "accepted", reporting.entry(
        graduate
    ).problems


def test_a_claimed_batch_and_its_rows_give_the_same_bytes(world: World) -> None:
    load_simulated()
    for _ in range(3):
        reporting.approved(world)
    claimed = claim(Mapped.load(simulated=True))
    assert claimed.batch is not None
    now = wire.batch_body(send.outgoing_batch(claimed.batch, claimed.lines))
    assert len(claimed.lines) == 6
    assert now == wire.batch_body(send.outgoing_batch(claimed.batch))


def test_batches_claimed_ahead_are_given_back_for_the_next_run(
    world: World, simulator: Simulator
) -> None:
    graduates = [reporting.approved(world) for _ in range(6)]
    reporting.register(simulator, *graduates)
    load_simulated()
    simulator.faults(unavailable="on")
    with simulator.transport() as transport:
        upload.run(transport, Mapped.load(simulated=True), seconds=5, size=1)
    assert not Batch.objects.exclude(state="ready", leased_until=None).exists()
    simulator.faults()
    Batch.objects.update(due_at=timezone.now())
    reporting.run(simulator)
    assert {s for g in graduates for s in reporting.states(g).values()} == {"accepted"}


def test_a_page_is_applied_in_steps_and_the_place_moves_with_the_last(
    world: World, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    graduates = [reporting.approved(world) for _ in range(4)]
    reporting.register(simulator, *graduates)
    load_simulated()
    usual, sizes = upload.apply_results, list[int]()

    def dies(results: Sequence[Result], *, next_place: int | None = None) -> int:
        sizes.append(len(results))
        if next_place is not None:
            raise RuntimeError("killed before the last of a page")
        return usual(results, next_place=next_place)

    monkeypatch.setattr(upload, "_STEP", 3)
    monkeypatch.setattr(upload, "apply_results", dies)
    with simulator.transport() as transport, pytest.raises(RuntimeError):
        upload.run(transport, Mapped.load(simulated=True), seconds=5)
    assert sizes == [3, 3, 2]
    assert BatchLine.objects.exclude(verdict="").count() == 6
    assert place() == 0
    monkeypatch.setattr(upload, "apply_results", usual)
    assert reporting.run(simulator).answered == 2
    assert place() > 0
    assert {s for g in graduates for s in reporting.states(g).values()} == {"accepted"}
    batch = Batch.objects.get()
    assert (batch.answered, batch.accepted, batch.state) == (8, 8, "done")
