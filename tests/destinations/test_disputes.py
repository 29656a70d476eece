"""这不是我的去向: disputes, from the objection to the decision."""

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
from schools.waiting import waiting_count
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


def entered(world: World, graduate: Graduate) -> Any:
    """A destination that the counsellor entered; returns the graduate's account."""
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.counsellor)
    return factories.activate(graduate)


def open_dispute(world: World, graduate: Graduate) -> tuple[Dispute, Any]:
    user = entered(world, graduate)
    row = dispute.raise_dispute(graduate_id=graduate.pk, reason="我没有去这家单位", by=user)
    return row, user


def refused(code: str, call: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


def test_a_disputed_destination_cannot_be_approved_or_entered(
    world: World, graduate: Graduate
) -> None:
    open_dispute(world, graduate)
    refused("disputed", review.approve, graduate_id=graduate.pk, by=world.school_admin)
    refused(
        "disputed", enter.enter, graduate_id=graduate.pk, typed=factories.CONTRACT,
        by=world.school_admin,
    )  # fmt: skip


def test_an_upheld_dispute_releases_the_destination(world: World, graduate: Graduate) -> None:
    row, _ = open_dispute(world, graduate)
    done = dispute.settle(dispute=row, upheld=True, answer="已核实", by=world.school_admin)
    assert done.state == DisputeState.UPHELD
    d = factories.destination_of(graduate)
    assert (d.state, d.category, d.disputed_at) == (State.UNSUBMITTED, "70-1", None)


def test_a_destination_can_be_approved_after_its_dispute_was_dismissed(
    world: World, graduate: Graduate
) -> None:
    row, _ = open_dispute(world, graduate)
    refused("answer", dispute.settle, dispute=row, upheld=False, answer="", by=world.school_admin)
    dispute.settle(dispute=row, upheld=False, answer="单位已确认", by=world.school_admin)
    assert review.approve(graduate_id=graduate.pk, by=world.school_admin).state == "school_approved"


def test_who_entered_or_approved_a_destination_cannot_settle_its_dispute(
    world: World, graduate: Graduate
) -> None:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    user = factories.activate(graduate)
    row = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user)
    call = {"dispute": row, "upheld": True, "answer": "好"}
    refused("same_person", dispute.settle, by=world.school_admin, **call)
    refused("role", dispute.settle, by=world.counsellor, **call)
    other = factories.make_staff(Role.SCHOOL_ADMIN, world)
    assert dispute.settle(by=other, **call).state == DisputeState.UPHELD


@pytest.mark.parametrize("who", ["school_admin", "another"])
def test_a_new_name_does_not_let_the_approver_settle_nor_keeps_a_namesake_from_it(
    world: World, graduate: Graduate, who: str
) -> None:
    user = factories.activate(graduate)
    factories.register_contract(graduate, user)
    approver = world.school_admin
    review.approve(graduate_id=graduate.pk, by=approver)
    namesake = factories.make_staff(Role.SCHOOL_ADMIN, world)
    namesake.label, approver.label = approver.label, "试用新名"
    namesake.save(update_fields=["label"])
    approver.save(update_fields=["label"])
    row = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user)
    call = {"dispute": row, "upheld": False, "answer": "核实"}
    if who == "another":
        assert dispute.settle(by=namesake, **call).state == DisputeState.DISMISSED
    else:
        refused("same_person", dispute.settle, by=approver, **call)


