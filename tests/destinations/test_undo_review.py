"""One's own review is undone within five seconds, if nothing has followed it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from core.errors import Refused
from destinations import steps
from destinations.actions import dispute, evidence, review
from destinations.models import Destination, DestinationEvent
from destinations.states import State
from graduates.models import Graduate
from national_sync.models import Entry
from national_sync.states import EntryState, Part
from schools.roles import Role
from tests import factories
from tests.factories import World, destination_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(graduate: Graduate, world: World) -> Graduate:
    factories.register_contract(graduate, factories.activate(graduate))
    return graduate


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reviews can be undone for one second only, so that a test can wait until it is too late."""
    monkeypatch.setattr(steps, "UNDO_SECONDS", 1)


def reviewed(d: Destination) -> dict[str, Any]:
    names = ("state", "reason", "reason_source", "flagged", "category", "unit_name")
    approvals = ("department_at", "department_by", "school_at", "school_by")
    return {name: getattr(d, name) for name in (*names, *approvals)}


def undo(graduate: Graduate, by: User, code: str) -> None:
    before = destination_of(graduate).version
    with pytest.raises(Refused) as refusal:
        review.undo(graduate_id=graduate.pk, by=by)
    assert refusal.value.code == code
    assert destination_of(graduate).version == before


@pytest.mark.parametrize("by_school", [False, True])
def test_an_approval_is_undone(by_school: bool, pending: Graduate, world: World) -> None:
    if by_school:
        review.approve(graduate_id=pending.pk, by=world.counsellor)
    reviewer = world.school_admin if by_school else world.counsellor
    before = reviewed(destination_of(pending))
    review.approve(graduate_id=pending.pk, by=reviewer)
    review.undo(graduate_id=pending.pk, by=reviewer)
    assert reviewed(destination_of(pending)) == before
    events = DestinationEvent.objects.filter(graduate_id=pending.pk).order_by("-id")[:2]
    assert [e.action for e in events] == ["undo_review", "approve"]
    assert events[0].actor_id == reviewer.pk


def test_a_rejection_is_undone_with_its_reason(pending: Graduate, world: World) -> None:
    review.approve(graduate_id=pending.pk, by=world.counsellor)
    before = reviewed(destination_of(pending))
    review.reject(graduate_id=pending.pk, reason="看错了", by=world.school_admin)
    review.undo(graduate_id=pending.pk, by=world.school_admin)
    assert reviewed(destination_of(pending)) == before


def test_flags_come_back(pending: Graduate, world: World) -> None:
    review.approve(graduate_id=pending.pk, by=world.counsellor)
    Destination.objects.filter(pk=pending.pk).update(flagged=["unit_industry"])
    review.approve(graduate_id=pending.pk, by=world.school_admin)
    assert destination_of(pending).flagged == []
    review.undo(graduate_id=pending.pk, by=world.school_admin)
    assert destination_of(pending).flagged == ["unit_industry"]


def test_five_seconds_are_the_time() -> None:
    assert steps.UNDO_SECONDS == 5


def test_it_becomes_too_late(one_second: None, pending: Graduate, world: World) -> None:
    review.approve(graduate_id=pending.pk, by=world.counsellor)
    time.sleep(1.1)
    undo(pending, world.counsellor, "too_late")


def test_only_ones_own_review_and_only_once(pending: Graduate, world: World) -> None:
    undo_of = world.counsellor
    review.approve(graduate_id=pending.pk, by=undo_of)
    undo(pending, world.department_admin, "not_last")
    review.approve(graduate_id=pending.pk, by=world.school_admin)
    undo(pending, undo_of, "not_last")  # the next level has reviewed it
    review.undo(graduate_id=pending.pk, by=world.school_admin)
    undo(pending, undo_of, "not_last")  # what was undone doesn't open what was before it
    undo(pending, world.school_admin, "not_last")


