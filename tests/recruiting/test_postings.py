"""The life of a posting: drafts, checks, review, changes, pauses, ends; who may do what."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from employers.models import Membership, Unit
from recruiting import queries
from recruiting.actions import posting_review, postings
from recruiting.models import Posting, Recruiter, RecruitingRules, ReviewingSchool
from recruiting.states import PauseCause, PostingState, RevisionState
from recruiting.unit_standing import recruiting_refusals
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.make_world()


def _errors(**changes: object) -> dict[str, list[str]]:
    member = scene.make_recruiter()
    return postings.check(scene.typed_posting(**changes), member.unit).errors()


def test_a_complete_posting_has_no_errors() -> None:
    assert _errors() == {}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": ""}, "title", "不能为空"),
        ({"headcount": "0"}, "headcount", "不能小于1"),
        ({"headcount": "10000"}, "headcount", "不能大于9999"),
        ({"pay_from": "", "pay_to": ""}, "pay_from", "面议"),
        ({"pay_from": "9000", "pay_to": "6000"}, "pay_to", "不能低于下限"),
        ({"pay_from": "3000", "pay_to": "9001"}, "pay_to", "3倍"),
        ({"pay_from": "100", "pay_to": "200"}, "pay_from", "最低工资"),
        ({"pay_by_state": "是"}, "pay_by_state", "机关和事业单位"),
        ({"places": "", "abroad": ""}, "places", "工作地点"),
        ({"places": "不存在市"}, "places", "没有找到"),
        ({"job_category": "99"}, "job_category", "代码表"),
        ({"education": "小学"}, "education", "之一"),
        ({"pay_months": "30"}, "pay_months", "不能大于24"),
        ({"duties": "限男性"}, "duties", "妇女权益保障法第四十三条"),
        ({"title": "985管培生"}, "title", "三严禁"),
        ({"valid_until": "2020-01-01"}, "valid_until", "晚于今天"),
        ({"valid_until": (timezone.localdate() + datetime.timedelta(91)).isoformat()},
         "valid_until", "90天"),
        ({"valid_until": ""}, "valid_until", "不能为空"),
        ({"duties": "长" * 2001}, "duties", "2000"),
        ({"headcount": "五人"}, "headcount", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(
    changes: dict[str, str], field: str, words: str
) -> None:
    errors = _errors(**changes)
    assert field in errors
    assert words in "".join(errors[field])


def test_an_internship_may_pay_less_than_the_minimum_wage() -> None:
    assert _errors(work_kind="2", pay_from="100", pay_to="200") == {}


def test_a_public_institution_may_leave_the_pay_to_the_state() -> None:
    member = scene.make_recruiter(unit={"unit_property": "22"})
    typed = scene.typed_posting(pay_by_state="是", pay_from="", pay_to="")
    assert postings.check(typed, member.unit).errors() == {}


def test_an_agency_names_the_real_employer() -> None:
    member = scene.make_recruiter(account_kind="agency")
    assert "real_employer" in postings.check(scene.typed_posting(), member.unit).errors()


def test_a_long_probation_is_a_warning_with_its_article() -> None:
    member = scene.make_recruiter()
    checked = postings.check(
        scene.typed_posting(contract_years="1", probation_months="6"), member.unit
    )
    assert checked.errors() == {}
    assert "劳动合同法第十九条" in checked.warnings()[0].message


def test_places_of_every_level_are_read_and_searched_with_the_larger_ones() -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, places="合肥市、江苏省；340202")
    assert posting.places == ["340100", "320000", "340202"]
    assert {"340000", "340200", "340100", "320000"} <= set(posting.search_places)


def test_a_posting_is_handed_in_approved_and_shown(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    assert posting.state == PostingState.PUBLISHED
    assert posting.first_published_at is not None
    assert posting.decided_by_id == world.staff[Role.PROVINCE].pk


def test_a_draft_keeps_its_gaps_and_is_not_handed_in_with_them() -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, title="", pay_from="", pay_to="")
    with pytest.raises(Invalid) as refused:
        postings.submit(posting_id=posting.pk, by=member)
    assert {"title", "pay_from"} <= set(refused.value.errors)
    posting.refresh_from_db()
    assert posting.state == PostingState.DRAFT


def test_forbidden_wording_is_refused_with_its_article_when_handed_in() -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, requirements="男士优先")
    with pytest.raises(Invalid) as refused:
        postings.submit(posting_id=posting.pk, by=member)
    assert "妇女权益保障法" in refused.value.errors["requirements"][0]


@pytest.mark.parametrize("lack", ["certified", "verified", "claimed"])
def test_only_verified_people_of_certified_and_verified_units_hand_in(lack: str) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member)
    if lack == "certified":
        Unit.objects.filter(pk=member.unit_id).update(certified_at=None)
    elif lack == "verified":
        yesterday = timezone.localdate() - datetime.timedelta(days=1)
        Recruiter.objects.filter(unit=member.unit_id).update(valid_until=yesterday)
    else:
        member.state = Membership.CLAIMED
        member.save()
    with pytest.raises(DomainError):
        postings.submit(posting_id=posting.pk, by=member)


def test_another_units_person_changes_nothing() -> None:
    posting = scene.make_posting(scene.make_recruiter())
    stranger = scene.make_recruiter()
    for step in (postings.submit, postings.withdraw, postings.pause, postings.close):
        with pytest.raises(DomainError):
            step(posting_id=posting.pk, by=stranger)
    with pytest.raises(NotPermitted):
        postings.save_draft(
            member=stranger, typed=scene.typed_posting(), school_ids=[], posting_id=posting.pk
        )


def test_a_unit_writes_twenty_postings_a_day() -> None:
    member = scene.make_recruiter()
    RecruitingRules.objects.create(most_postings=2)
    scene.make_posting(member)
    scene.make_posting(member)
    with pytest.raises(Refused, match="daily_limit"):
        scene.make_posting(member)


def test_a_school_reviews_postings_for_its_own_graduates_only(world: World) -> None:
    member = scene.make_recruiter()
    other = factories.make_world()
    ours = scene.make_posting(member, PostingState.WAITING, school_ids=(world.school.pk,))
    for_all = scene.make_posting(member, PostingState.WAITING)
    with pytest.raises(Refused, match="other_reviewer"):
        posting_review.approve(posting_id=ours.pk, version=ours.version, by=other.school_admin)
    with pytest.raises(Refused, match="other_reviewer"):
        posting_review.approve(
            posting_id=for_all.pk, version=for_all.version, by=world.school_admin
        )
    posting_review.approve(posting_id=ours.pk, version=ours.version, by=world.school_admin)
    ReviewingSchool.objects.create(school=world.school, by="试用省级")
    posting_review.approve(posting_id=for_all.pk, version=for_all.version, by=world.school_admin)


def test_a_counsellor_reviews_nothing(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.WAITING)
    with pytest.raises(NotPermitted):
        posting_review.approve(posting_id=posting.pk, version=posting.version, by=world.counsellor)


def test_giving_back_needs_a_reason_that_the_unit_reads(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.WAITING)
    province = world.user(Role.PROVINCE)
    with pytest.raises(Invalid):
        posting_review.give_back(
            posting_id=posting.pk, version=posting.version, reason=" ", by=province
        )
    returned = posting_review.give_back(
        posting_id=posting.pk, version=posting.version, reason="薪酬与职责不符", by=province
    )
    assert (returned.state, returned.reason) == (PostingState.RETURNED, "薪酬与职责不符")
    postings.submit(posting_id=posting.pk, by=member)


def test_a_reviewer_with_an_outdated_page_decides_nothing(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.WAITING)
    seen = posting.version
    postings.withdraw(posting_id=posting.pk, by=member)
    with pytest.raises(Conflict):
        posting_review.approve(posting_id=posting.pk, version=seen, by=world.user(Role.PROVINCE))


def test_a_change_waits_while_the_published_text_stands(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    changed = postings.revise(
        posting_id=posting.pk, by=member,
        typed=scene.typed_posting(title="高级工程师", headcount="8"),
    )  # fmt: skip
    assert (changed.title, changed.headcount) == ("软件开发工程师", 8)
    revision = changed.revisions.get()
    assert revision.values == {"title": "高级工程师"}
    approved = posting_review.approve(
        posting_id=posting.pk, version=changed.version, by=world.user(Role.PROVINCE)
    )
    assert approved.title == "高级工程师"
    revision.refresh_from_db()
    assert revision.state == RevisionState.APPROVED


def test_a_refused_change_leaves_the_published_text(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    changed = postings.revise(
        posting_id=posting.pk, by=member, typed=scene.typed_posting(pay_to="12000")
    )
    posting_review.give_back(
        posting_id=posting.pk,
        version=changed.version,
        reason="请说明",
        by=world.user(Role.PROVINCE),
    )
    posting.refresh_from_db()
    assert (posting.state, posting.pay_to) == (PostingState.PUBLISHED, 9000)


def test_two_causes_pause_and_both_have_to_end(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    postings.pause(posting_id=posting.pk, by=member)
    with transaction.atomic():
        postings.hold_unit(member.unit, PauseCause.REPORTED)
    resumed = postings.resume(posting_id=posting.pk, by=member)
    assert (resumed.state, resumed.pause_causes) == (PostingState.PAUSED, [PauseCause.REPORTED])
    with transaction.atomic():
        postings.release_unit(member.unit, PauseCause.REPORTED)
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_an_unconfirmed_posting_is_paused_at_day_60_until_it_is_confirmed(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    Posting.objects.filter(pk=posting.pk).update(
        confirmed_at=timezone.now() - datetime.timedelta(days=61)
    )
    assert postings.hold_unconfirmed() == 1
    posting.refresh_from_db()
    assert posting.pause_causes == [PauseCause.UNCONFIRMED]
    assert postings.confirm_open(posting_id=posting.pk, by=member).state == PostingState.PUBLISHED


def test_a_posting_expires_the_day_after_and_may_be_renewed(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    today = timezone.localdate()
    Posting.objects.filter(pk=posting.pk).update(valid_until=today)
    assert postings.expire_due() == 0
    Posting.objects.filter(pk=posting.pk).update(valid_until=today - datetime.timedelta(days=1))
    assert postings.expire_due() == 1
    with pytest.raises(Invalid):
        postings.renew(posting_id=posting.pk, until=today + datetime.timedelta(days=91), by=member)
    renewed = postings.renew(
        posting_id=posting.pk, until=today + datetime.timedelta(days=30), by=member
    )
    assert renewed.state == PostingState.PUBLISHED
    postings.close(posting_id=posting.pk, by=member)
    Posting.objects.filter(pk=posting.pk).update(
        first_published_at=timezone.now() - datetime.timedelta(days=181)
    )
    with pytest.raises(Refused, match="too_old"):
        postings.renew(posting_id=posting.pk, until=today + datetime.timedelta(days=30), by=member)


def test_who_took_a_posting_down_decides_about_bringing_it_back(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(
        member, PostingState.PUBLISHED, by=world, school_ids=(world.school.pk,)
    )
    province = world.user(Role.PROVINCE)
    posting_review.take_down(posting_id=posting.pk, reason="虚假宣传", by=province)
    with pytest.raises(Refused, match="taken_down_above"):
        posting_review.restore(posting_id=posting.pk, by=world.school_admin)
    assert (
        posting_review.restore(posting_id=posting.pk, by=province).state == PostingState.PUBLISHED
    )
    posting_review.take_down(posting_id=posting.pk, reason="学校核实", by=world.school_admin)
    assert posting_review.restore(posting_id=posting.pk, by=world.school_admin).state == "published"


def test_bulk_approval_skips_postings_with_warnings_and_answers_each(world: World) -> None:
    member = scene.make_recruiter()
    plain = scene.make_posting(member, PostingState.WAITING)
    warned = scene.make_posting(member, PostingState.WAITING, requirements="年龄18-30岁")
    gone = scene.make_posting(member, PostingState.WAITING)
    seen = [(p.pk, p.version) for p in (plain, warned, gone)]
    postings.withdraw(posting_id=gone.pk, by=member)
    answers = posting_review.approve_many(seen=seen, by=world.user(Role.PROVINCE))
    assert [a.done for a in answers] == [True, False, False]
    assert "逐个" in answers[1].message
    with pytest.raises(Invalid):
        posting_review.approve_many(seen=[(n, 1) for n in range(51)], by=world.user(Role.PROVINCE))


def test_a_reliable_unit_publishes_before_the_review_if_the_province_allows_it(
    world: World,
) -> None:
    member = scene.make_recruiter()
    for _ in range(3):
        scene.make_posting(member, PostingState.PUBLISHED, by=world)
    assert scene.make_posting(member, PostingState.WAITING).state == PostingState.WAITING
    RecruitingRules.objects.create(post_review=True)
    shown = scene.make_posting(member, PostingState.WAITING)
    assert (shown.state, shown.review_pending) == (PostingState.PUBLISHED, True)
    returned = posting_review.give_back(
        posting_id=shown.pk, version=shown.version, reason="请核对", by=world.user(Role.PROVINCE)
    )
    assert returned.state == PostingState.RETURNED


def test_a_school_hides_a_posting_from_its_own_graduates(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    posting_review.set_hidden(posting_id=posting.pk, hidden=True, by=world.school_admin)
    posting.refresh_from_db()
    assert posting.hidden_from == [world.school.pk]
    with pytest.raises(NotPermitted):
        posting_review.set_hidden(posting_id=posting.pk, hidden=True, by=world.counsellor)
    posting_review.set_hidden(posting_id=posting.pk, hidden=False, by=world.school_admin)


def test_the_database_refuses_a_pause_without_cause_and_an_unpaid_published_posting(
    world: World,
) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    for wrong in ({"state": "paused"}, {"pay_from": None}, {"published_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Posting.objects.filter(pk=posting.pk).update(**wrong)


def test_a_posting_past_its_last_day_is_not_shown_before_a_task_marks_it(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    graduate = factories.make_graduate(world)
    assert queries.open_to(graduate).filter(pk=posting.pk).exists()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Posting.objects.filter(pk=posting.pk).update(valid_until=yesterday)
    assert not queries.open_to(graduate).filter(pk=posting.pk).exists()


def test_a_posting_whose_last_day_is_over_is_not_approved(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.WAITING)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Posting.objects.filter(pk=posting.pk).update(valid_until=yesterday)
    with pytest.raises(Refused, match="over"):
        posting_review.approve(
            posting_id=posting.pk, version=posting.version, by=world.user(Role.PROVINCE)
        )


def test_one_posting_that_changed_meanwhile_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = scene.make_recruiter()
    first, second = (scene.make_posting(member, PostingState.PUBLISHED, by=world) for _ in range(2))
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Posting.objects.filter(pk__in=[first.pk, second.pk]).update(valid_until=yesterday)
    take_step = postings.take_step

    def renewed_meanwhile(action: str, posting_id: int, *args: object) -> object:
        if posting_id == first.pk:
            Posting.objects.filter(pk=first.pk).update(valid_until=timezone.localdate())
        return take_step(action, posting_id, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(postings, "take_step", renewed_meanwhile)
    assert postings.expire_due() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (PostingState.PUBLISHED, PostingState.EXPIRED)


def test_an_agency_whose_licence_has_ended_does_not_recruit() -> None:
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    member = scene.make_recruiter(account_kind="agency", licence_until=yesterday)
    assert [r.code for r in recruiting_refusals(member.unit)] == ["licence_ended"]