def test_who_approved_an_earlier_registration_can_settle_a_dispute_about_the_present_one(
    world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    factories.register_contract(graduate, user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    review.reject(graduate_id=graduate.pk, reason="有误", by=world.school_admin)
    factories.register_contract(graduate, user)
    row = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user)
    settled = dispute.settle(dispute=row, upheld=False, answer="核实", by=world.school_admin)
    assert settled.state == DisputeState.DISMISSED


def test_the_second_of_two_who_settle_is_dispute_titles(world: World, graduate: Graduate) -> None:
    row, _ = open_dispute(world, graduate)
    dispute.settle(dispute=row, upheld=False, answer="核实", by=world.school_admin)
    refused("decided", dispute.settle, dispute=row, upheld=True, answer="x", by=world.school_admin)


def test_a_dismissed_dispute_can_be_appealed_to_the_province_once(
    world: World, graduate: Graduate
) -> None:
    row, user = open_dispute(world, graduate)
    dispute.settle(dispute=row, upheld=False, answer="核实", by=world.school_admin)
    row = dispute.appeal(dispute=row, by=user)
    assert row.state == DisputeState.PROVINCE
    refused("role", dispute.settle, dispute=row, upheld=True, answer="x", by=world.school_admin)
    dispute.settle(dispute=row, upheld=False, answer="维持", by=world.user(Role.PROVINCE))
    refused("no_appeal", dispute.appeal, dispute=row, by=user)


def test_an_overdue_dispute_goes_to_the_province(world: World, graduate: Graduate) -> None:
    row, _ = open_dispute(world, graduate)
    assert dispute.escalate_overdue() == 0
    Dispute.objects.update(due_on=factories.today() - datetime.timedelta(days=1))
    assert dispute.escalate_overdue() == 1
    row.refresh_from_db()
    assert row.state == DisputeState.PROVINCE


def test_an_upheld_dispute_ends_the_agreement(world: World, graduate: Graduate) -> None:
    from esign.models import Agreement
    from tests.esign import signing

    factories.sign_agreement(graduate)
    user = signing.account_of(graduate)
    row = dispute.raise_dispute(graduate_id=graduate.pk, reason="被冒签", by=user)
    dispute.settle(dispute=row, upheld=True, answer="核实", by=world.school_admin)
    assert Agreement.objects.get(graduate=graduate).state == "terminated"
    assert factories.destination_of(graduate).state == State.UNSUBMITTED


def test_only_the_graduate_can_raise_a_dispute_and_only_once(
    world: World, graduate: Graduate
) -> None:
    _, user = open_dispute(world, graduate)
    call = {"graduate_id": graduate.pk, "reason": "不是"}
    refused("disputed", dispute.raise_dispute, by=user, **call)
    refused("role", dispute.raise_dispute, by=world.school_admin, **call)


def test_a_disputed_destination_is_not_uploaded(world: World, graduate: Graduate) -> None:
    from national_sync.mapping import Mapped, load_simulated
    from national_sync.models import Entry
    from national_sync.records import build

    user = entered(world, graduate)
    load_simulated()
    dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user)
    entry = Entry.objects.get(graduate=graduate, part="destination")
    row = build([entry], Mapped.load(simulated=True))[entry.pk]
    assert [p.rule for p in row.problems] == ["disputed"]
    assert Destination.objects.get(pk=graduate.pk).disputed_at


def dispute_titles(user: Any) -> list[str]:
    return [m.title for m in inbox.messages_of(user) if "异议" in m.title]


def test_staff_who_look_after_the_graduate_are_told_of_a_dispute(
    world: World, graduate: Graduate
) -> None:
    def make_counsellor(**scope: Any) -> Any:
        return factories.make_staff(Role.COUNSELLOR, world, cohorts=[world.cohort], **scope)

    of_class = make_counsellor(classes=[graduate.school_class])
    strangers = [
        make_counsellor(departments=world.departments[1:]),
        make_counsellor(departments=[graduate.department], levels=["研究生"]),
        factories.make_staff(Role.COUNSELLOR, world, departments=[graduate.department]),
        factories.make_world().school_admin,
        world.user(Role.PROVINCE),
    ]
    left = make_counsellor(departments=[graduate.department])
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    row, _ = open_dispute(world, graduate)
    for user in (world.counsellor, world.department_admin, world.school_admin, of_class):
        assert dispute_titles(user) == [f"{graduate.name}提出异议：这不是我的去向"]
    assert [dispute_titles(user) for user in [*strangers, left]] == [[]] * 6
    page = world.client(Role.SCHOOL_ADMIN).get("/console/messages/").content.decode()
    assert f"{graduate.name}提出异议" in page
    assert inbox.messages_of(world.counsellor)[0].link == f"/console/disputes/{row.pk}/"