def test_evidence_that_came_after_it_keeps_the_review(pending: Graduate, world: World) -> None:
    review.reject(graduate_id=pending.pk, reason="不清晰", by=world.counsellor)
    factories.attach(pending, world.counsellor)
    undo(pending, world.counsellor, "followed")


def test_evidence_that_went_after_it_keeps_the_review(pending: Graduate, world: World) -> None:
    review.reject(graduate_id=pending.pk, reason="不清晰", by=world.counsellor)
    evidence.remove_evidence(evidence=pending.evidence.get(), by=world.counsellor)
    undo(pending, world.counsellor, "followed")


def test_what_was_sent_stays_reviewed(pending: Graduate, world: World) -> None:
    review.approve(graduate_id=pending.pk, by=world.school_admin)
    entry = Entry.objects.get(graduate=pending, part=Part.DESTINATION)
    Entry.objects.filter(pk=entry.pk).update(state=EntryState.SENT, sent_version=entry.version)
    undo(pending, world.school_admin, "sent")


def test_a_disputed_destination_stays_reviewed(pending: Graduate, world: World) -> None:
    review.approve(graduate_id=pending.pk, by=world.school_admin)
    user = Graduate.objects.get(pk=pending.pk).person.user
    assert user is not None
    dispute.raise_dispute(graduate_id=pending.pk, reason="不是我", by=user)
    undo(pending, world.school_admin, "disputed")


# --- pages ----------------------------------------------------------------------------------------


def act(client: Client, graduate: Graduate, action: str, **typed: Any) -> Any:
    typed = {"version": destination_of(graduate).version} | typed
    return client.post(f"/console/destinations/{graduate.pk}/{action}/", typed, follow=True)


def button_of(page: str) -> tuple[str, str]:
    """The address and the version that the button in the message sends."""
    form = re.search(
        r'<form method="post" action="([^"]+)"\s+class="notice-button".*?</form>', page, re.S
    )
    assert form is not None
    version = re.search(r'name="version" value="(\d+)"', form[0])
    assert version is not None
    return form[1], version[1]


def test_the_next_records_page_has_the_button(pending: Graduate, world: World) -> None:
    other = factories.make_graduate(world)
    factories.register_contract(other, factories.activate(other))
    client = world.client(Role.COUNSELLOR)
    page = act(client, pending, "approve")
    assert page.redirect_chain[-1][0] == f"/console/destinations/{other.pk}/"
    address, version = button_of(page.content.decode())
    answer = client.post(address, {"version": version}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/console/destinations/{pending.pk}/"
    assert "已撤销审核，恢复为“待审核”" in answer.content.decode()
    assert destination_of(pending).state == State.PENDING
    assert 'class="notice-button"' not in answer.content.decode()


def test_too_late_says_so_on_the_records_page(
    one_second: None, pending: Graduate, world: World
) -> None:
    client = world.client(Role.COUNSELLOR)
    address, version = button_of(act(client, pending, "approve").content.decode())
    time.sleep(1.1)
    answer = client.post(address, {"version": version})
    assert answer.status_code == 409
    assert "审核已超过1秒，不能撤销。" in answer.content.decode()
    assert destination_of(pending).state == State.DEPARTMENT_APPROVED


def test_the_walk_goes_on_and_comes_back(pending: Graduate, world: World) -> None:
    other = factories.make_graduate(world)
    factories.register_contract(other, factories.activate(other))
    client = world.client(Role.COUNSELLOR)
    walk = "?from=/console/destinations/queue/"
    here = f"/console/destinations/{pending.pk}/{walk}"
    version = destination_of(pending).version
    sent = client.post(
        f"/console/destinations/{pending.pk}/approve/", {"version": version},
        headers={"referer": f"http://testserver{here}"},
    )  # fmt: skip
    assert sent["Location"] == f"/console/destinations/{other.pk}/{walk}"
    address, version = button_of(client.get(sent["Location"]).content.decode())
    back = client.post(
        address, {"version": version},
        headers={"referer": f"http://testserver{sent['Location']}"},
    )  # fmt: skip
    assert back["Location"] == here
