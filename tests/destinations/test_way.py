"""The graduate's page of the destination: how far it has come, and what a registration means for
signing."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from destinations.actions import dispute, enter, register, review
from destinations.catalogue import catalogue
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.states import State
from destinations.steps import NATIONAL, SystemActor
from destinations.way import WayStep, way_of
from graduates.actions import origin
from graduates.models import Graduate
from graduates.records import confirmation_hash, record_of
from national_sync.models import Batch, BatchLine, Entry
from national_sync.states import EntryState, Part
from tests import factories
from tests.factories import (
    SEEKING,
    World,
    client_of,
    destination_of,
    make_graduate,
    put_in_state,
)

pytestmark = pytest.mark.django_db

LABELS = ["提交", "初审", "终审", "上报", "全国通过"]


def way(graduate: Graduate) -> list[WayStep]:
    return way_of(destination_of(graduate))


def done(graduate: Graduate) -> list[str]:
    return [step.label for step in way(graduate) if step.done]


def marked(graduate: Graduate) -> list[str]:
    return [step.label for step in way(graduate) if step.now]


def report(graduate: Graduate, state: str) -> None:
    """The ledger after the destination was sent, and perhaps accepted."""
    batch = Batch.objects.create(lines=1, sent_at=timezone.now())
    entry = Entry.objects.get(graduate=graduate, part=Part.DESTINATION)
    BatchLine.objects.create(
        batch=batch, entry=entry, graduate_id=graduate.pk, part=Part.DESTINATION,
        version=entry.version, mode="new", record={}, digest="x",
    )  # fmt: skip
    Entry.objects.filter(pk=entry.pk).update(
        state=state, sent_version=entry.version,
        accepted_at=timezone.now() if state == EntryState.ACCEPTED else None,
    )  # fmt: skip


def test_the_way_has_five_steps_with_dates(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    assert [step.label for step in way(graduate)] == LABELS
    assert (done(graduate), marked(graduate)) == ([], ["提交"])
    put_in_state(graduate, State.PENDING, world, user)
    assert (done(graduate), marked(graduate)) == (["提交"], ["初审"])
    assert way(graduate)[0].at == destination_of(graduate).submitted_at
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    assert (done(graduate), marked(graduate)) == (["提交", "初审"], ["终审"])
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    assert (done(graduate), marked(graduate)) == (["提交", "初审", "终审"], ["上报"])
    assert all(step.at is not None for step in way(graduate)[:3])
    report(graduate, EntryState.SENT)
    assert (done(graduate), marked(graduate)) == (LABELS[:4], ["全国通过"])
    report(graduate, EntryState.ACCEPTED)
    assert (done(graduate), marked(graduate)) == (LABELS, [])
    page = client_of(user).get("/destination/").content.decode()
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert page.count(today) >= 5


def test_a_school_that_reviews_alone_leaves_no_date_of_the_department(world: World) -> None:
    graduate = make_graduate(world)
    put_in_state(graduate, State.SCHOOL_APPROVED, world, factories.activate(graduate))
    steps = way(graduate)
    assert steps[0].words == "由老师录入"
    assert (steps[1].at, steps[1].words) == (None, "由学校直接审核")
    assert done(graduate) == LABELS[:3]


@pytest.mark.parametrize(("role", "label"), [("counsellor", "初审"), ("school_admin", "终审")])
def test_where_it_was_sent_back_is_said_in_words(role: str, label: str, world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    put_in_state(graduate, State.PENDING, world, user)
    review.reject(graduate_id=graduate.pk, reason="单位名称不符", by=world.user(role))
    assert marked(graduate) == [label]
    (step,) = [step for step in way(graduate) if step.sent_back]
    today = timezone.localdate()
    assert f"{today.year}年{today.month}月{today.day}日" in step.words
    assert step.words.endswith("退回：单位名称不符")
    page = client_of(user).get("/destination/").content.decode()
    assert step.words in page


def test_what_the_national_system_sent_back_stands_at_the_last_step(world: World) -> None:
    graduate = make_graduate(world)
    put_in_state(graduate, State.SCHOOL_APPROVED, world, factories.activate(graduate))
    report(graduate, EntryState.REJECTED)
    review.reject_national(graduate_id=graduate.pk, reason="单位代码错误", by=SystemActor(NATIONAL))
    (step,) = [step for step in way(graduate) if step.sent_back]
    assert (step.label, step.now) == ("全国通过", True)
    assert "全国系统退回：单位代码错误" in step.words
    assert done(graduate) == LABELS[:4]


def test_a_change_after_the_report_is_not_reported_yet(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    report(graduate, EntryState.ACCEPTED)
    assert "全国通过" in done(graduate)
    register.touch_up(graduate_id=graduate.pk, typed={"contact_name": "虚构主任"}, by=user)
    assert done(graduate) == LABELS[:3]


def test_categories_that_wait_for_the_school_say_so(world: World) -> None:
    factories.set_minimum_wage("340000", 2000)
    graduate = make_graduate(world)
    needs = next(leaf for leaf in catalogue().leaves.values() if leaf.school_review)
    Destination.objects.filter(pk=graduate.pk).update(
        state=State.DEPARTMENT_APPROVED, category=needs.code, department_at=timezone.now()
    )
    assert [s.words for s in way(graduate) if s.label == "上报"] == ["此类去向终审后才上报"]


# --- registering and signing ------------------------------------------------------------------------


def test_registering_warns_that_it_blocks_signing(world: World) -> None:
    client = client_of(factories.activate(make_graduate(world)))
    words = "就不能接受签约邀约"
    assert words in client.get("/destination/choose/").content.decode()
    assert words in client.get("/destination/form/?category=11").content.decode()
    seeking = client.get("/destination/form/?category=70-2").content.decode()
    assert words not in seeking


# --- studies ----------------------------------------------------------------------------------------


def test_studies_name_the_school_and_its_place(world: World) -> None:
    graduate = make_graduate(world)
    client = client_of(factories.activate(graduate))
    page = client.get("/destination/form/?category=801")
    labels = {f.name: f.label for f in page.context["form"]}
    assert (labels["unit_name"], labels["unit_division"]) == ("录取院校", "院校所在地")
    of_job = client.get("/destination/form/?category=11").context["form"]
    assert of_job["unit_name"].label == "单位名称"
    errors = check_registration({"category": "801"}, evidence=None).errors()
    assert errors["unit_name"] == ["录取院校不能为空"]
    typed = {"category": "801", "unit_name": "虚构大学", "unit_division": "340111"}
    enter.enter(graduate_id=graduate.pk, typed=typed, by=world.counsellor)
    shown = client.get("/destination/").content.decode()
    assert "录取院校" in shown
    assert "单位名称" not in shown
    asked = client.get("/corrections/ask/?kind=destination").content.decode()
    assert "院校所在地" in asked
    staff = world.client("counsellor").get(f"/console/destinations/{graduate.pk}/").content.decode()
    assert "录取院校" in staff


# --- the home page ----------------------------------------------------------------------------------


def cards(graduate: Graduate) -> dict[str, str]:
    user = factories.User.objects.get(person__graduates=graduate)
    found = client_of(user).get("/").context["cards"]
    return {card.label: f"{card.title} {card.text}" for card in found}


def test_home_says_until_when_one_has_to_register(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    world.cohort.ends_on = factories.today() + datetime.timedelta(days=12)
    world.cohort.save()
    last = world.cohort.ends_on
    words = cards(graduate)["办理期限"]
    assert words == f"{last.year}年{last.month}月{last.day}日截止 还有12天。"
    world.cohort.ends_on = factories.today()
    world.cohort.save()
    assert "今天是最后一天" in cards(graduate)["办理期限"]
    # Who has confirmed and registered is not reminded.
    whole = Graduate.objects.select_related(*origin.RELATED).get(pk=graduate.pk)
    shown = confirmation_hash(record_of(whole))
    origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=user)
    assert "办理期限" in cards(graduate)
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    assert "办理期限" not in cards(graduate)


def test_home_counts_the_deadline_of_a_reopened_record(world: World) -> None:
    graduate = make_graduate(world)
    factories.activate(graduate)
    world.cohort.ends_on = factories.today() - datetime.timedelta(days=3)
    world.cohort.save()
    assert "办理期限" not in cards(graduate)
    until = factories.today() + datetime.timedelta(days=5)
    Graduate.objects.filter(pk=graduate.pk).update(reopened_until=until)
    assert "还有5天" in cards(graduate)["办理期限"]


def test_home_says_when_registering_begins(world: World) -> None:
    graduate = make_graduate(world)
    factories.activate(graduate)
    world.cohort.opens_on = factories.today() + datetime.timedelta(days=5)
    world.cohort.save()
    assert "起可以登记毕业去向" in cards(graduate)["办理期限"]


def test_home_shows_the_own_dispute(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    assert "去向异议" not in cards(graduate)
    raised = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是我的去向", by=user)
    words = cards(graduate)["去向异议"]
    assert "等待学校处理" in words
    assert f"{raised.due_on.month}月{raised.due_on.day}日前处理" in words
