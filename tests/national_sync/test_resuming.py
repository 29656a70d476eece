"""恢复上报: what the national system rejected is sent again once its errors are gone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from core.errors import DomainError
from destinations.actions import enter, review
from destinations.models import Destination
from destinations.states import State
from destinations.steps import NATIONAL, SystemActor
from graduates.actions import origin
from graduates.models import Graduate
from national_sync.actions.handling import reassign
from national_sync.connection import mapping
from national_sync.models import Batch, BatchLine, Entry, Feedback
from national_sync.records import present_record
from national_sync.states import Part
from schools.roles import Role
from tests import factories
from tests.factories import World, destination_of
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db
UNKNOWN = {"field": "dwmc", "text": "单位名称不存在", "kind": "登记信息错误"}


@pytest.fixture
def sent(world: World, graduate: Graduate) -> Graduate:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    return graduate


def refuse(graduate: Graduate, part: str = Part.DESTINATION, **fault: Any) -> Feedback:
    """The national system refuses what it was sent of a part as the graduate's record is now."""
    entry, _ = Entry.objects.get_or_create(
        graduate=graduate, part=part,
        defaults={"school_id": graduate.school_id, "cohort_id": graduate.cohort_id},
    )  # fmt: skip
    batch = Batch.objects.create(pk=uuid.uuid4(), lines=1)
    BatchLine.objects.create(
        batch=batch, entry=entry, graduate_id=graduate.pk, part=part, version=7, mode="new",
        record={"values": present_record(part, graduate.pk, mapping())}, digest="0",
    )  # fmt: skip
    made = Feedback.objects.create(
        entry=entry, graduate=graduate, school_id=graduate.school_id,
        cohort_id=graduate.cohort_id, version=7, due_on=factories.today(), **(UNKNOWN | fault),
    )  # fmt: skip
    review.reject_national(graduate_id=graduate.pk, reason=made.text, by=SystemActor(NATIONAL))
    return made


def refusal(graduate: Graduate, world: World) -> str:
    with pytest.raises(DomainError) as refused:
        review.resume(graduate_id=graduate.pk, by=world.school_admin)
    assert refused.value.code == "errors_remain"
    assert destination_of(graduate).state == State.REJECTED
    return refused.value.message


def change(graduate: Graduate, **values: Any) -> None:
    """As an action would change the rejected destination's values."""
    Destination.objects.filter(pk=graduate.pk).update(**values)


def test_a_refused_value_that_was_not_corrected_is_not_sent_again(
    world: World, sent: Graduate
) -> None:
    refuse(sent)
    assert "“单位名称不存在”没有更正" in refusal(sent, world)
    change(sent, unit_address="另一个地址")
    refusal(sent, world)
    change(sent, unit_name="示例更名有限公司")
    assert review.resume(graduate_id=sent.pk, by=world.school_admin).state == State.SCHOOL_APPROVED


def test_every_error_has_to_be_gone(world: World, sent: Graduate) -> None:
    refuse(sent)
    refuse(sent, field="gwmc", text="岗位名称不正确")
    change(sent, unit_name="示例更名有限公司")
    assert refusal(sent, world).count("没有更正") == 1
    change(sent, job_title="教师")
    review.resume(graduate_id=sent.pk, by=world.school_admin)


def test_an_error_of_the_origin_record_counts_too(world: World, sent: Graduate) -> None:
    refuse(sent, Part.ORIGIN, field="mobilePhone", text="手机号码有误", kind="生源信息错误")
    refusal(sent, world)
    origin.edit(graduate_id=sent.pk, typed={"mobile": "13900000001"}, by=world.school_admin)
    review.resume(graduate_id=sent.pk, by=world.school_admin)


def test_a_mismatch_is_corrected_in_any_of_the_compared_fields(
    world: World, sent: Graduate
) -> None:
    refuse(sent, Part.ORIGIN, field="ksh", text="考生号与学籍中数据不匹配", kind="生源信息错误")
    refusal(sent, world)
    origin.edit(graduate_id=sent.pk, typed={"name": "甲更名"}, by=world.school_admin)
    review.resume(graduate_id=sent.pk, by=world.school_admin)


def test_a_fault_without_a_field_asks_for_any_change(world: World, sent: Graduate) -> None:
    refuse(sent, field="", text="数据有误")
    refusal(sent, world)
    change(sent, unit_address="另一个地址")
    review.resume(graduate_id=sent.pk, by=world.school_admin)


def test_what_the_province_answered_may_be_sent_as_it_is(world: World, sent: Graduate) -> None:
    made = refuse(sent)
    reassign(ids=[made.pk], to="province", by=world.school_admin, note="名称已核实")
    refusal(sent, world)
    province = world.user(Role.PROVINCE)
    reassign(ids=[made.pk], to="school", by=province, note="全国系统已收录，可以恢复上报")
    review.resume(graduate_id=sent.pk, by=world.school_admin)


def test_a_record_against_the_rules_of_its_category_is_not_resumed(
    world: World, sent: Graduate
) -> None:
    review.reject_national(graduate_id=sent.pk, reason="有误", by=SystemActor(NATIONAL))
    change(sent, unit_industry="")
    assert "单位行业不能为空" in refusal(sent, world)


def test_the_workspace_says_what_is_missing(world: World, sent: Graduate) -> None:
    refuse(sent)
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(f"/console/destinations/{sent.pk}/").content.decode()
    assert "还不能恢复上报：“单位名称不存在”没有更正。" in page
    assert "/resume/" not in page
    change(sent, unit_name="示例更名有限公司")
    page = client.get(f"/console/destinations/{sent.pk}/").content.decode()
    assert "还不能恢复上报" not in page
    assert "/resume/" in page


def test_what_the_simulator_refused_is_compared_with_what_was_sent(
    world: World, simulator: Simulator, settings: Any
) -> None:
    """The whole way: sent, refused, not resumed as it was, corrected, resumed, accepted."""
    settings.NATIONAL_URL = simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    graduate = reporting.approved(world, unit_division="340104")
    reporting.register(simulator, graduate)
    simulator.transport().admin("lists", list="division", standings={"340104": "coarse"})
    reporting.run(simulator)
    assert destination_of(graduate).state == State.REJECTED
    refusal(graduate, world)
    change(graduate, unit_division="340111")
    review.resume(graduate_id=graduate.pk, by=world.school_admin)
    reporting.run(simulator)
    assert reporting.states(graduate)["destination"] == "accepted"
