"""What is changed here while a batch is with the national system and unanswered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from national_sync.actions import mapping, upload
from national_sync.actions.send import outgoing_batch
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, BatchLine, Entry, Feedback, NationalCode
from national_sync.states import EntryState
from national_sync.transport import wire
from schools.models import Cohort
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.answering_server import AnsweringServer, answers_to, said

pytestmark = pytest.mark.django_db
FAULT = {"kind": "登记信息错误", "code": "x", "field": "dwmc", "text": "单位名称有误"}


@pytest.fixture
def server(world: World, settings: Any) -> Iterator[AnsweringServer]:
    settings.NATIONAL_PATIENCE = 0.2
    load_simulated()
    made = AnsweringServer()
    yield made
    made.stop()


@pytest.fixture
def graduate(world: World, server: AnsweringServer) -> Graduate:
    """Sent, and not answered yet."""
    made = reporting.approved(world)
    run(server)
    assert set(reporting.states(made).values()) == {EntryState.SENT}
    return made


def run(server: AnsweringServer) -> None:
    Entry.objects.filter(state=EntryState.WAITING).update(due_at=timezone.now())
    with server.transport() as transport:
        upload.run(transport, Mapped.load(simulated=True), seconds=5)


def answer(server: AnsweringServer, **changes: Any) -> None:
    """From now on every line that was sent is answered; destinations with these changes."""
    kinds = {line["line"]: line["part"] for b in server.taken for line in b["lines"]}
    rows = [
        row | (changes if kinds[row["line"]] == "destination" else {})
        for row in answers_to(server.taken)
    ]
    last = rows[-1]["seq"]
    server.page = lambda after: said(
        {"results": [r for r in rows if r["seq"] > after], "next": max(last, after)}
    )


def test_an_acceptance_after_the_cohort_was_sealed_is_kept(
    server: AnsweringServer, graduate: Graduate
) -> None:
    Cohort.objects.update(sealed_at=timezone.now())
    answer(server)
    run(server)
    assert set(reporting.states(graduate).values()) == {EntryState.ACCEPTED}


def test_a_refusal_after_the_cohort_was_sealed_is_filed_with_its_reason(
    server: AnsweringServer, graduate: Graduate
) -> None:
    Cohort.objects.update(sealed_at=timezone.now())
    answer(server, verdict="rejected", faults=[FAULT])
    run(server)
    assert reporting.entry(graduate).state == EntryState.REJECTED
    feedback = Feedback.objects.get()
    assert (feedback.text, feedback.due_on > factories.today()) == ("单位名称有误", True)
    destination = Destination.objects.get(pk=graduate.pk)
    # It can be corrected once the province has unsealed the cohort.
    assert destination.state == State.REJECTED
    assert "单位名称有误" in destination.reason


def test_a_graduate_who_moved_to_another_cohort_goes_up_again_under_the_new_key(
    world: World, server: AnsweringServer, graduate: Graduate
) -> None:
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    classes = factories.make_classes(later, world.departments[0], "新一班")
    for model in (Graduate, Destination):
        model._default_manager.filter(pk=graduate.pk).update(cohort=later)
    Graduate.objects.filter(pk=graduate.pk).update(school_class=classes[0])
    answer(server)
    run(server)
    assert EntryState.ACCEPTED not in reporting.states(graduate).values()
    run(server)
    lines = BatchLine.objects.filter(graduate_id=graduate.pk, part="origin").order_by("pk")
    years = [line.record["key"][1] for line in lines]
    assert [int(y) for y in years] == [world.cohort.year, later.year]
    assert lines[0].verdict == "accepted", "the answer to what was sent stays in the history"


def test_a_batch_that_is_sent_again_after_the_mapping_changed_is_the_same(
    world: World, server: AnsweringServer, graduate: Graduate
) -> None:
    batch = Batch.objects.get()
    before = wire.batch_body(outgoing_batch(batch))
    code = NationalCode.objects.exclude(table="category").earliest("pk")
    mapping.set_code(
        table=code.table, code=code.code, national_code="99", by=world.user(Role.PROVINCE)
    )
    assert wire.batch_body(outgoing_batch(batch)) == before
    answer(server)
    run(server)
    assert set(reporting.states(graduate).values()) == {EntryState.ACCEPTED}
