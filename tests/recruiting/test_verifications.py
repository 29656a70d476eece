"""The unit's profile as a recruiter, and the verification of its right to recruit."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, DomainError, Invalid, Refused
from employers.models import Membership, Unit
from recruiting.actions import verifications
from recruiting.models import Recruiter, Verification
from recruiting.states import PauseCause, PostingState
from recruiting.unit_standing import recruiting_refusals
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
UNVERIFIED = {"verified_at": None, "valid_until": None}


def typed_profile(**changes: str) -> dict[str, str]:
    return {
        "introduction": "虚构的软件公司。", "scale": "3", "website": "", "contact_name": "试用招聘",
        "contact_phone": "0551-60000000", "account_kind": "own", "licence_no": "",
        "licence_until": "",
    } | changes  # fmt: skip


@pytest.fixture
def world() -> World:
    return factories.make_world()


def test_an_approved_unit_may_recruit_for_six_months(world: World) -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    assert [r.code for r in recruiting_refusals(member.unit)] == ["not_verified"]
    asked = verifications.submit(member=member)
    assert asked.values["招聘联系人"] == "试用招聘"
    verifications.approve(verification_id=asked.pk, by=world.user(Role.PROVINCE))
    assert recruiting_refusals(member.unit) == []
    until = Recruiter.objects.get(unit=member.unit).valid_until
    assert until == verifications.add_months(timezone.localdate(), 6)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (datetime.date(2026, 8, 31), datetime.date(2027, 2, 28)),
        (datetime.date(2027, 8, 31), datetime.date(2028, 2, 29)),
        (datetime.date(2026, 6, 30), datetime.date(2026, 12, 30)),
        (datetime.date(2026, 7, 1), datetime.date(2027, 1, 1)),
    ],
)
def test_six_months_end_on_the_same_day_or_the_last_of_the_month(
    day: datetime.date, later: datetime.date
) -> None:
    assert verifications.add_months(day, 6) == later


def test_only_the_province_decides_and_a_refusal_needs_a_reason(world: World) -> None:
    asked = verifications.submit(member=scene.make_recruiter(**UNVERIFIED))
    with pytest.raises(DomainError):
        verifications.approve(verification_id=asked.pk, by=world.school_admin)
    with pytest.raises(Invalid):
        verifications.refuse(verification_id=asked.pk, reason=" ", by=world.user(Role.PROVINCE))
    refused = verifications.refuse(
        verification_id=asked.pk, reason="许可证不清晰", by=world.user(Role.PROVINCE)
    )
    assert refused.reason == "许可证不清晰"
    with pytest.raises(Refused):
        verifications.approve(verification_id=asked.pk, by=world.user(Role.PROVINCE))


def test_a_unit_has_one_open_verification(world: World) -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    asked = verifications.submit(member=member)
    with pytest.raises(Conflict):
        verifications.submit(member=member)
    with pytest.raises(Refused, match="waiting"):
        verifications.save_profile(member=member, typed=typed_profile())
    stranger = scene.make_recruiter()
    with pytest.raises(DomainError):
        verifications.withdraw(verification_id=asked.pk, by=stranger)
    verifications.withdraw(verification_id=asked.pk, by=member)
    verifications.submit(member=member)


def test_an_uncertified_unit_or_unverified_person_asks_for_nothing() -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    Unit.objects.filter(pk=member.unit_id).update(certified_at=None)
    with pytest.raises(Refused, match="not_certified"):
        verifications.submit(member=member)
    claimed = factories.make_member(member.unit, state=Membership.CLAIMED)
    with pytest.raises(DomainError):
        verifications.save_profile(member=claimed, typed=typed_profile())


def test_an_agency_shows_its_licence() -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    with pytest.raises(Invalid) as refused:
        verifications.save_profile(member=member, typed=typed_profile(account_kind="agency"))
    assert {"licence_no", "licence_until", "licence"} == set(refused.value.errors)
    until = (timezone.localdate() + datetime.timedelta(days=300)).isoformat()
    typed = typed_profile(account_kind="agency", licence_no="皖00001", licence_until=until)
    saved = verifications.save_profile(member=member, typed=typed, licence=factories.make_photo())
    assert saved.licence is not None
    with pytest.raises(Invalid):
        verifications.save_profile(member=member, typed=typed, licence=b"not a picture")


def test_changing_what_was_verified_asks_for_a_new_verification(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    verifications.save_profile(member=member, typed=typed_profile(introduction="新的简介"))
    assert recruiting_refusals(member.unit) == []
    verifications.save_profile(member=member, typed=typed_profile(account_kind="public"))
    posting.refresh_from_db()
    assert posting.pause_causes == [PauseCause.UNVERIFIED]
    asked = verifications.submit(member=member)
    verifications.approve(verification_id=asked.pk, by=world.user(Role.PROVINCE))
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_units_are_reminded_at_30_and_7_days_and_paused_at_the_end(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    until = Recruiter.objects.get(unit=member.unit).valid_until
    assert until is not None

    def on(days_before: int) -> int:
        return verifications.remind_and_end(today=until - datetime.timedelta(days=days_before))

    assert [on(31), on(30), on(29), on(7), on(6), on(0)] == [0, 1, 0, 1, 0, 0]
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED
    assert [on(-1), on(-2)] == [1, 0]
    posting.refresh_from_db()
    assert posting.pause_causes == [PauseCause.UNVERIFIED]


def test_the_database_keeps_verification_and_its_end_together() -> None:
    member = scene.make_recruiter()
    with pytest.raises(IntegrityError), transaction.atomic():
        Recruiter.objects.filter(unit=member.unit).update(valid_until=None)


def test_the_pages_lead_from_profile_to_decision(world: World) -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    unit, province = client_of(member.user), world.client(Role.PROVINCE)
    profile = reverse("employer-recruiter")
    wrong = unit.post(profile, typed_profile(contact_name=""))
    assert wrong.status_code == 422
    assert "0551-60000000" in wrong.content.decode()
    assert unit.post(profile, typed_profile()).status_code == 302
    assert "提交核验" in unit.get(profile).content.decode()
    unit.post(reverse("employer-recruiter-submit"))
    asked = Verification.objects.get(unit=member.unit)
    assert "撤回核验" in unit.get(profile).content.decode()
    assert member.unit.name in province.get(reverse("console:verifications")).content.decode()
    page = reverse("console:verification", args=[asked.pk])
    assert "试用招聘" in province.get(page).content.decode()
    refused = province.post(reverse("console:verification-refuse", args=[asked.pk]), {"reason": ""})
    assert refused.status_code == 422
    province.post(reverse("console:verification-approve", args=[asked.pk]))
    assert "有效期至" in unit.get(profile).content.decode()


def test_a_person_who_is_not_verified_sees_no_form_and_no_licence() -> None:
    member = scene.make_recruiter(**UNVERIFIED)
    client: Client = client_of(factories.make_member(member.unit).user)
    shown = client.get(reverse("employer-recruiter")).content.decode()
    assert "只有单位的已认证人员" in shown
    assert 'name="contact_name"' not in shown
    assert client.get(reverse("employer-recruiter-licence")).status_code == 302
