"""Every state × action × role of listings, proposals and records, against the three tables."""

from __future__ import annotations

import pytest

from accounts.models import User
from core.errors import DomainError, NotPermitted, Refused
from schools.roles import Role
from support.actions import group_imports, proposals
from support.models import Listing, Proposal, Record
from support.states import ImportMode, ListingState, ProposalState, RecordState
from support.steps import LISTING, PROPOSAL, RECORD
from tests import factories
from tests.factories import World
from tests.support import scene

pytestmark = pytest.mark.django_db

ROLES = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE)
C, D, S, P = ROLES


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def listing(world: World) -> Listing:
    """With everything that the steps ask for: a 责任人 and a profile."""
    listing = scene.make_listing(world)
    scene.write_profile(listing, world.counsellor)
    return listing


def read(pk: int) -> Listing:
    rows = Listing.objects.select_related("graduate__cohort", "profile", "cohort")
    return rows.get(pk=pk)


# (state, action) → roles that may.
MAY_LISTING = {
    (ListingState.LISTED, "change_groups"): {P},
    (ListingState.LISTED, "remove"): {P},
    (ListingState.REMOVED, "list_again"): {P},
    (ListingState.LISTED, "assign"): {D, S},
    (ListingState.LISTED, "write_profile"): {C, D, S},
    (ListingState.LISTED, "write_plan"): {C, D, S},
    (ListingState.LISTED, "record"): {C, D, S},
    (ListingState.LISTED, "recommend"): {C, D, S},
}


@pytest.mark.parametrize("state", ListingState.values)
def test_listings(world: World, listing: Listing, state: str) -> None:
    if state == ListingState.REMOVED:
        scene.import_rows(
            world, [scene.row_of(factories.make_graduate(world))], ImportMode.FULL, "民政名单更新"
        )
    listing = read(listing.pk)
    assert listing.state == state
    for action in LISTING.actions():
        for role in ROLES:
            can = LISTING.can(action, listing, world.user(role))
            assert can == (role in MAY_LISTING.get((state, action), set())), (state, action, role)


MAY_PROPOSAL = {
    (ProposalState.WAITING, "withdraw"): {C},
    (ProposalState.WAITING, "accept"): {P},
    (ProposalState.WAITING, "refuse"): {P},
}


def take(action: str, proposal: Proposal, by: User) -> Proposal:
    if action == "withdraw":
        return proposals.withdraw(proposal_id=proposal.pk, by=by)
    step = {"accept": proposals.accept, "refuse": proposals.refuse}[action]
    return step(proposal_id=proposal.pk, answer="材料已核对。", by=by)


_LEADS_TO = {"withdraw": ProposalState.WITHDRAWN, "accept": ProposalState.ACCEPTED,
             "refuse": ProposalState.REFUSED}  # fmt: skip


@pytest.mark.parametrize("state", ProposalState.values)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ["withdraw", "accept", "refuse"])
def test_proposals(world: World, state: str, role: Role, action: str) -> None:
    proposal = scene.propose(world)
    for step, target in _LEADS_TO.items():
        if target == state:
            take(step, proposal, world.counsellor if step == "withdraw" else world.user(P))
    proposal = Proposal.objects.select_related("graduate__cohort").get(pk=proposal.pk)
    may = role in MAY_PROPOSAL.get((state, action), set())
    assert PROPOSAL.can(action, proposal, world.user(role)) == may
    if may:
        assert take(action, proposal, world.user(role)).state == _LEADS_TO[action]
        return
    with pytest.raises(DomainError):
        take(action, proposal, world.user(role))
    proposal.refresh_from_db()
    assert proposal.state == state


MAY_RECORD = {
    (RecordState.VALID, "correct"): {C, D, S},
    (RecordState.VALID, "delete"): {C},
}


@pytest.mark.parametrize("state", RecordState.values)
def test_records(world: World, listing: Listing, state: str) -> None:
    record = scene.add_record(listing, world.counsellor)
    if state == RecordState.CORRECTED:
        scene.correct(record, world.counsellor)
    record = Record.objects.select_related("listing__graduate__cohort").get(pk=record.pk)
    assert record.state == state
    for action in ("correct", "delete"):
        for role in ROLES:
            can = RECORD.can(action, record, world.user(role))
            assert can == (role in MAY_RECORD.get((state, action), set())), (state, action, role)


def test_a_proposal_lists_the_graduate_with_its_groups(world: World) -> None:
    proposal = scene.propose(world)
    take("accept", proposal, world.user(P))
    listing = Listing.objects.get(graduate=proposal.graduate_id)
    assert listing.groups == ["low_income"]
    assert listing.history.get().proposal_id == proposal.pk
    more = proposals.propose(graduate_id=proposal.graduate_id, groups=["disabled"], reason=scene.REASON,
                             evidence=[], by=world.school_admin)  # fmt: skip
    take("accept", more, world.user(P))
    listing.refresh_from_db()
    assert listing.groups == ["low_income", "disabled"]


def test_what_changes_nothing_or_waits_already_is_not_proposed(world: World) -> None:
    proposal = scene.propose(world)
    with pytest.raises(Refused) as refused:
        scene.propose(world, proposal.graduate)
    assert refused.value.code == "waiting"
    take("accept", proposal, world.user(P))
    with pytest.raises(Refused) as refused:
        scene.propose(world, proposal.graduate)
    assert refused.value.code == "listed"


def test_who_is_outside_the_scope_is_not_proposed(world: World) -> None:
    outside = factories.make_graduate(world, department=1)
    with pytest.raises(NotPermitted):
        scene.propose(world, outside, world.counsellor)
    with pytest.raises(NotPermitted):
        scene.propose(world, outside, world.user(P))
    assert scene.propose(world, outside, world.school_admin).state == ProposalState.WAITING


def test_a_refusal_says_why(world: World) -> None:
    proposal = scene.propose(world)
    with pytest.raises(DomainError) as refused:
        proposals.refuse(proposal_id=proposal.pk, answer="", by=world.user(P))
    assert refused.value.field == "answer"


def test_a_workbook_is_confirmed_by_nobody_of_a_school(world: World, listing: Listing) -> None:
    imported = scene.preview(world, [scene.row_of(listing.graduate, "残疾")])
    for role in (C, D, S):
        with pytest.raises(NotPermitted):
            group_imports.confirm(imported, reason="", by=world.user(role))
