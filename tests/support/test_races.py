"""Two people, or two clicks, at the same instant."""

from __future__ import annotations

from core.errors import DomainError
from schools.roles import Role
from support.actions import proposals, recommending, records
from support.models import JobRecommendation, Listing, ListingHistory, Proposal, Record
from support.states import ListingState, ProposalState
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.support import scene


def test_two_deciders_at_once_make_one_decision(committed_world: World) -> None:
    world = committed_world
    proposal = scene.propose(world)
    first, second = world.user(Role.PROVINCE), factories.make_staff(Role.PROVINCE)
    answers = run_at_once(
        lambda: proposals.accept(proposal_id=proposal.pk, answer="", by=first),
        lambda: proposals.refuse(proposal_id=proposal.pk, answer="材料不全", by=second),
    )
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    proposal.refresh_from_db()
    listed = Listing.objects.filter(graduate=proposal.graduate_id).exists()
    assert listed == (proposal.state == ProposalState.ACCEPTED)


def test_one_graduate_is_proposed_once(committed_world: World) -> None:
    world = committed_world
    graduate = factories.make_graduate(world)
    answers = run_at_once(
        lambda: scene.propose(world, graduate, world.counsellor),
        lambda: scene.propose(world, graduate, world.school_admin),
    )
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    assert Proposal.objects.count() == 1


def test_a_workbook_and_a_decision_list_a_person_once(committed_world: World) -> None:
    world = committed_world
    proposal = scene.propose(world)
    graduate = proposal.graduate
    province = world.user(Role.PROVINCE)
    answers = run_at_once(
        lambda: proposals.accept(proposal_id=proposal.pk, answer="", by=province),
        lambda: scene.import_rows(world, [scene.row_of(graduate, "残疾")]),
    )
    assert not any(isinstance(answer, Exception) for answer in answers)
    listing = Listing.objects.get(graduate=graduate)
    assert (listing.state, set(listing.groups)) == (ListingState.LISTED, {"low_income", "disabled"})
    assert ListingHistory.objects.filter(listing=listing).count() == 2


def test_two_clicks_make_one_record_and_one_recommendation(committed_world: World) -> None:
    world = committed_world
    listing, posting = scene.make_listing(world), scene.make_posting(world)
    users = [world.counsellor, world.counsellor]

    def add(number: int) -> object:
        return records.add(listing_id=listing.pk, typed=scene.typed_record(), evidence=[],
                           form_key="same", by=users[number])  # fmt: skip

    def send(number: int) -> object:
        return recommending.send(
            listing_id=listing.pk, posting_id=posting.pk, note="", by=users[number]
        )

    answers = run_at_once(lambda: add(0), lambda: add(1))
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert Record.objects.count() == 1
    answers = run_at_once(lambda: send(0), lambda: send(1))
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1
    assert JobRecommendation.objects.count() == 1


def test_a_record_is_corrected_once_and_not_deleted_meanwhile(committed_world: World) -> None:
    world = committed_world
    listing = scene.make_listing(world)
    record = scene.add_record(listing, world.counsellor)
    by = world.counsellor
    answers = run_at_once(
        lambda: scene.correct(record, world.department_admin),
        lambda: records.delete(record_id=record.pk, by=by),
    )
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert Record.objects.count() in (0, 2), "gone, or corrected by another one"
