"""Who resets a colleague's password could sign in as the colleague. For 72 hours that account is no other
person, wherever a decision takes two: neither as the one who began nor as the one who agrees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now

from accounts.actions import change_password
from accounts.models import User
from accounts.second_person import PERIOD
from core.errors import DomainError
from destinations.actions import dispute, enter, release, review
from destinations.states import State
from employers import letter_steps
from employers.models import Letter, LetterKind
from esign.actions import conclude, terminate
from esign.states import Ground
from graduates.actions import hand_entries
from graduates.models import HandEntry
from recruiting import report_steps
from recruiting.models import Sanction
from schools.actions import staff
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db

# Who began something, who may decide it, and the call that decides.
Decision = tuple[User, User, Callable[[], Any]]


def hand_entry(world: World) -> Decision:
    graduate = factories.add_by_hand(world)
    seen = HandEntry.objects.get(graduate=graduate).pk
    second = fresh(world.department_admin)
    return (
        world.school_admin,
        second,
        lambda: hand_entries.confirm(graduate_id=graduate.pk, seen=seen, by=second),
    )


def released_destination(world: World) -> Decision:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    row = release.propose_release(
        graduate_id=graduate.pk, by=world.counsellor, reason="解约",
        pictures=[factories.make_photo()],
    )  # fmt: skip
    second = world.school_admin
    return world.counsellor, second, lambda: release.grant_release(proposal=row, by=second)


def entered_destination(world: World) -> Decision:
    world.school.two_person_review = True
    world.school.save()
    graduate = factories.make_graduate(world)
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    return world.school_admin, second, lambda: review.approve(graduate_id=graduate.pk, by=second)


def disputed_destination(world: World) -> Decision:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    raised = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是我", by=user)
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    return (
        world.school_admin,
        second,
        lambda: dispute.settle(dispute=raised, upheld=True, answer="成立", by=second),
    )


def _approved_agreement(world: World) -> Any:
    graduate = factories.make_graduate(world)
    agreement = signing.sign_agreement(graduate)
    review.approve(graduate_id=graduate.pk, by=world.department_admin)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    return agreement


def conclusion(world: World) -> Decision:
    agreement = _approved_agreement(world)
    proposed = signing.propose_conclusion(agreement, world.school_admin)
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    return (
        world.school_admin,
        second,
        lambda: conclude.confirm(agreement=agreement, by=second, seen=proposed.pk, has_read=True),
    )


def termination(world: World) -> Decision:
    agreement = _approved_agreement(world)
    terminate.start(
        agreement=agreement, by=signing.account_of(agreement.graduate), ground=Ground.LAW,
        reason="法律规定", notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    terminate.pass_on(agreement=agreement, by=world.department_admin)
    second = world.school_admin
    return world.department_admin, second, lambda: terminate.agree(agreement=agreement, by=second)


def letter(world: World) -> Decision:
    first, second = (factories.make_staff(Role.PROVINCE) for _ in range(2))
    waiting = Letter(kind=LetterKind.MANAGER, first_by_id=first.pk)
    return first, second, lambda: letter_steps.another_person(waiting, second)


def appeal(world: World) -> Decision:
    first, second = (factories.make_staff(Role.PROVINCE) for _ in range(2))
    sanction = Sanction(decided_by_id=first.pk)
    return first, second, lambda: report_steps.another_person(sanction, second)


DECISIONS = [
    hand_entry, released_destination, entered_destination, disputed_destination, conclusion,
    termination, letter, appeal,
]  # fmt: skip


def fresh(user: User) -> User:
    """The account as the database has it; all accounts are old enough to be a second person."""
    User.objects.update(created_at=factories.month_ago())
    return User.objects.get(pk=user.pk)


def refused_with(call: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as refusal:
        call()
    return refusal.value.code


@pytest.mark.parametrize("make", DECISIONS, ids=lambda make: make.__name__)
def test_for_72_hours_after_a_reset_an_account_is_no_other_person(
    make: Callable[[World], Decision], world: World
) -> None:
    first, second, decide = make(world)
    for person, code in ((second, "password_reset"), (first, "first_password_reset")):
        row = User.objects.filter(pk=person.pk)
        row.update(password_reset_at=Now() - PERIOD * 0.99)
        assert refused_with(decide) == code
        row.update(password_reset_at=Now() - PERIOD * 1.01)
    decide()


def test_who_agrees_with_themselves_is_refused_in_one_place_only() -> None:
    """A decision that takes two asks `accounts.second_person`, and does not compare ids itself."""
    root = Path(settings.BASE_DIR)
    files = [p for app in root.iterdir() if (app / "apps.py").exists() for p in app.rglob("*.py")]
    asking = {str(p.relative_to(root)) for p in files if '"same_person"' in p.read_text("utf-8")}
    assert asking == {"accounts/second_person.py"}


def test_each_reset_by_somebody_else_counts_and_an_own_new_password_does_not(
    world: World,
) -> None:
    def reset_at(user: User) -> Any:
        return User.objects.get(pk=user.pk).password_reset_at

    staff.reset_password(staff_id=world.counsellor.pk, by=world.school_admin)
    assert reset_at(world.counsellor) is not None
    province = factories.make_staff(Role.PROVINCE)
    staff.reset_province_account(login=province.login)
    assert reset_at(province) is not None
    own = world.department_admin
    change_password(user=own, password="brand-new-5x", repeated="brand-new-5x", by=own)
    assert reset_at(own) is None
    added = staff.add(
        school=world.school, login="new.colleague", name="新同事", mobile="13900000009",
        role=Role.COUNSELLOR, by=world.school_admin,
    )  # fmt: skip
    assert reset_at(added.staff.user) is None


def test_choosing_an_own_password_after_the_reset_does_not_end_the_72_hours(world: World) -> None:
    first, second, decide = conclusion(world)
    staff.reset_password(staff_id=second.pk, by=first)
    user = User.objects.get(pk=second.pk)
    change_password(user=user, password="brand-new-5x", repeated="brand-new-5x", by=user)
    assert refused_with(decide) == "password_reset"
