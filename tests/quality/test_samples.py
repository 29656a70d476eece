"""抽样核查: the draw can be replayed; publication, reply and the end of a sample."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from core.models import Event
from graduates.models import Graduate
from quality import call_script, drawing, sample_results
from quality.actions import samples
from quality.models import CallBack, Sample, SampleReply, Stratum
from quality.sample_steps import SAMPLE
from quality.states import CallOutcome, SampleState
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world
from tests.quality import scene
from tests.quality.sampling import (
    ANSWERS,
    assigned,
    create,
    draw,
    drawn,
    first_call,
    reach,
    refusal_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_day")]


@pytest.fixture
def world() -> World:
    return make_world()


# --- the draw -----------------------------------------------------------------------------------


def test_the_hash_is_there_before_the_draw_and_the_seed_stays_hidden(world: World) -> None:
    scene.make_job(world)
    sample = create(world)
    assert sample.seed_hash == drawing.hash_of(sample.seed)
    client = world.client(Role.SCHOOL_ADMIN)
    for state in (SampleState.DRAFT, SampleState.DRAWN):
        page = client.get(reverse("console:sample", args=[sample.pk])).content.decode()
        assert sample.seed_hash in page and sample.seed not in page
        if state == SampleState.DRAFT:
            draw(sample, world.school_admin)
    assert not Event.objects.filter(data__icontains=sample.seed).exists()


def test_the_population_is_the_approved_of_the_year_in_scope(world: World) -> None:
    inside = scene.make_job(world)
    scene.make_job(world, state="pending")
    scene.make_job(make_world())
    scene.make_job(world, category="10")
    sample = draw(create(world, categories=["11"]), world.school_admin)
    (stratum,) = Stratum.objects.filter(sample=sample)
    assert stratum.graduate_ids == [inside.pk]
    assert (stratum.size, stratum.drawn, stratum.label) == (1, 1, inside.department.name)
    assert first_call(sample).registered["unit_name"] == scene.JOB["unit_name"]


def test_the_database_draws_by_the_rule_that_can_be_replayed(world: World) -> None:
    for number in range(24):
        scene.make_job(world, department=number % 2, category="11" if number % 3 else "12")
    sample = draw(create(world, percent=None, number=8, divided_by=["department", "category"]), world.school_admin)  # fmt: skip
    strata = list(sample.strata.all())
    assert len(strata) == 4 and sum(s.size for s in strata) == 24
    for stratum in strata:
        order = drawing.order_of(sample.seed, stratum.graduate_ids)
        called = stratum.calls.order_by("place").values_list("graduate_id", flat=True)
        assert list(called) == order[: stratum.drawn] and stratum.drawn >= 2
    assert samples.replay(sample) == []


def test_what_comes_later_changes_no_draw(world: World) -> None:
    sample = drawn(world, 3)
    scene.make_job(world)
    Graduate.objects.filter(pk=first_call(sample).graduate_id).update(name="改名")
    assert CallBack.objects.filter(sample=sample).count() == 3
    assert samples.replay(sample) == []


def test_a_population_of_nobody_and_a_stale_page_are_refused(world: World) -> None:
    sample = create(world)
    assert refusal_of(draw, sample, world.school_admin) == "nobody"
    scene.make_job(world)
    draw(sample, world.school_admin)
    assert refusal_of(draw, sample, world.school_admin) == "stale"
    sample.refresh_from_db()
    assert refusal_of(draw, sample, world.school_admin) == "state"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""}, {"name": "长" * 41}, {"percent": None}, {"number": 5}, {"percent": 0.0},
        {"percent": 101.0}, {"percent": None, "number": 0}, {"blind": True},
    ],
)  # fmt: skip
def test_what_a_sample_needs(world: World, changes: dict[str, Any]) -> None:
    assert refusal_of(create, world, **changes) == "invalid"
    assert not Sample.objects.exists()


def test_departments_of_other_schools_are_left_out(world: World) -> None:
    foreign = make_world().departments[0].pk
    own = world.departments[0].pk
    assert create(world, department_ids=[own, foreign]).department_ids == [own]


# --- publication --------------------------------------------------------------------------------


def published(world: World) -> Sample:
    sample = assigned(world, 2)
    first, second = CallBack.objects.filter(sample=sample).order_by("pk")
    reach(first, world.counsellor)
    reach(second, world.counsellor, outcome=CallOutcome.DIFFERS, note="没有就业")
    sample.refresh_from_db()
    return samples.publish(sample_id=sample.pk, version=sample.version, by=world.school_admin)


def test_the_results_and_the_seed_are_published(world: World) -> None:
    sample = published(world)
    (line,) = sample_results.by_stratum(sample)
    assert (line.drawn, line.ended, line.reached, line.share.x) == (2, 2, 2, 1)
    page = world.client(Role.SCHOOL_ADMIN).get(reverse("console:sample", args=[sample.pk])).content.decode()  # fmt: skip
    assert sample.seed in page and "50.00%" in page
    listed = world.client(Role.SCHOOL_ADMIN).get(reverse("console:sample-people", args=[sample.pk]))
    text = listed.content.decode()
    assert sample.seed in text and str(first_call(sample).graduate_id) in text


def test_a_published_sample_is_replayed_at_the_command_line(world: World) -> None:
    sample = published(world)
    out = io.StringIO()
    call_command("replay_sample", str(sample.pk), stdout=out)
    assert out.getvalue().startswith("一致")
    CallBack.objects.filter(sample=sample).update(place=3)
    CallBack.objects.filter(pk=first_call(sample).pk).update(place=9)
    order = drawing.order_of(sample.seed, sample.strata.get().graduate_ids)
    if list(sample.calls.order_by("place").values_list("graduate_id", flat=True)) != order:
        with pytest.raises(CommandError, match="名单与种子不符"):
            call_command("replay_sample", str(sample.pk))
    Sample.objects.filter(pk=sample.pk).update(seed="another")
    with pytest.raises(CommandError, match="SHA-256不符"):
        call_command("replay_sample", str(sample.pk))


def test_what_is_not_published_is_not_replayed(world: World) -> None:
    with pytest.raises(CommandError, match="没有已公布的抽样"):
        call_command("replay_sample", str(drawn(world).pk))


def test_a_school_sees_its_part_of_the_provinces_sample_and_replies_once(world: World) -> None:
    other, province = make_world(), world.user(Role.PROVINCE)
    scene.make_job(world)
    scene.make_job(other)
    sample = samples.create(
        typed=scene.sample_typed(world, divided_by=["school"], percent=None, number=2), by=province
    )
    draw(sample, province)
    sample.refresh_from_db()
    samples.assign(sample_id=sample.pk, user_ids=[province.pk], version=sample.version, by=province)
    for call in CallBack.objects.filter(sample=sample):
        reach(call, province)
    mine = world.client(Role.SCHOOL_ADMIN)
    address = reverse("console:sample", args=[sample.pk])
    assert mine.get(address).status_code == 404
    sample.refresh_from_db()
    samples.publish(sample_id=sample.pk, version=sample.version, by=province)
    page = mine.get(address).content.decode()
    assert world.school.name in page and other.school.name not in page
    assert (
        mine.post(reverse("console:sample-reply", args=[sample.pk]), {"text": ""}).status_code
        == 422
    )
    mine.post(reverse("console:sample-reply", args=[sample.pk]), {"text": "情况属实。"})
    assert SampleReply.objects.get().text == "情况属实。"
    assert (
        refusal_of(samples.reply, sample_id=sample.pk, text="再说", by=world.school_admin) == "said"
    )
    strangers = make_world().school_admin
    assert refusal_of(samples.reply, sample_id=sample.pk, text="再说", by=strangers) == "scope"
    assert "情况属实。" in world.client(Role.PROVINCE).get(address).content.decode()


def test_a_sample_is_voided_by_a_superior_with_a_reason(world: World) -> None:
    sample, province = drawn(world), world.user(Role.PROVINCE)
    assert (
        refusal_of(samples.void, sample_id=sample.pk, reason="重抽", by=world.school_admin)
        == "role"
    )
    assert refusal_of(samples.void, sample_id=sample.pk, reason="", by=province) == "invalid"
    assert (
        samples.void(sample_id=sample.pk, reason="范围有误", by=province).state == SampleState.VOID
    )
    own = draw(
        samples.create(typed=scene.sample_typed(world, divided_by=[]), by=province), province
    )
    assert refusal_of(samples.void, sample_id=own.pk, reason="重抽", by=province) == "same_person"
    second = factories.make_staff(Role.PROVINCE, world)
    assert samples.void(sample_id=own.pk, reason="重抽", by=second).state == SampleState.VOID


# --- the tables ---------------------------------------------------------------------------------

_S = SampleState
_OWNER_STEPS = {
    "draw": {_S.DRAFT}, "discard": {_S.DRAFT}, "assign": {_S.DRAWN, _S.CALLING}, "publish": {_S.DONE},
}  # fmt: skip


@pytest.mark.parametrize("state", SampleState.values)
def test_every_state_action_and_role_of_samples(world: World, state: str) -> None:
    sample = create(world)
    sample.state = state
    province = world.user(Role.PROVINCE)
    people = {
        "owner": world.school_admin, "province": province, "department": world.department_admin,
        "counsellor": world.counsellor, "other": make_world().school_admin, "clock": None,
    }  # fmt: skip
    for action in SAMPLE.actions():
        for who, actor in people.items():
            allowed = who == "owner" and state in _OWNER_STEPS.get(action, ())
            allowed |= action == "void" and who == "province" and state in (_S.DRAWN, _S.CALLING)
            allowed |= who == "clock" and (action, state) in (
                ("end", _S.CALLING),
                ("reopen", _S.DONE),
            )
            assert SAMPLE.can(action, sample, actor) == allowed, (action, who)


# --- pages --------------------------------------------------------------------------------------


def test_the_whole_way_on_the_pages(world: World) -> None:
    for _ in range(2):
        scene.make_job(world)
    client, caller = world.client(Role.SCHOOL_ADMIN), world.client(Role.COUNSELLOR)
    form = {
        "name": "抽查",
        "year": world.cohort.year,
        "percent": "5%",
        "divided_by": ["department"],
    }
    assert client.post(reverse("console:sample-new"), form | {"percent": "x"}).status_code == 422
    answer = client.post(reverse("console:sample-new"), form)
    sample = Sample.objects.get()
    assert answer.url == reverse("console:sample", args=[sample.pk])
    client.post(reverse("console:sample-draw", args=[sample.pk]), {"version": sample.version})
    sample.refresh_from_db()
    assert sample.state == SampleState.DRAWN
    address = reverse("console:sample-assign", args=[sample.pk])
    assert client.post(address, {"version": sample.version}).status_code == 422
    client.post(address, {"callers": [world.counsellor.pk], "version": sample.version})
    first, second = CallBack.objects.filter(sample=sample).order_by("pk")
    page = caller.get(reverse("console:callback", args=[first.pk])).content.decode()
    assert all(question in page for question, _ in call_script.QUESTIONS.values())
    address = reverse("console:callback", args=[first.pk])
    differs = ANSWERS | {"outcome": "differs", "version": first.version}
    refused = caller.post(address, differs)
    assert refused.status_code == 422 and "请写明哪里不一致" in refused.content.decode()
    saved = caller.post(address, differs | {"outcome": "agrees"})
    assert saved.url == reverse("console:callback", args=[second.pk])
    caller.post(
        reverse("console:callback-result", args=[second.pk, "refuse"]), {"version": second.version}
    )
    sample.refresh_from_db()
    client.post(reverse("console:sample-publish", args=[sample.pk]), {"version": sample.version})
    sample.refresh_from_db()
    assert sample.state == SampleState.PUBLISHED
    assert "抽查" in client.get(reverse("console:samples")).content.decode()


def test_an_empty_list_says_what_to_do(world: World) -> None:
    assert (
        "新建抽样"
        in world.client(Role.SCHOOL_ADMIN).get(reverse("console:samples")).content.decode()
    )
    assert "没有分派给您的回访" in world.client(Role.COUNSELLOR).get(reverse("console:callbacks")).content.decode()  # fmt: skip


def test_a_draft_is_discarded(world: World) -> None:
    sample = create(world)
    client = world.client(Role.SCHOOL_ADMIN)
    client.post(reverse("console:sample-discard", args=[sample.pk]))
    assert not Sample.objects.exists()
