"""Persons entered by hand: who confirms them, and what the pages say."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Message, User
from core.errors import DomainError
from core.models import Event
from graduates.actions import hand_entries, origin, standing
from graduates.models import Graduate, HandEntry
from graduates.states import EntryState
from schools.roles import Role
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def added(world: World) -> Graduate:
    """A graduate whom the school admin has just added. The staff accounts are old enough."""
    User.objects.update(created_at=factories.month_ago())
    return factories.add_by_hand(world)


def entry_of(graduate: Graduate) -> HandEntry:
    return HandEntry.objects.filter(graduate=graduate).latest("pk")


def refused(code: str, graduate: Graduate, by: User, **changes: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        hand_entries.confirm(
            graduate_id=graduate.pk, by=by, **{"seen": entry_of(graduate).pk} | changes
        )
    assert refusal.value.code == code


def confirm(graduate: Graduate, by: User) -> None:
    hand_entries.confirm(graduate_id=graduate.pk, seen=entry_of(graduate).pk, by=by)


def test_a_second_staff_member_confirms_what_another_one_entered(
    world: World, added: Graduate
) -> None:
    confirm(added, world.department_admin)
    entry = entry_of(added)
    assert entry.state == EntryState.CONFIRMED
    assert (entry.entered_by, entry.decided_by) == (world.school_admin, world.department_admin)
    assert Event.objects.filter(action="graduates.confirm_entry", object_id=added.pk).exists()


def test_nobody_confirms_their_own_entry_under_whatever_name(world: World, added: Graduate) -> None:
    User.objects.filter(pk=world.school_admin.pk).update(label="换了名字")
    refused("same_person", added, world.school_admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        HandEntry.objects.update(
            state="confirmed", decided_by=world.school_admin, decided_at=added.created_at
        )


def test_a_colleague_with_the_same_name_confirms(world: World, added: Graduate) -> None:
    colleague = factories.make_staff(Role.SCHOOL_ADMIN, world)
    User.objects.filter(pk=colleague.pk).update(
        label=world.school_admin.label, created_at=factories.month_ago()
    )
    confirm(added, User.objects.get(pk=colleague.pk))


def test_an_account_that_was_just_opened_is_no_second_person(world: World, added: Graduate) -> None:
    refused("account_new", added, factories.make_staff(Role.SCHOOL_ADMIN, world))


def test_a_counsellor_cannot_confirm(world: World, added: Graduate) -> None:
    refused("role", added, world.counsellor)


def test_neither_who_added_nor_who_changed_the_document_number_confirms(
    world: World, added: Graduate
) -> None:
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    User.objects.update(created_at=factories.month_ago())
    second = User.objects.get(pk=second.pk)
    typed = {"id_number": factories.make_id_number()}
    origin.edit(graduate_id=added.pk, typed=typed, by=second)
    for person in (world.school_admin, second):
        refused("same_person", added, person)
    confirm(added, world.department_admin)
    assert not hand_entries.unconfirmed_entries(added.pk).exists()


def test_a_change_after_the_page_was_opened_is_told(world: World, added: Graduate) -> None:
    seen = entry_of(added).pk
    typed = {"id_number": factories.make_id_number()}
    origin.edit(graduate_id=added.pk, typed=typed, by=world.school_admin)
    refused("changed", added, world.department_admin, seen=seen)


def test_a_roster_graduate_with_a_new_document_number_waits_for_a_second_person(
    world: World,
) -> None:
    graduate = factories.make_graduate(world)
    assert not HandEntry.objects.filter(graduate=graduate).exists()
    typed = {"id_number": factories.make_id_number()}
    origin.edit(graduate_id=graduate.pk, typed=typed, by=world.school_admin)
    assert entry_of(graduate).state == EntryState.WAITING


def test_moving_to_another_cohort_confirms_nothing(world: World, added: Graduate) -> None:
    to = factories.make_cohort(world.school, factories.school_year() + 1)
    standing.defer(graduate_id=added.pk, to=to, reason="延期毕业", by=world.school_admin)
    assert entry_of(added).state == EntryState.WAITING
    refused("same_person", added, world.school_admin)


def test_a_refusal_needs_a_reason_and_tells_whoever_entered_it(
    world: World, added: Graduate
) -> None:
    page = world.client(Role.DEPARTMENT_ADMIN)
    path = f"/console/hand-entries/{added.pk}/"
    seen = entry_of(added).pk
    answer = page.post(f"{path}refuse/", {"seen": seen, "reason": " "})
    assert answer.status_code == 409
    assert "请填写不确认的原因" in answer.content.decode()
    assert page.post(f"{path}refuse/", {"seen": seen, "reason": "查无此人"}).status_code == 302
    assert entry_of(added).state == EntryState.REFUSED
    told = Message.objects.get(to=f"user:{world.school_admin.pk}")
    assert "查无此人" in told.text
    # Another look at the papers may show that the refusal was a mistake.
    confirm(added, world.department_admin)


def test_the_queue_counts_what_waits_and_leaves_out_what_is_decided(
    world: World, added: Graduate
) -> None:
    client = world.client(Role.DEPARTMENT_ADMIN)
    page = client.get("/console/hand-entries/").content.decode()
    assert added.name in page
    answer = client.post(f"/console/hand-entries/{added.pk}/confirm/", {"seen": entry_of(added).pk})
    assert answer["Location"] == "/console/hand-entries/"
    assert added.name not in client.get("/console/hand-entries/").content.decode().replace(
        f"已确认{added.name}", ""
    )


def test_pages_of_staff_say_what_is_waited_for(world: World, added: Graduate) -> None:
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/{added.pk}/").content.decode()
    for words in ("等待另一位老师确认", "生源信息刚刚录入", "起可以签约", "现在还不能签约"):
        assert words in page
    own = world.client(Role.SCHOOL_ADMIN).get(f"/console/hand-entries/{added.pk}/")
    assert "录入人不能确认自己的录入" in own.content.decode()


def test_the_platform_needs_nobody_to_confirm_the_demo(world: World) -> None:
    from core.audit import Actor

    added = origin.add(
        school=world.school, typed=factories.typed_record(world),
        by=Actor(None, "system", "演示数据"),
    )  # fmt: skip
    assert not HandEntry.objects.filter(graduate=added).exists()


def test_a_name_without_a_glyph_is_a_warning_beside_the_field(world: World) -> None:
    """U+30000 is in no font. The record is saved, and its page goes on saying so."""
    client, typed = world.client(Role.SCHOOL_ADMIN), factories.typed_record(world)
    name = "试\U00030000"
    refused_page = client.post("/console/graduates/add/", typed | {"name": name, "gender": ""})
    assert refused_page.status_code == 422
    assert "“\U00030000”（U+30000）的字形" in refused_page.context["form"]["name"].warnings[0]
    page = client.post("/console/graduates/add/", typed | {"name": name}, follow=True)
    graduate = Graduate.objects.get(name=name)
    assert page.redirect_chain == [(f"/console/graduates/{graduate.pk}/", 302)]
    field = page.content.decode().partition('id="field-name"')[2].partition('class="field')[0]
    assert "协议书将无法打印此姓名" in field
    address = f"/console/graduates/{graduate.pk}/"
    version = {"version": graduate.version}
    fixed = client.post(address, {"name": "试安柏", **version}, follow=True)
    assert "无法打印" not in fixed.content.decode()
