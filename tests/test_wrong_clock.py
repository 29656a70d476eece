"""The clock of the web server is an hour ahead or behind: deadlines go by the database's clock."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts import one_time_codes
from accounts.models import OneTimeCode, User
from accounts.one_time_codes import WrongCode
from core.clock import database_now
from core.errors import DomainError
from employers.actions import letters
from employers.letter_steps import CHECKLIST, review_mark
from employers.models import Letter, LetterKind
from esign.actions import cards
from esign.models import Card, Invitation
from graduates.actions import hand_entries
from graduates.models import HandEntry, Person
from recruiting.actions import interviews
from recruiting.models import Interview
from recruiting.states import PostingState
from schools.roles import Role
from tests import factories
from tests.employers.test_letters import make_manager
from tests.esign import signing
from tests.esign.signing import last_code
from tests.esign.test_accept import refused
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db

PHONE = "13900000001"
_72_HOURS = datetime.timedelta(hours=72)
_SOON = datetime.timedelta(minutes=30)


@pytest.fixture(params=[1, -1], ids=["ahead", "behind"])
def set_wrong_clock(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Puts the clock of this process wrong."""
    right, shift = timezone.now, datetime.timedelta(hours=request.param)
    return lambda: monkeypatch.setattr(timezone, "now", lambda: right() + shift)


def prove(code: str) -> OneTimeCode:
    return one_time_codes.prove(purpose="card", phone=PHONE, subject="x", typed=code)


def test_a_code_lasts_ten_minutes_by_the_database_clock(
    set_wrong_clock: Callable[[], None],
) -> None:
    set_wrong_clock()
    issued = one_time_codes.issue(purpose="card", phone=PHONE, subject="x", address="10.0.0.1")
    left = issued.expires_at - database_now()
    assert datetime.timedelta(minutes=9) < left <= one_time_codes.LIFETIME
    code = last_code(PHONE)
    one_time_codes.spend(prove(code))
    OneTimeCode.objects.update(used_at=None, expires_at=database_now())
    with pytest.raises(WrongCode, match="已过期"):
        prove(code)
    assert not one_time_codes.is_open(purpose="card", phone=PHONE, subject="x")


@pytest.mark.parametrize("left,signs", [(_SOON, True), (-_SOON, False)])
def test_an_agreement_is_accepted_within_the_deadline_only(
    world: World, set_wrong_clock: Callable[[], None], left: datetime.timedelta, signs: bool
) -> None:
    graduate = factories.make_graduate(world)
    invitation, user, code = signing.prepare_acceptance(graduate)
    Invitation.objects.update(valid_until=database_now() + left)
    set_wrong_clock()
    if signs:
        signed = signing.accept_invitation(invitation, user, code)
        assert abs(signed.signed_at - database_now()) < datetime.timedelta(minutes=1)
    else:
        refused("expired", invitation, user, code)


@pytest.mark.parametrize("over,passes", [(_SOON, True), (-_SOON, False)])
def test_the_72_hours_are_not_cut_short_or_prolonged(
    world: World, set_wrong_clock: Callable[[], None], over: datetime.timedelta, passes: bool
) -> None:
    """Those of an account that was activated, of a second staff member, and of a letter."""
    since = database_now() - _72_HOURS - over
    graduate = factories.make_graduate(world)
    invitation, user, code = signing.prepare_acceptance(graduate)
    Person.objects.update(activated_at=since)
    added = factories.add_by_hand(world)
    User.objects.update(created_at=since)
    first, second = (factories.make_staff(Role.PROVINCE) for _ in range(2))
    unit = factories.make_unit()
    make_manager(unit, first)
    member = factories.make_member(unit)
    scan = factories.make_photo()
    letter = letters.submit(member=member, kind=LetterKind.MANAGER, scan=scan)

    def approve(by: User) -> None:
        mark = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
        letters.approve(letter_id=letter.pk, ticks=list(CHECKLIST), seen=mark, by=by)

    approve(first)
    Letter.objects.update(created_at=since)
    set_wrong_clock()
    actions: list[Callable[[], object]] = [
        lambda: signing.accept_invitation(invitation, user, code),
        lambda: hand_entries.confirm(
            graduate_id=added.pk, seen=HandEntry.objects.get().pk, by=world.department_admin
        ),
        lambda: approve(second),
    ]
    for action in actions:
        if passes:
            action()
        else:
            with pytest.raises(DomainError) as refusal:
                action()
            assert refusal.value.code in {"account_new", "too_early"}


def test_a_card_lasts_thirty_days_by_the_database_clock(
    world: World, set_wrong_clock: Callable[[], None]
) -> None:
    set_wrong_clock()
    graduate = factories.make_graduate(world)
    card = cards.new_card(graduate=graduate, by=factories.activate(graduate))
    Card.objects.update(expires_at=database_now() + _SOON)
    assert cards.live_card(graduate) == cards.find_card(card.token) == card
    Card.objects.update(expires_at=database_now() - _SOON)
    assert cards.live_card(graduate) is cards.find_card(card.token) is None


def test_an_interview_is_answered_until_its_deadline_only(
    set_wrong_clock: Callable[[], None], world: World
) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    graduate = scene.make_applicant(world)
    user = scene.account_of(graduate)
    application = scene.apply(graduate, posting)
    invited = interviews.invite(
        application_id=application.pk, typed=scene.typed_interview(), by=member
    )
    set_wrong_clock()
    Interview.objects.update(answer_by=database_now() - _SOON)
    with pytest.raises(DomainError, match="too_late"):
        interviews.accept(interview_id=invited.pk, by=user)
    Interview.objects.update(answer_by=database_now() + _SOON)
    interviews.accept(interview_id=invited.pk, by=user)
