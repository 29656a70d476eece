"""Units' registrations for fairs: numbers, the waiting list, arrivals, and what not coming means."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts.models import Message
from core.errors import DomainError, Invalid, NotPermitted
from core.models import Event
from employers.models import Membership, Unit
from recruiting import unit_standing
from recruiting.actions import booths, fairs, postings
from recruiting.models import Booth, Fair, RecruitingRules
from recruiting.states import BoothState, FairKind, FairState, PostingState, SanctionKind
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import fair_scene, scene

pytestmark = pytest.mark.django_db
S = BoothState
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def fair(world: World) -> Fair:
    return fair_scene.open_fair(world, booths_offered=2)


def refused(code: str, call: object, **values: object) -> str:
    """The sentence with which the call was refused."""
    with pytest.raises(DomainError) as refusal:
        call(**values)  # type: ignore[operator]
    assert refusal.value.code == code
    return refusal.value.message


def titles(unit: Unit) -> list[str]:
    """The titles of the messages to the unit's people, the newest first."""
    names = [f"user:{pk}" for pk in unit.members.values_list("user_id", flat=True)]
    return list(
        Message.objects.filter(to__in=names).order_by("-id").values_list("title", flat=True)
    )


# --- registering ------------------------------------------------------------------------------


def test_a_unit_registers_once_with_its_published_postings(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    booth = fair_scene.register(fair, member, people=3)
    assert (booth.state, booth.people, booth.number) == (S.WAITING, 3, "")
    assert booth.postings.count() == 1
    assert refused("registered", fair_scene.register, fair=fair, member=member).startswith(
        "单位已报名"
    )
    told = Message.objects.filter(to=f"school:{world.school.pk}")
    assert [m.title for m in told] == ["“春季双选会”收到新的单位报名"]
    event = Event.objects.get(action="recruiting.register_booth")
    assert event.object_id == booth.pk


def test_registering_takes_a_published_posting_of_the_own_unit(world: World, fair: Fair) -> None:
    member, other = fair_scene.make_exhibitor(world), fair_scene.make_exhibitor(world)
    foreign = other.unit.postings.get().pk
    draft = scene.make_posting(member).pk
    mine = member.unit.postings.get(state=PostingState.PUBLISHED)
    for ids, sentence in (
        ([], "请选择至少一个正在发布的职位。"),
        ([foreign], "请选择至少一个正在发布的职位。"),
        ([mine.pk, draft], "所选的职位有的已停止发布，请重新选择。"),
    ):
        with pytest.raises(Invalid) as invalid:
            fair_scene.register(fair, member, posting_ids=ids)
        assert invalid.value.errors == {"postings": [sentence]}
    for people in (None, 0, 21):
        with pytest.raises(Invalid) as invalid:
            fair_scene.register(fair, member, people=people)
        assert invalid.value.errors == {"people": ["参会人数为1至20。"]}
    postings.pause(posting_id=mine.pk, by=member)
    with pytest.raises(Invalid):
        fair_scene.register(fair, member, posting_ids=[mine.pk])
    assert not Booth.objects.exists()


def test_only_verified_people_of_units_that_may_recruit_register(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    claimed = factories.make_member(member.unit, state=Membership.CLAIMED)
    with pytest.raises(NotPermitted):
        fair_scene.register(fair, claimed)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    scene.allow_to_recruit(member.unit, valid_until=yesterday)
    refused("verification_ended", fair_scene.register, fair=fair, member=member)


def test_registration_is_open_until_its_end_and_for_fairs_alone(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    for other in (fair_scene.make_fair(world), fair_scene.open_talk(world)):
        refused("closed", fair_scene.register, fair=other, member=member)
    # The clock has not noticed the end yet.
    Fair.objects.filter(pk=fair.pk).update(apply_until=timezone.now() - HOUR)
    refused("closed", fair_scene.register, fair=fair, member=member)


# --- numbers ----------------------------------------------------------------------------------


def test_a_booth_is_approved_with_the_next_or_a_chosen_free_number(world: World) -> None:
    fair = fair_scene.open_fair(world, booths_offered=3)
    first, second, third = (fair_scene.make_booth(world, fair) for _ in range(3))
    assert booths.approve(booth_id=first.pk, number=2, by=world.school_admin).number == "002"
    assert booths.approve(booth_id=second.pk, by=world.school_admin).number == "001"
    with pytest.raises(Invalid) as invalid:
        booths.approve(booth_id=third.pk, number=2, by=world.school_admin)
    assert invalid.value.errors == {"number": [f"展位002已给“{first.unit.name}”，请另选。"]}
    for number in (0, 4):
        with pytest.raises(Invalid) as invalid:
            booths.approve(booth_id=third.pk, number=number, by=world.school_admin)
        assert invalid.value.errors == {"number": ["展位号为1至3。"]}
    assert booths.approve(booth_id=third.pk, by=world.school_admin).number == "003"
    assert titles(first.unit)[0] == "“春季双选会”报名已通过，展位002"


def test_when_all_booths_are_taken_the_next_unit_is_a_reserve(world: World, fair: Fair) -> None:
    waiting = fair_scene.make_booth(world, fair)
    sentence = refused("free", booths.reserve, booth_id=waiting.pk, by=world.school_admin)
    assert sentence == "还有2个空展位，可以直接通过。"
    for _ in range(2):
        fair_scene.make_booth(world, fair, S.APPROVED)
    sentence = refused("full", booths.approve, booth_id=waiting.pk, by=world.school_admin)
    assert sentence == "2个展位已全部安排，请列入候补或谢绝。"
    assert booths.reserve(booth_id=waiting.pk, by=world.school_admin).state == S.RESERVE


def test_a_unit_that_was_declined_hears_why_and_may_register_again(
    world: World, fair: Fair
) -> None:
    booth = fair_scene.make_booth(world, fair)
    with pytest.raises(Invalid):
        booths.decline(booth_id=booth.pk, reason=" ", by=world.school_admin)
    booths.decline(booth_id=booth.pk, reason="展位有限", by=world.school_admin)
    told = Message.objects.get(to=f"user:{booth.member.user_id}", title__contains="未获通过")
    assert told.text == "原因：展位有限"
    assert fair_scene.register(fair, booth.member).pk != booth.pk


def test_a_unit_that_was_suspended_meanwhile_is_not_approved(world: World, fair: Fair) -> None:
    booth = fair_scene.make_booth(world, fair)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    scene.allow_to_recruit(booth.unit, valid_until=yesterday)
    refused("verification_ended", booths.approve, booth_id=booth.pk, by=world.school_admin)


def test_only_the_host_and_the_province_decide(world: World, fair: Fair) -> None:
    booth = fair_scene.make_booth(world, fair)
    other = factories.make_world()
    refused("other_host", booths.approve, booth_id=booth.pk, by=other.school_admin)
    refused("role", booths.approve, booth_id=booth.pk, by=world.counsellor)
    refused("role", booths.approve, booth_id=booth.pk, by=booth.member.user)
    booths.approve(booth_id=booth.pk, by=other.user(Role.PROVINCE))


# --- the waiting list -------------------------------------------------------------------------


def full_fair(world: World, reserves: int = 2) -> tuple[Fair, Booth, list[Booth]]:
    """A fair with one booth, which is given, and reserves in the order of their registration."""
    fair = fair_scene.open_fair(world, booths_offered=1)
    given = fair_scene.make_booth(world, fair, S.APPROVED)
    return fair, given, [fair_scene.make_booth(world, fair, S.RESERVE) for _ in range(reserves)]


def test_a_booth_that_becomes_free_is_offered_to_the_first_reserve_for_24_hours(
    world: World,
) -> None:
    _, given, (first, second) = full_fair(world)
    booths.cancel(booth_id=given.pk, by=given.member)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (S.OFFERED, S.RESERVE)
    assert first.confirm_by is not None
    assert abs(first.confirm_by - timezone.now() - 24 * HOUR) < HOUR / 60
    assert titles(first.unit)[0] == "“春季双选会”有展位空出，请确认参会"
    confirmed = booths.confirm(booth_id=first.pk, by=first.member)
    assert (confirmed.state, confirmed.number, confirmed.confirm_by) == (S.APPROVED, "001", None)
    assert booths.fill_due() == 0


def test_an_offer_that_is_not_confirmed_lapses_and_goes_to_the_next_one(world: World) -> None:
    _, given, (first, second) = full_fair(world)
    booths.cancel(booth_id=given.pk, by=given.member)
    Booth.objects.filter(pk=first.pk).update(confirm_by=timezone.now())
    sentence = refused("too_late", booths.confirm, booth_id=first.pk, by=first.member)
    assert sentence == "确认时间已过，展位已让给下一个候补单位。"
    assert booths.lapse_due() == 1
    assert booths.lapse_due() == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.confirm_by) == (S.DECLINED, None)
    assert second.state == S.OFFERED


def test_an_offered_booth_counts_as_taken(world: World) -> None:
    fair, given, (first,) = full_fair(world, reserves=1)
    late = fair_scene.make_booth(world, fair)
    booths.cancel(booth_id=given.pk, by=given.member)
    refused("full", booths.approve, booth_id=late.pk, by=world.school_admin)
    booths.cancel(booth_id=first.pk, by=first.member)
    assert booths.approve(booth_id=late.pk, by=world.school_admin).number == "001"


def test_a_reserve_that_may_not_recruit_is_left_out_until_it_may(world: World) -> None:
    _, given, (first, second) = full_fair(world)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    scene.allow_to_recruit(first.unit, valid_until=yesterday)
    booths.cancel(booth_id=given.pk, by=given.member)
    second.refresh_from_db()
    assert second.state == S.OFFERED
    booths.cancel(booth_id=second.pk, by=second.member)
    assert booths.fill_due() == 0
    scene.allow_to_recruit(first.unit)
    assert booths.fill_due() == 1
    assert Booth.objects.get(pk=first.pk).state == S.OFFERED


def test_more_booths_are_offered_to_the_reserves_at_once(world: World) -> None:
    fair, _, reserves = full_fair(world)
    fair_scene.edit(world, fair, booths_offered=3)
    assert {Booth.objects.get(pk=b.pk).state for b in reserves} == {S.OFFERED}


def test_shortly_before_the_start_the_time_to_confirm_ends_with_the_start(world: World) -> None:
    fair, given, (first,) = full_fair(world, reserves=1)
    soon = timezone.now() + 3 * HOUR
    Fair.objects.filter(pk=fair.pk).update(starts_at=soon, apply_until=soon)
    booths.cancel(booth_id=given.pk, by=given.member)
    first.refresh_from_db()
    assert first.confirm_by == soon


def test_after_the_start_nobody_moves_up(world: World) -> None:
    fair, given, (first,) = full_fair(world, reserves=1)
    fair_scene.begin_now(fair)
    fairs.move_due()
    Booth.objects.filter(pk=given.pk).update(state=S.CANCELLED)
    assert booths.fill_due() == 0
    assert Booth.objects.get(pk=first.pk).state == S.RESERVE


# --- giving up --------------------------------------------------------------------------------


def test_an_approved_booth_is_given_back_until_registration_ends(world: World, fair: Fair) -> None:
    booth = fair_scene.make_booth(world, fair, S.APPROVED)
    waiting = fair_scene.make_booth(world, fair)
    Fair.objects.filter(pk=fair.pk).update(apply_until=timezone.now())
    sentence = refused("too_late", booths.cancel, booth_id=booth.pk, by=booth.member)
    assert sentence == "报名已截止，不能取消；确实不能参会的，请联系主办方。"
    assert booths.cancel(booth_id=waiting.pk, by=waiting.member).state == S.CANCELLED


def test_nobody_gives_up_the_booth_of_another_unit(world: World, fair: Fair) -> None:
    booth, stranger = fair_scene.make_booth(world, fair), fair_scene.make_exhibitor(world)
    with pytest.raises(NotPermitted):
        booths.cancel(booth_id=booth.pk, by=stranger)


# --- arrivals and absences --------------------------------------------------------------------


def ended(world: World, **changes: object) -> tuple[Fair, Booth, Booth]:
    """A fair whose end the clock has not noticed yet, with two approved booths."""
    fair = fair_scene.open_fair(world, **changes)
    came, missed = (fair_scene.make_booth(world, fair, S.APPROVED) for _ in range(2))
    fair_scene.begin_now(fair)
    fairs.move_due()
    return fair, came, missed


def test_who_did_not_come_is_absent_after_the_end(world: World) -> None:
    fair, came, missed = ended(world)
    assert booths.arrive(booth_id=came.pk, by=world.school_admin).state == S.ATTENDED
    fair_scene.end_now(fair)
    assert fairs.move_due() == 1
    assert fairs.move_due() == 0
    came.refresh_from_db()
    missed.refresh_from_db()
    assert (came.state, missed.state) == (S.ATTENDED, S.ABSENT)
    assert titles(missed.unit)[0] == "“春季双选会”报名后未到场"
    assert not any("未到场" in title for title in titles(came.unit))


def test_nobody_is_absent_if_no_arrival_was_noted(world: World) -> None:
    fair, *_ = ended(world)
    fair_scene.end_now(fair)
    fairs.move_due()
    assert not Booth.objects.filter(state=S.ABSENT).exists()
    fair.refresh_from_db()
    assert fair.state == FairState.ENDED


def test_nobody_is_absent_from_an_online_fair(world: World) -> None:
    fair, came, _ = ended(world, kind=FairKind.ONLINE_FAIR, link="https://live.example/1")
    refused("online", booths.arrive, booth_id=came.pk, by=world.school_admin)
    fair_scene.end_now(fair)
    fairs.move_due()
    assert set(Booth.objects.values_list("state", flat=True)) == {S.APPROVED}


def test_arrivals_are_noted_from_the_first_day_and_taken_back_before_the_end(
    world: World, fair: Fair
) -> None:
    booth = fair_scene.make_booth(world, fair, S.APPROVED)
    sentence = refused("early", booths.arrive, booth_id=booth.pk, by=world.school_admin)
    assert sentence == "活动当天起可以标记到场。"
    fair_scene.begin_now(fair)
    booths.arrive(booth_id=booth.pk, by=world.school_admin)
    assert booths.undo_arrival(booth_id=booth.pk, by=world.school_admin).state == S.APPROVED


def test_a_forgotten_arrival_is_noted_within_seven_days_after_the_end(world: World) -> None:
    fair, came, missed = ended(world)
    booths.arrive(booth_id=came.pk, by=world.school_admin)
    fair_scene.end_now(fair)
    fairs.move_due()
    assert booths.arrive(booth_id=missed.pk, by=world.school_admin).state == S.ATTENDED
    refused("over", booths.undo_arrival, booth_id=missed.pk, by=world.school_admin)
    Booth.objects.filter(pk=missed.pk).update(state=S.ABSENT)
    fair_scene.move(fair, datetime.timedelta(days=-7))
    refused("late", booths.arrive, booth_id=missed.pk, by=world.school_admin)


def test_registrations_that_nobody_decided_end_with_the_fair(world: World) -> None:
    fair, given, (offered, reserve) = full_fair(world)
    booths.cancel(booth_id=given.pk, by=given.member)
    waiting = fair_scene.make_booth(world, fair)
    fair_scene.end_now(fair)
    fairs.move_due()
    rows = Booth.objects.filter(pk__in=[offered.pk, reserve.pk, waiting.pk])
    assert set(rows.values_list("state", "reason")) == {(S.DECLINED, "活动已结束")}


def absent(world: World, unit: Unit, days_ago: int) -> None:
    """The unit was absent from a fair that ended so many days ago."""
    fair = fair_scene.make_fair(world)
    shift = timezone.now() - datetime.timedelta(days=days_ago) - fair.ends_at
    fair_scene.move(fair, shift)
    member = unit.members.first()
    assert member is not None
    Booth.objects.create(fair=fair, unit=unit, member=member, state=S.ABSENT)


def test_two_absences_within_a_year_bar_the_unit_for_a_year(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    absent(world, member.unit, 200)
    assert unit_standing.barred_from_fairs_until(member.unit) is None
    absent(world, member.unit, 10)
    until = timezone.localdate() + datetime.timedelta(days=355)
    assert unit_standing.barred_from_fairs_until(member.unit) == until
    sentence = refused("barred", fair_scene.register, fair=fair, member=member)
    words = f"{until.year}年{until.month}月{until.day}日"
    assert sentence == f"单位一年内2次报名后未到场，{words}以前不能报名。"


@pytest.mark.parametrize("days", [(400, 10), (700, 380)])
def test_absences_further_apart_or_long_ago_bar_nobody(
    world: World, fair: Fair, days: tuple[int, int]
) -> None:
    member = fair_scene.make_exhibitor(world)
    for number in days:
        absent(world, member.unit, number)
    assert fair_scene.register(fair, member).state == S.WAITING


def test_the_province_sets_how_many_absences_bar(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    absent(world, member.unit, 20)
    absent(world, member.unit, 10)
    RecruitingRules.objects.create(absences=3)
    assert unit_standing.barred_from_fairs_until(member.unit) is None
    absent(world, member.unit, 5)
    assert unit_standing.barred_from_fairs_until(member.unit) is not None
    RecruitingRules.objects.update(absences=0)
    assert fair_scene.register(fair, member).state == S.WAITING


# --- sanctions --------------------------------------------------------------------------------


def sanction(world: World, unit: Unit, days: int) -> None:
    from recruiting.actions import sanctions

    locked = Unit.objects.get(pk=unit.pk)
    sanctions.impose(
        unit=locked, posting=None, kind=SanctionKind.SUSPEND, days=days, reason="虚假宣传",
        by=world.user(Role.PROVINCE),
    )  # fmt: skip


def test_a_suspended_unit_loses_the_booths_that_fall_into_its_suspension(world: World) -> None:
    _, given, (first,) = full_fair(world, reserves=1)
    later = fair_scene.open_fair(world, title="秋季双选会", place="食堂")
    kept = fair_scene.register(later, given.member)
    shift = datetime.timedelta(days=60)
    fair_scene.move(later, shift)
    sanction(world, given.unit, 30)
    given.refresh_from_db()
    kept.refresh_from_db()
    first.refresh_from_db()
    assert (given.state, given.reason) == (S.CANCELLED, "单位被暂停招聘或列入黑名单")
    assert kept.state == S.WAITING
    assert first.state == S.OFFERED, "the booth goes to the next unit"
    told = Message.objects.filter(to=f"school:{world.school.pk}", title__contains="展位已取消")
    assert told.count() == 1


def test_a_suspended_units_talks_are_called_off(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.approve_talk(world, fair_scene.apply_for_talk(world, member))
    graduate = factories.make_graduate(world)
    fair_scene.book(talk, graduate)
    sanction(world, member.unit, 30)
    talk.refresh_from_db()
    assert (talk.state, talk.reason) == (FairState.CANCELLED, "单位目前不能招聘")
    assert Message.objects.filter(
        to=f"person:{graduate.person_id}", title__contains="已取消"
    ).exists()
