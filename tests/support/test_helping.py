"""Profile, plan, records and recommendations of a listed graduate, and how they count for the quota."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Message
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from core.models import Event
from schools.models import Cohort
from schools.roles import Role
from support import queries
from support.actions import helping, recommending, records, rules
from support.models import JobRecommendation, Listing, Plan, Profile, Quota, Record, Way
from support.states import CountsAs, RecordState
from tests import factories
from tests.factories import World
from tests.recruiting import scene as recruiting_scene
from tests.support import scene

pytestmark = pytest.mark.django_db


def fresh(listing: Listing) -> Listing:
    return Listing.objects.select_related("cohort").get(pk=listing.pk)


def is_met(listing: Listing) -> bool:
    rows = Listing.objects.filter(pk=listing.pk)
    return rows.filter(queries.quota_met(rows)).exists()


# --- 责任人 ------------------------------------------------------------------------------------


def test_the_school_names_who_is_responsible_and_that_person_is_told(world: World) -> None:
    listing = scene.list_only(world)
    counsellor = world.counsellor
    assert not queries.listings_for(counsellor).exists()
    helping.assign(listing_id=listing.pk, user_id=counsellor.pk, by=world.school_admin)
    assert queries.listings_for(world.counsellor).get() == listing
    told = Message.objects.get(to=f"user:{counsellor.pk}")
    assert told.link == "/console/support/"
    helping.assign(listing_id=listing.pk, user_id=counsellor.pk, by=world.school_admin)
    assert Event.objects.filter(action="support.assign").count() == 1, "the same again is nothing"


def test_who_does_not_have_the_graduate_in_scope_cannot_be_responsible(world: World) -> None:
    elsewhere = factories.make_graduate(world, department=1)
    listing = scene.list_only(world, elsewhere)
    with pytest.raises(Refused) as refused:
        helping.assign(listing_id=listing.pk, user_id=world.counsellor.pk, by=world.school_admin)
    assert refused.value.code == "out_of_scope"
    other = factories.make_world()
    with pytest.raises(Invalid):
        helping.assign(listing_id=listing.pk, user_id=other.counsellor.pk, by=world.school_admin)
    assert fresh(listing).responsible_id is None


def test_several_are_given_one_person_and_each_is_answered(world: World) -> None:
    inside = [scene.list_only(world) for _ in range(2)]
    outside = scene.list_only(
        world,
        factories.make_graduate(world, department=1),
    )
    answers = helping.assign_many(
        listing_ids=[row.pk for row in [*inside, outside]], user_id=world.counsellor.pk,
        by=world.school_admin,
    )  # fmt: skip
    assert [answer.ok for answer in answers] == [True, True, False]
    assert "管理范围" in answers[2].message
    assert Message.objects.filter(to=f"user:{world.counsellor.pk}").count() == 1


# --- profile and plan ---------------------------------------------------------------------------


def test_a_profile_is_written_changed_and_never_overwritten_unseen(world: World) -> None:
    listing = scene.make_listing(world)
    scene.write_profile(listing, world.counsellor)
    profile = Profile.objects.get()
    assert profile.version == 1
    scene.write_profile(listing, world.counsellor)
    assert Profile.objects.get().version == 1, "the same form sent twice"
    with pytest.raises(Conflict):
        scene.write_profile(listing, world.department_admin, wish="study")
    assert Profile.objects.get().wish == "work"
    event = Event.objects.get(action="support.write_profile")
    assert event.data == {"fields": ["family", "difficulty", "wish"]}, "no sensitive words"


def test_what_is_too_long_or_missing_is_said_beside_its_field(world: World) -> None:
    listing = scene.make_listing(world)
    with pytest.raises(Invalid) as refused:
        scene.write_profile(listing, world.counsellor, family="长" * 301, wish="")
    assert set(refused.value.errors) == {"family", "wish"}
    scene.write_profile(listing, world.counsellor, family="长" * 300)
    with pytest.raises(Invalid) as refused:
        helping.save_plan(
            listing_id=listing.pk, aims="长" * 501, review_on=None, by=world.counsellor
        )
    assert set(refused.value.errors) == {"aims", "review_on"}
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    with pytest.raises(Invalid):
        helping.save_plan(
            listing_id=listing.pk, aims="面谈", review_on=yesterday, by=world.counsellor
        )
    assert not Plan.objects.exists()


def test_a_plan_needs_a_profile_and_a_later_one_holds(world: World) -> None:
    listing = scene.make_listing(world)
    with pytest.raises(Refused) as refused:
        scene.write_plan(listing, world.counsellor)
    assert refused.value.code == "no_profile"
    scene.write_profile(listing, world.counsellor)
    scene.write_plan(listing, world.counsellor)
    scene.write_plan(listing, world.counsellor)
    assert Plan.objects.count() == 1, "the same plan sent twice"
    scene.write_plan(listing, world.counsellor, aims="改为准备升学考试。")
    assert listing.plans.order_by("-id")[0].aims == "改为准备升学考试。"
    assert Plan.objects.count() == 2


# --- records ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"on": None}, "on"),
        ({"on": timezone.localdate() + datetime.timedelta(days=1)}, "on"),
        ({"on": datetime.date(2001, 1, 1)}, "on"),
        ({"way": "nothing"}, "way"),
        ({"text": "太短的内容"}, "text"),
        ({"text": "长" * 501}, "text"),
        ({"helper": ""}, "helper"),
        ({"result": "won"}, "result"),
        ({"next_on": datetime.date(2001, 1, 1)}, "next_on"),
        ({"about": "posting:1"}, "about"),
        ({"way": "subsidy", "subsidy": "", "subsidy_amount": 1500}, "subsidy"),
        ({"way": "subsidy", "subsidy": "granted"}, "subsidy_amount"),
        ({"way": "subsidy", "subsidy": "granted", "subsidy_amount": 999}, "subsidy_amount"),
        ({"way": "subsidy", "subsidy": "granted", "subsidy_amount": 2001}, "subsidy_amount"),
    ],
)
def test_what_is_wrong_with_a_record_is_said(
    world: World, changes: dict[str, object], field: str
) -> None:
    listing = scene.make_listing(world)
    with pytest.raises(Invalid) as refused:
        scene.add_record(listing, world.counsellor, **changes)  # type: ignore[arg-type]
    assert list(refused.value.errors) == [field]
    assert not Record.objects.exists()


def test_a_subsidy_has_state_and_amount_and_other_ways_none(world: World) -> None:
    listing = scene.make_listing(world)
    typed = {"subsidy": "granted", "subsidy_amount": 1500}
    paid = scene.add_record(listing, world.counsellor, "subsidy", **typed)
    assert (paid.subsidy, paid.subsidy_amount) == ("granted", 1500)
    talk = scene.add_record(listing, world.counsellor, "talk", **typed)
    assert (talk.subsidy, talk.subsidy_amount) == ("", None)


def test_the_same_form_sent_twice_makes_one_record(world: World) -> None:
    listing = scene.make_listing(world)
    for _ in range(2):
        records.add(listing_id=listing.pk, typed=scene.typed_record(), evidence=[], form_key="one",
                    by=world.counsellor)  # fmt: skip
    assert Record.objects.count() == 1


def test_a_later_record_corrects_an_earlier_one_and_names_it(world: World) -> None:
    listing = scene.make_listing(world)
    old = scene.add_record(listing, world.counsellor)
    new = records.add(
        listing_id=listing.pk, typed=scene.typed_record("guidance"), evidence=[], form_key="new",
        by=world.department_admin, corrects=old.pk,
    )  # fmt: skip
    old.refresh_from_db()
    assert (old.state, new.corrects_id) == (RecordState.CORRECTED, old.pk)
    with pytest.raises(Refused) as refused:
        records.add(listing_id=listing.pk, typed=scene.typed_record(), evidence=[], form_key="third",
                    by=world.counsellor, corrects=old.pk)  # fmt: skip
    assert refused.value.code == "state"
    other = scene.add_record(scene.make_listing(world), world.counsellor)
    with pytest.raises(Refused) as refused:
        records.add(listing_id=listing.pk, typed=scene.typed_record(), evidence=[], form_key="x",
                    by=world.counsellor, corrects=other.pk)  # fmt: skip
    assert refused.value.code == "other_person"


def test_the_author_deletes_a_record_within_a_day(world: World) -> None:
    listing = scene.make_listing(world)
    record = scene.add_record(listing, world.counsellor)
    with pytest.raises(Refused):
        records.delete(record_id=record.pk, by=world.school_admin)
    records.delete(record_id=record.pk, by=world.counsellor)
    assert not Record.objects.exists()
    assert Event.objects.get(action="support.delete_record").data["record"] == record.pk


def test_after_a_day_a_record_stays(world: World) -> None:
    record = scene.add_record(scene.make_listing(world), world.counsellor)
    day_ago = timezone.now() - datetime.timedelta(hours=24, seconds=1)
    Record.objects.filter(pk=record.pk).update(created_at=day_ago)
    with pytest.raises(Refused) as refused:
        records.delete(record_id=record.pk, by=world.counsellor)
    assert refused.value.code == "too_old"


def test_a_record_may_be_before_the_opening_but_not_outside_the_year(world: World) -> None:
    listing = scene.make_listing(world)
    Cohort.objects.filter(pk=world.cohort.pk).update(
        opens_on=timezone.localdate() + datetime.timedelta(days=3)
    )
    assert scene.add_record(listing, world.counsellor).pk


def test_a_sealed_year_and_a_removed_person_are_closed(world: World) -> None:
    listing = scene.make_listing(world)
    record = scene.add_record(listing, world.counsellor)
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at=timezone.now())
    for step in (
        lambda: scene.add_record(listing, world.counsellor),
        lambda: scene.write_profile(listing, world.counsellor),
        lambda: records.delete(record_id=record.pk, by=world.counsellor),
    ):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == "sealed"


# --- recommendations ----------------------------------------------------------------------------


def test_a_posting_is_sent_with_message_record_and_funnel(world: World) -> None:
    graduate = recruiting_scene.make_applicant(world)
    listing, posting = scene.make_listing(world, graduate), scene.make_posting(world)
    sent = scene.recommend(listing, posting, world.counsellor)
    told = Message.objects.get(to=f"person:{graduate.person_id}", title__startswith="老师向您推荐")
    assert told.link == f"/employment-services/jobs/{sent.pk}/"
    assert sent.record.way.code == "recommend"
    assert posting.title in sent.record.text
    rows = queries.with_funnel(JobRecommendation.objects.all())
    assert (rows[0].opened_at, rows[0].applied, rows[0].interviewed) == (None, False, False)
    recommending.note_opened(graduate=graduate, posting_id=posting.pk)
    first = rows[0].opened_at
    assert first is not None
    recommending.note_opened(graduate=graduate, posting_id=posting.pk)
    assert rows[0].opened_at == first
    recruiting_scene.apply(graduate, posting)
    assert rows.all()[0].applied


def test_an_application_before_the_recommendation_does_not_count(world: World) -> None:
    graduate = recruiting_scene.make_applicant(world)
    listing, posting = scene.make_listing(world, graduate), scene.make_posting(world)
    recruiting_scene.apply(graduate, posting)
    sent = scene.recommend(listing, posting, world.counsellor)
    JobRecommendation.objects.filter(pk=sent.pk).update(
        sent_at=timezone.now() + datetime.timedelta(minutes=1)
    )
    assert not queries.with_funnel(JobRecommendation.objects.all())[0].applied


def test_a_posting_is_sent_once_and_only_if_the_graduate_can_open_it(world: World) -> None:
    listing, posting = scene.make_listing(world), scene.make_posting(world)
    scene.recommend(listing, posting, world.counsellor)
    with pytest.raises(Refused) as refused:
        scene.recommend(listing, posting, world.counsellor)
    assert refused.value.code == "recommended"
    other = factories.make_world()
    hidden = scene.make_posting(world, school_ids=(other.school.pk,))
    with pytest.raises(Refused) as refused:
        scene.recommend(listing, hidden, world.counsellor)
    assert refused.value.code == "not_open"
    assert Record.objects.count() == 1


def test_the_record_of_a_recommendation_is_neither_deleted_nor_corrected(world: World) -> None:
    listing = scene.make_listing(world)
    sent = scene.recommend(listing, scene.make_posting(world), world.counsellor)
    with pytest.raises(Refused):
        records.delete(record_id=sent.record_id, by=world.counsellor)
    with pytest.raises(Refused):
        records.add(listing_id=listing.pk, typed=scene.typed_record(), evidence=[], form_key="c",
                    by=world.counsellor, corrects=sent.record_id)  # fmt: skip


# --- the quota ----------------------------------------------------------------------------------


def test_the_quota_131_is_met_by_help_and_not_by_its_results(world: World) -> None:
    listing, by = scene.make_listing(world), world.counsellor
    scene.add_record(listing, by, "guidance", result="nothing")
    scene.add_record(listing, by, "internship")
    for _ in range(3):
        scene.add_record(listing, by, "recommend", text="手工填写的岗位推荐记录。")
    assert queries.helps_of(listing) == {"guidance": 1, "recommend": 0, "training": 1, "policy": 0}
    assert not is_met(listing), "a hand-written recommendation does not count"
    for _ in range(2):
        scene.recommend(listing, scene.make_posting(world), by)
    assert not is_met(listing)
    scene.recommend(listing, scene.make_posting(world), by)
    assert is_met(listing)
    assert queries.helps_of(listing)["recommend"] == 3


def test_a_corrected_record_no_longer_counts(world: World) -> None:
    listing, by = scene.make_listing(world), world.counsellor
    old = scene.add_record(listing, by, "guidance")
    records.add(listing_id=listing.pk, typed=scene.typed_record("other"), evidence=[], form_key="c",
                by=by, corrects=old.pk)  # fmt: skip
    assert queries.helps_of(listing)["guidance"] == 0


def test_a_year_may_have_a_quota_of_its_own_and_ways_count_as_the_province_says(
    world: World,
) -> None:
    listing, province = scene.make_listing(world), world.user(Role.PROVINCE)
    scene.add_record(listing, world.counsellor, "counselling")
    typed = {"guidance": 1, "recommend": 0, "training": 0, "policy": 0}
    rules.save_quota(year=world.cohort.year, typed=typed, by=province)
    assert Quota.objects.get(year=0).recommend == 3
    assert not is_met(listing)
    way = Way.objects.get(code="counselling")
    rules.save_way(
        way_id=way.pk, typed={"name": way.name, "counts_as": "guidance", "is_active": True},
        version=rules.version_of(way), by=province,
    )  # fmt: skip
    assert is_met(listing)


def test_only_the_province_edits_ways_and_quota(world: World) -> None:
    for step in (
        lambda: rules.save_quota(year=0, typed={}, by=world.school_admin),
        lambda: rules.save_way(way_id=None, typed={}, version="", by=world.school_admin),
    ):
        with pytest.raises(NotPermitted):
            step()


def test_a_stale_way_a_second_of_the_same_name_and_a_wrong_number_are_refused(world: World) -> None:
    province, way = world.user(Role.PROVINCE), Way.objects.get(code="talk")
    typed = {"name": "谈心谈话", "counts_as": "none", "is_active": True}
    with pytest.raises(Conflict):
        rules.save_way(way_id=way.pk, typed=typed, version="old", by=province)
    with pytest.raises(Invalid) as refused:
        rules.save_way(way_id=None, typed=typed, version="", by=province)
    assert list(refused.value.errors) == ["name"]
    with pytest.raises(Invalid):
        rules.save_quota(
            year=0,
            typed={"guidance": 21, "recommend": 3, "training": 1, "policy": None},
            by=province,
        )
    fixed = Way.objects.get(code="recommend")
    with pytest.raises(Invalid):
        rules.save_way(way_id=fixed.pk, typed={"name": fixed.name, "counts_as": CountsAs.NONE,
                                               "is_active": True},
                       version=rules.version_of(fixed), by=province)  # fmt: skip


def test_a_way_that_is_off_is_not_chosen_again(world: World) -> None:
    listing, province = scene.make_listing(world), world.user(Role.PROVINCE)
    way = Way.objects.get(code="talk")
    rules.save_way(way_id=way.pk, typed={"name": way.name, "counts_as": "guidance", "is_active": False},
                   version=rules.version_of(way), by=province)  # fmt: skip
    with pytest.raises(Invalid):
        scene.add_record(listing, world.counsellor, "talk")


def test_the_conditions_are_asked_in_one_query_for_all(world: World) -> None:
    for _ in range(3):
        scene.make_listing(world)
    rows = Listing.objects.all()
    with CaptureQueriesContext(connection) as caught:
        list(rows.filter(queries.quota_met(rows)))
    assert len(caught) == 2, "the quotas and the rows"


def test_nobody_else_may_help(world: World) -> None:
    listing = scene.make_listing(world)
    colleague = factories.make_staff(Role.COUNSELLOR, world, cohorts=[world.cohort],
                                     classes=[world.classes[0][0]])  # fmt: skip
    for by in (colleague, world.user(Role.PROVINCE), factories.make_world().school_admin):
        with pytest.raises(DomainError) as refused:
            scene.add_record(listing, by)
        assert refused.value.status == 403