def test_no_message_is_kept_when_the_dispute_is_rolled_back(
    world: World, graduate: Graduate
) -> None:
    user = entered(world, graduate)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user)
        assert dispute_titles(world.school_admin)
        raise ZeroDivisionError
    assert dispute_titles(world.school_admin) == []


def test_the_province_is_told_once_of_an_overdue_dispute_and_once_of_an_appeal(
    world: World, graduate: Graduate
) -> None:
    province = world.user(Role.PROVINCE)
    row, user = open_dispute(world, graduate)
    Dispute.objects.update(due_on=factories.today() - datetime.timedelta(days=1))
    assert dispute.escalate_overdue() == 1
    assert dispute.escalate_overdue() == 0
    title = f"{graduate.school.name}{graduate.name}的去向异议转由省级处理"
    assert dispute_titles(province) == [title]
    assert dispute_titles(world.school_admin)[0] == f"{graduate.name}的去向异议已转由省级处理"
    row.refresh_from_db()
    dispute.settle(dispute=row, upheld=False, answer="维持", by=province)
    dispute.appeal(dispute=row, by=user)
    assert dispute_titles(province) == [title, title]
    texts = [m.text for m in inbox.messages_of(province)]
    assert "申诉" in texts[0]
    assert "未在5个工作日内" in texts[1]
    assert len(dispute_titles(world.counsellor)) == 1


def test_the_menu_counts_the_disputes_that_the_user_can_settle(
    world: World, graduate: Graduate
) -> None:
    row, user = open_dispute(world, graduate)
    counted = {
        role: disputes_for(world.user(role)).count()
        for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE)
    }
    assert counted == {Role.COUNSELLOR: 1, Role.SCHOOL_ADMIN: 1, Role.PROVINCE: 0}

    def menu_count(role: str) -> int:
        user = world.user(role)
        (item,) = [i for i in counted_items(user) if i.url_name == "console:disputes"]
        return waiting_count(item, user)

    # Counsellors see disputes but settle none, so their menu shows no number.
    assert menu_count(Role.COUNSELLOR) == 0
    assert menu_count(Role.SCHOOL_ADMIN) == 1
    dispute.settle(dispute=row, upheld=False, answer="已核实", by=world.school_admin)
    dispute.appeal(dispute=row, by=user)
    assert menu_count(Role.SCHOOL_ADMIN) == 0
    assert menu_count(Role.PROVINCE) == 1


def test_the_page_of_a_dispute_asks_before_upholding_and_says_who_settles_it(
    world: World, graduate: Graduate
) -> None:
    row, _ = open_dispute(world, graduate)
    address = f"/console/disputes/{row.pk}/"
    page = world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert 'value="uphold" data-confirm="清除' in page
    assert page.index("毕业去向") < page.index("单位名称") < page.index("联系人")
    review_page = world.client(Role.COUNSELLOR).get(f"/console/destinations/{graduate.pk}/")
    assert f'href="{address}"' in review_page.content.decode()
    other = world.client(Role.COUNSELLOR).get(address).content.decode()
    assert "此异议由学校系统管理员处理" in other
    assert 'name="answer"' not in other


def test_an_agreement_cannot_be_printed_while_a_dispute_is_open(
    world: World, graduate: Graduate
) -> None:
    agreement = signing.sign_agreement(graduate)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    dispute.raise_dispute(
        graduate_id=graduate.pk, reason="我没有签", by=signing.account_of(graduate)
    )
    assert printing.print_refusal(agreement) == "毕业生对去向有异议，处理完毕之前不能打印。"
    refused("not_printable", printing.hand_out, agreement=agreement, by=world.school_admin)
