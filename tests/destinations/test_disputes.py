"""这不是我的去向: nothing moves until somebody else settles it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import transaction

from accounts import inbox
from core.errors import DomainError
from core.menu import counted_items
from destinations.actions import dispute, enter, review
from destinations.models import Destination, Dispute, DisputeState
from destinations.queries import disputes_for
from destinations.states import State
from esign.actions import printing
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


def entered(world: World, graduate: Graduate) -> Any:
    """The counsellor entered where this graduate goes; the graduate's account."""
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.counsellor)
    return factories.activate(graduate)


def raised(world: World, graduate: Graduate) -> tuple[Dispute, Any]:
    user = entered(world, graduate)
    made = dispute.object_to(graduate_id=graduate.pk, reason="我没有去这家单位", by=user)
    return made, user


def refused(code: str, call: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


def test_nothing_moves_until_it_is_settled(world: World, graduate: Graduate) -> None:
    raised(world, graduate)
    refused("disputed", review.approve, graduate_id=graduate.pk, by=world.school_admin)
    refused(
        "disputed", enter.enter, graduate_id=graduate.pk, typed=factories.CONTRACT,
        by=world.school_admin,
    )  # fmt: skip


def test_upheld_it_is_released(world: World, graduate: Graduate) -> None:
    made, _ = raised(world, graduate)
    done = dispute.settle(dispute=made, upheld=True, answer="已核实", by=world.school_admin)
    assert done.state == DisputeState.UPHELD
    d = factories.destination_of(graduate)
    assert (d.state, d.category, d.disputed_at) == (State.UNSUBMITTED, "70-1", None)


def test_dismissed_it_stands_and_goes_on(world: World, graduate: Graduate) -> None:
    made, _ = raised(world, graduate)
    refused("answer", dispute.settle, dispute=made, upheld=False, answer="", by=world.school_admin)
    dispute.settle(dispute=made, upheld=False, answer="单位已确认", by=world.school_admin)
    assert review.approve(graduate_id=graduate.pk, by=world.school_admin).state == "school_approved"


def test_who_entered_or_approved_it_does_not_settle_it(world: World, graduate: Graduate) -> None:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    user = factories.activate(graduate)
    made = dispute.object_to(graduate_id=graduate.pk, reason="不是", by=user)
    call = {"dispute": made, "upheld": True, "answer": "好"}
    refused("same_person", dispute.settle, by=world.school_admin, **call)
    refused("role", dispute.settle, by=world.counsellor, **call)
    other = factories.make_staff(Role.SCHOOL_ADMIN, world)
    assert dispute.settle(by=other, **call).state == DisputeState.UPHELD


def test_the_second_of_two_who_settle_is_told(world: World, graduate: Graduate) -> None:
    made, _ = raised(world, graduate)
    dispute.settle(dispute=made, upheld=False, answer="核实", by=world.school_admin)
    refused("decided", dispute.settle, dispute=made, upheld=True, answer="x", by=world.school_admin)


def test_an_appeal_goes_to_the_province_once(world: World, graduate: Graduate) -> None:
    made, user = raised(world, graduate)
    dispute.settle(dispute=made, upheld=False, answer="核实", by=world.school_admin)
    row = dispute.appeal(dispute=made, by=user)
    assert row.state == DisputeState.PROVINCE
    refused("role", dispute.settle, dispute=row, upheld=True, answer="x", by=world.school_admin)
    dispute.settle(dispute=row, upheld=False, answer="维持", by=world.user(Role.PROVINCE))
    refused("no_appeal", dispute.appeal, dispute=row, by=user)


def test_after_five_working_days_it_goes_to_the_province(world: World, graduate: Graduate) -> None:
    made, _ = raised(world, graduate)
    assert dispute.pass_on_overdue() == 0
    Dispute.objects.update(due_on=factories.today() - datetime.timedelta(days=1))
    assert dispute.pass_on_overdue() == 1
    made.refresh_from_db()
    assert made.state == DisputeState.PROVINCE


def test_a_signed_one_ends_with_its_agreement(world: World, graduate: Graduate) -> None:
    from esign.models import Agreement
    from tests.esign import signing

    factories.sign_agreement(graduate)
    user = signing.account_of(graduate)
    made = dispute.object_to(graduate_id=graduate.pk, reason="被冒签", by=user)
    dispute.settle(dispute=made, upheld=True, answer="核实", by=world.school_admin)
    assert Agreement.objects.get(graduate=graduate).state == "terminated"
    assert factories.destination_of(graduate).state == State.UNSUBMITTED


def test_only_the_graduate_objects_and_once(world: World, graduate: Graduate) -> None:
    _, user = raised(world, graduate)
    call = {"graduate_id": graduate.pk, "reason": "不是"}
    refused("disputed", dispute.object_to, by=user, **call)
    refused("role", dispute.object_to, by=world.school_admin, **call)


def test_it_is_held_back_from_the_national_system(world: World, graduate: Graduate) -> None:
    from national_sync.mapping import Mapped, load_simulated
    from national_sync.models import Entry
    from national_sync.records import build

    user = entered(world, graduate)
    load_simulated()
    dispute.object_to(graduate_id=graduate.pk, reason="不是", by=user)
    entry = Entry.objects.get(graduate=graduate, part="destination")
    made = build([entry], Mapped.load(simulated=True))[entry.pk]
    assert [p.rule for p in made.problems] == ["disputed"]
    assert Destination.objects.get(pk=graduate.pk).disputed_at


def told(user: Any) -> list[str]:
    return [m.title for m in inbox.messages_of(user) if "异议" in m.title]


def test_who_looks_after_the_graduate_is_told_with_the_dispute(
    world: World, graduate: Graduate
) -> None:
    def somebody(**scope: Any) -> Any:
        return factories.make_staff(Role.COUNSELLOR, world, cohorts=[world.cohort], **scope)

    of_class = somebody(classes=[graduate.school_class])
    strangers = [
        somebody(departments=world.departments[1:]),
        somebody(departments=[graduate.department], levels=["研究生"]),
        factories.make_staff(Role.COUNSELLOR, world, departments=[graduate.department]),
        factories.make_world().school_admin,
        world.user(Role.PROVINCE),
    ]
    left = somebody(departments=[graduate.department])
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    made, _ = raised(world, graduate)
    for user in (world.counsellor, world.department_admin, world.school_admin, of_class):
        assert told(user) == [f"{graduate.name}提出异议: 这不是我的去向"]
    assert [told(user) for user in [*strangers, left]] == [[]] * 6
    page = world.client(Role.SCHOOL_ADMIN).get("/console/messages/").content.decode()
    assert f"{graduate.name}提出异议" in page
    assert inbox.messages_of(world.counsellor)[0].link == f"/console/disputes/{made.pk}/"


def test_the_message_stands_or_falls_with_the_dispute(world: World, graduate: Graduate) -> None:
    user = entered(world, graduate)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        dispute.object_to(graduate_id=graduate.pk, reason="不是", by=user)
        assert told(world.school_admin)
        raise ZeroDivisionError
    assert told(world.school_admin) == []


def test_an_overdue_and_an_appealed_one_call_the_province_once_each(
    world: World, graduate: Graduate
) -> None:
    province = world.user(Role.PROVINCE)
    made, user = raised(world, graduate)
    Dispute.objects.update(due_on=factories.today() - datetime.timedelta(days=1))
    assert dispute.pass_on_overdue() == 1
    assert dispute.pass_on_overdue() == 0
    title = f"{graduate.school.name}{graduate.name}的去向异议转由省级处理"
    assert told(province) == [title]
    assert told(world.school_admin)[0] == f"{graduate.name}的去向异议已转由省级处理"
    made.refresh_from_db()
    dispute.settle(dispute=made, upheld=False, answer="维持", by=province)
    dispute.appeal(dispute=made, by=user)
    assert told(province) == [title, title]
    texts = [m.text for m in inbox.messages_of(province)]
    assert "申诉" in texts[0]
    assert "未在5个工作日内" in texts[1]
    assert len(told(world.counsellor)) == 1


def test_the_menu_counts_what_waits_for_whom(world: World, graduate: Graduate) -> None:
    made, user = raised(world, graduate)
    counted = {
        role: disputes_for(world.user(role)).count()
        for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE)
    }
    assert counted == {Role.COUNSELLOR: 1, Role.SCHOOL_ADMIN: 1, Role.PROVINCE: 0}

    def called(role: str) -> int:
        user = world.user(role)
        (item,) = [i for i in counted_items(user) if i.url_name == "console:disputes"]
        return item.count(user) if item.count else 0

    # Whoever settles nothing is not called.
    assert called(Role.COUNSELLOR) == 0
    assert called(Role.SCHOOL_ADMIN) == 1
    dispute.settle(dispute=made, upheld=False, answer="已核实", by=world.school_admin)
    dispute.appeal(dispute=made, by=user)
    assert called(Role.SCHOOL_ADMIN) == 0
    assert called(Role.PROVINCE) == 1


def test_the_page_asks_before_it_clears_and_says_who_may(world: World, graduate: Graduate) -> None:
    made, _ = raised(world, graduate)
    address = f"/console/disputes/{made.pk}/"
    page = world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert 'value="uphold" data-confirm="清除' in page
    assert page.index("毕业去向") < page.index("单位名称") < page.index("联系人")
    review_page = world.client(Role.COUNSELLOR).get(f"/console/destinations/{graduate.pk}/")
    assert f'href="{address}"' in review_page.content.decode()
    other = world.client(Role.COUNSELLOR).get(address).content.decode()
    assert "此异议由学校系统管理员处理" in other
    assert 'name="answer"' not in other


def test_while_it_is_open_nothing_prints(world: World, graduate: Graduate) -> None:
    agreement = signing.sign(graduate)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    dispute.object_to(graduate_id=graduate.pk, reason="我没有签", by=signing.account_of(graduate))
    assert printing.why_not(agreement) == "毕业生对去向有异议, 处理完毕之前不能打印。"
    refused("not_printable", printing.take, agreement=agreement, by=world.school_admin)
