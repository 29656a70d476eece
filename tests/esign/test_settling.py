"""An invented graduate cannot sign: the record, the account, and a second staff member."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from esign.models import Agreement, RecordChange
from graduates.actions import hand_entries, origin, standing
from graduates.models import Graduate, HandEntry, Person
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.test_accept import refused
from tests.factories import World

pytestmark = pytest.mark.django_db

_LONG_AGO = datetime.timedelta(hours=73)


def activate_now(graduate: Graduate) -> User:
    answer = Client().post("/activate/", factories.activation_form(graduate))
    assert answer.status_code == 302
    return User.objects.get(person__graduates=graduate)


def let_record_age(graduate: Graduate) -> None:
    Graduate.objects.filter(pk=graduate.pk).update(created_at=timezone.now() - _LONG_AGO)


def test_an_admin_who_adds_and_activates_a_graduate_cannot_sign_alone(world: World) -> None:
    """The attack that took 63 seconds: three things stand against it, one after the other."""
    invented = factories.add_by_hand(world)
    user = activate_now(invented)
    client = factories.client_of(user)
    signing.confirm_origin(invented)
    invitation = signing.send_invitation(invented)
    signing.read_notice(invitation, user)

    page = client.get(f"/invitations/{invitation.pk}/").content.decode()
    for words in ("须经学校另一位老师确认", "生源信息刚刚录入", "帐号刚刚激活", "起可以签约"):
        assert words in page
    assert client.post(f"/invitations/{invitation.pk}/code/").status_code == 409

    refused("entry_waiting", invitation, user, "000000")
    User.objects.update(created_at=factories.month_ago())
    hand_entries.confirm(
        graduate_id=invented.pk, seen=HandEntry.objects.get().pk, by=world.department_admin
    )
    refused("record_new", invitation, user, "000000")
    let_record_age(invented)
    refused("account_new", invitation, user, "000000")
    factories.let_activation_age(invented)
    assert signing.accept_invitation(invitation, user, signing.request_code(invitation, user)).pk


def test_waiting_alone_is_not_enough_for_a_graduate_added_by_hand(world: World) -> None:
    invented = factories.add_by_hand(world)
    let_record_age(invented)
    user = signing.confirm_origin(invented)
    invitation = signing.send_invitation(invented)
    signing.read_notice(invitation, user)
    refused("entry_waiting", invitation, user, "000000")
    User.objects.update(created_at=factories.month_ago())
    hand_entries.refuse(
        graduate_id=invented.pk, seen=HandEntry.objects.get().pk, reason="查无此人",
        by=world.department_admin,
    )  # fmt: skip
    refused("entry_refused", invitation, user, "000000")
    assert not Agreement.objects.exists()


def test_the_database_clock_counts_and_not_that_of_the_server(
    graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    Graduate.objects.update(created_at=timezone.now())
    ahead = timezone.now() + datetime.timedelta(hours=80)
    monkeypatch.setattr("django.utils.timezone.now", lambda: ahead)
    signing.Invitation.objects.update(valid_until=ahead + datetime.timedelta(days=1))
    refused("record_new", invitation, user, code)


@pytest.mark.parametrize("hours,signs", [(71, False), (73, True)])
def test_the_account_has_to_be_active_for_72_hours(
    graduate: Graduate, hours: int, signs: bool
) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    Person.objects.update(activated_at=timezone.now() - datetime.timedelta(hours=hours))
    if signs:
        assert signing.accept_invitation(invitation, user, code).pk
    else:
        refused("account_new", invitation, user, code)


def _rename(graduate: Graduate, world: World) -> None:
    origin.edit(graduate_id=graduate.pk, typed={"name": "试改名"}, by=world.school_admin)


def _change_document(graduate: Graduate, world: World) -> None:
    number = factories.make_id_number()
    origin.edit(graduate_id=graduate.pk, typed={"id_number": number}, by=world.school_admin)
    HandEntry.objects.all().delete()


def _move(graduate: Graduate, world: World) -> None:
    to = factories.make_cohort(world.school, factories.school_year() + 1)
    to.signing_rules = None  # type: ignore[attr-defined]
    standing.defer(graduate_id=graduate.pk, to=to, reason="延期毕业", by=world.school_admin)


def _exchange_person(graduate: Graduate, world: World) -> None:
    other = factories.make_graduate(world)
    Person.objects.filter(pk=other.person_id).update(activated_at=None, user=None)
    person = Person.objects.create(
        school=world.school, id_number=factories.make_id_number(),
        activated_at=factories.month_ago(), user=_free_user(graduate),
    )  # fmt: skip
    Graduate.objects.filter(pk=graduate.pk).update(person=person)


def _free_user(graduate: Graduate) -> User:
    user = User.objects.get(person__graduates=graduate)
    Person.objects.filter(user=user).update(user=None, activated_at=None)
    return user


@pytest.mark.parametrize("change", [_rename, _change_document, _exchange_person])
def test_a_record_that_becomes_another_persons_waits_again(
    world: World, graduate: Graduate, change: Callable[[Graduate, World], None]
) -> None:
    invitation, user, _ = signing.prepare_acceptance(graduate)
    change(graduate, world)
    signing.confirm_origin(graduate)
    refused("record_changed", invitation, user, "000000")
    RecordChange.objects.update(at=timezone.now() - _LONG_AGO)
    assert signing.accept_invitation(invitation, user, signing.request_code(invitation, user)).pk


def test_a_move_to_another_cohort_is_noted(world: World, graduate: Graduate) -> None:
    _move(graduate, world)
    assert RecordChange.objects.filter(graduate_id=graduate.pk).exists()


def test_a_change_of_other_fields_is_no_reason_to_wait(world: World, graduate: Graduate) -> None:
    invitation, user, _ = signing.prepare_acceptance(graduate)
    origin.edit(graduate_id=graduate.pk, typed={"politics": "群众"}, by=world.school_admin)
    signing.confirm_origin(graduate)
    assert signing.accept_invitation(invitation, user, signing.request_code(invitation, user)).pk


def test_staff_read_until_when_a_graduate_waits(world: World, graduate: Graduate) -> None:
    let = timezone.now() - datetime.timedelta(hours=2)
    Graduate.objects.update(created_at=let)
    factories.activate(graduate)
    page = world.client(Role.COUNSELLOR).get(f"/console/graduates/{graduate.pk}/").content.decode()
    until = timezone.localtime(let + datetime.timedelta(hours=72, minutes=1))
    assert f"{until:%Y年%m月%d日 %H:%M}起可以签约" in page
