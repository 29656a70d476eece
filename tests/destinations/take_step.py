"""Taking each step of a destination with valid values, and the actor of each role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from destinations.actions import agreement, base, enter, register, release, review
from destinations.models import Destination, ReleaseProposal
from destinations.steps import AGREEMENT, GRADUATE, NATIONAL, SystemActor
from schools.roles import Role
from tests.factories import CONTRACT, World, make_photo

C, D, S, P = Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE


def actor_of_role(role: str, world: World, user: User) -> Any:
    if role == GRADUATE:
        return User.objects.get(pk=user.pk)
    return SystemActor(role) if role in (NATIONAL, AGREEMENT) else world.user(role)


def take_step(action: str, pk: int, by: Any) -> Destination:
    """Take a step with valid values."""
    if action in ("amend", "sign"):
        with base.step(action, pk, by) as change:
            change.destination.agreement_no = "W0002"
            change.destination.locked_at = timezone.now()
            return change.write()
    steps: dict[str, Callable[[], Destination]] = {
        "register": lambda: register.register(graduate_id=pk, typed=CONTRACT, by=by),
        "take_back": lambda: register.take_back(graduate_id=pk, by=by),
        "touch_up": lambda: register.touch_up(
            graduate_id=pk, typed={"contact_name": "新联系人"}, by=by
        ),
        "enter": lambda: enter.enter(graduate_id=pk, typed=CONTRACT, by=by),
        "approve": lambda: review.approve(graduate_id=pk, by=by),
        "reject": lambda: review.reject(graduate_id=pk, reason="不符", by=by),
        "undo_review": lambda: review.undo(graduate_id=pk, by=by),
        "reject_national": lambda: review.reject_national(graduate_id=pk, reason="错", by=by),
        "resume": lambda: review.resume(graduate_id=pk, by=by),
        "tick": lambda: review.tick(graduate_id=pk, by=by),
        "correct_codes": lambda: review.correct_codes(
            graduate_id=pk, typed={"unit_industry": "35"}, reason="核对", by=by
        ),
        "release": lambda: _release(pk, by),
        "conclude": lambda: agreement.conclude(graduate_id=pk, by=by, reason="已签劳动合同"),
    }
    if action in ("propose_release", "withdraw_release", "endorse_release", "refuse_release"):
        _about_release(action, pk, by)
        return Destination.objects.get(pk=pk)
    return steps[action]()


def _about_release(action: str, pk: int, by: Any) -> None:
    if action == "propose_release":
        release.propose_release(graduate_id=pk, by=by, reason="解约", pictures=[make_photo()])
        return
    row = _proposal(pk)
    if action == "refuse_release":
        release.refuse_release(proposal=row, by=by, answer="材料不全")
    elif action == "endorse_release":
        release.endorse_release(proposal=row, by=by)
    else:
        release.withdraw_release(proposal=row, by=by)


def _release(pk: int, by: Any) -> Destination:
    if isinstance(by, SystemActor):
        return release.release(graduate_id=pk, by=by)
    release.grant_release(proposal=_proposal(pk), by=by)
    return Destination.objects.get(pk=pk)


def _proposal(pk: int) -> ReleaseProposal:
    """The graduate's newest proposal, or a row of nothing, about which every step is refused."""
    return release.newest_proposal(pk) or ReleaseProposal(graduate_id=pk)
