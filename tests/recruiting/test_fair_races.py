"""Fairs at the same instant, on parallel database connections."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from core.errors import DomainError, Invalid, Refused
from recruiting.actions import booths, fairs
from recruiting.models import Booth, Fair
from recruiting.states import BoothState, FairState
from schools.roles import Role
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import fair_scene

S = BoothState


def codes(answers: list[Any]) -> list[str]:
    return [answer.code for answer in answers if isinstance(answer, DomainError)]


def test_the_last_booth_is_given_once(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world, booths_offered=1)
    waiting = [fair_scene.make_booth(committed_world, fair) for _ in range(3)]
    school = committed_world.school_admin
    answers = run_at_once(
        *[lambda b=b: booths.approve(booth_id=b.pk, by=school) for b in waiting]  # type: ignore[misc]
    )
    assert sum(isinstance(answer, Booth) for answer in answers) == 1
    assert codes(answers) == ["full", "full"]
    assert list(Booth.objects.filter(state=S.APPROVED).values_list("number", flat=True)) == ["001"]


def test_two_hosts_give_one_number_to_one_unit(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world, booths_offered=5)
    first, second = (fair_scene.make_booth(committed_world, fair) for _ in range(2))
    school, province = committed_world.school_admin, committed_world.user(Role.PROVINCE)
    answers = run_at_once(
        lambda: booths.approve(booth_id=first.pk, number=3, by=school),
        lambda: booths.approve(booth_id=second.pk, number=3, by=province),
    )
    assert sum(isinstance(answer, Booth) for answer in answers) == 1
    refused = next(answer for answer in answers if isinstance(answer, Invalid))
    assert refused.errors["number"][0].startswith("展位003已给“")
    assert Booth.objects.filter(state=S.APPROVED).count() == 1


def test_a_unit_registers_once_even_at_the_same_instant(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world)
    member = fair_scene.make_exhibitor(committed_world)
    answers = run_at_once(*[lambda: fair_scene.register(fair, member)] * 3)
    assert codes(answers) == ["registered", "registered"]
    assert Booth.objects.count() == 1


def test_cancelling_while_the_host_approves_leaves_one_answer(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world, booths_offered=1)
    booth = fair_scene.make_booth(committed_world, fair)
    school = committed_world.school_admin
    answers = run_at_once(
        lambda: booths.approve(booth_id=booth.pk, by=school),
        lambda: booths.cancel(booth_id=booth.pk, by=booth.member),
    )
    booth.refresh_from_db()
    # Approved first, it is given back; cancelled first, it can't be approved any more.
    assert booth.state == S.CANCELLED
    assert codes(answers) in ([], ["state"])


def test_the_fair_is_cancelled_while_a_unit_registers(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world)
    member = fair_scene.make_exhibitor(committed_world)
    school = committed_world.school_admin
    run_at_once(
        lambda: fair_scene.register(fair, member),
        lambda: fairs.cancel(fair_id=fair.pk, reason="场馆检修", by=school),
    )
    assert Fair.objects.get().state == FairState.CANCELLED
    assert not Booth.objects.exclude(state=S.CANCELLED).exists()


def test_confirming_at_the_deadline_gives_the_booth_to_one_unit(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world, booths_offered=1)
    given = fair_scene.make_booth(committed_world, fair, S.APPROVED)
    first, second = (fair_scene.make_booth(committed_world, fair, S.RESERVE) for _ in range(2))
    booths.cancel(booth_id=given.pk, by=given.member)
    soon = timezone.now() + datetime.timedelta(milliseconds=20)
    Booth.objects.filter(pk=first.pk).update(confirm_by=soon)

    def lapse_until_due() -> int:
        while timezone.now() < soon:
            pass
        return booths.lapse_due()

    def confirm_late() -> Booth:
        while timezone.now() < soon - datetime.timedelta(milliseconds=2):
            pass
        return booths.confirm(booth_id=first.pk, by=first.member)

    run_at_once(confirm_late, lapse_until_due, lapse_until_due)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) in ((S.APPROVED, S.RESERVE), (S.DECLINED, S.OFFERED))
    assert Booth.objects.filter(state__in=[S.APPROVED, S.OFFERED]).count() == 1


def test_two_clocks_at_once_move_one_reserve_up(committed_world: World) -> None:
    fair = fair_scene.open_fair(committed_world, booths_offered=1)
    given = fair_scene.make_booth(committed_world, fair, S.APPROVED)
    for _ in range(3):
        fair_scene.make_booth(committed_world, fair, S.RESERVE)
    Booth.objects.filter(pk=given.pk).update(state=S.CANCELLED)
    answers = run_at_once(*[booths.fill_due] * 3)
    assert sorted(answers) == [0, 0, 1]
    assert Booth.objects.filter(state=S.OFFERED).count() == 1


def test_two_clocks_at_once_end_a_fair_once(committed_world: World) -> None:
    fair = fair_scene.end_now(fair_scene.open_fair(committed_world))
    answers = run_at_once(*[fairs.move_due] * 3)
    assert sum(answers) == 3
    fair.refresh_from_db()
    assert fair.state == FairState.ENDED


def test_two_events_get_one_room_once(committed_world: World) -> None:
    school, province = committed_world.school_admin, committed_world.user(Role.PROVINCE)
    for role, user in ((Role.SCHOOL_ADMIN, school), (Role.PROVINCE, province)):
        drafts = [fair_scene.make_fair(committed_world, role=role) for _ in range(3)]
        answers = run_at_once(
            *[lambda f=f, u=user: fairs.open_registration(fair_id=f.pk, by=u) for f in drafts]  # type: ignore[misc]
        )
        assert codes(answers) == ["place_taken", "place_taken"]
        sentences = [answer.message for answer in answers if isinstance(answer, Refused)]
        assert all("已安排“春季双选会”" in sentence for sentence in sentences)
        rows = Fair.objects.filter(pk__in=[draft.pk for draft in drafts], state=FairState.OPEN)
        assert rows.count() == 1
