"""The school seals a cohort that has ended (封存), and the province unseals it."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.models import Event
from destinations.actions import enter, review
from graduates.actions import origin, reopen, roster, standing
from graduates.models import Graduate
from schools.actions import cohorts
from schools.models import Cohort, Phase
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, World, make_graduate, make_world, today, typed_record
from tests.graduates.workbooks import check, issue_codes, roster_book

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """A world whose cohort ended yesterday, with one graduate waiting for review."""
    made = make_world()
    graduate = make_graduate(made)
    factories.register_contract(graduate, factories.activate(graduate))
    yesterday = today() - datetime.timedelta(days=1)
    Cohort.objects.filter(pk=made.cohort.pk).update(ends_on=yesterday)
    return made


@pytest.fixture
def admin(world: World) -> Client:
    return world.client(Role.SCHOOL_ADMIN)


def page_of(world: World) -> str:
    return reverse("console:cohort-seal", args=[world.cohort.pk])


def phase(world: World) -> str:
    return Cohort.objects.get(pk=world.cohort.pk).phase()


def test_the_page_lists_unfinished_work_and_the_button_seals_the_cohort(
    admin: Client, world: World
) -> None:
    own = reverse("console:cohort", args=[world.cohort.pk])
    assert page_of(world) in admin.get(own).content.decode()
    page = admin.get(page_of(world)).content.decode()
    assert "1人的去向待审核" in page
    assert "1人的生源信息没有锁定" in page
    assert f"cohort={world.cohort.year}&amp;state=pending" in page
    assert phase(world) == Phase.ENDED  # looking changes nothing
    assert admin.post(page_of(world))["Location"] == own
    assert phase(world) == Phase.SEALED
    event = Event.objects.get(action="schools.cohort_seal")
    assert (event.object_id, event.school_id) == (world.cohort.pk, world.school.pk)
    assert "1人的去向待审核" in event.data["unfinished"]
    page = admin.get(own).content.decode()
    assert page_of(world) not in page
    assert "已封存" in page or "封存，不能再修改" in page


def test_nothing_can_be_changed_in_a_sealed_cohort(world: World) -> None:
    graduate = Graduate.objects.get(school=world.school)
    made = check(world, roster_book(typed_record(world)))
    cohorts.seal(cohort_id=world.cohort.pk, by=world.school_admin)
    for act in (
        lambda: review.approve(graduate_id=graduate.pk, by=world.counsellor),
        lambda: enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin),
        lambda: reopen.reopen(
            graduate_id=graduate.pk, until=today(), reason="晚", by=world.user(Role.PROVINCE)
        ),
        lambda: origin.edit(graduate_id=graduate.pk, typed={"qq": "12345"}, by=world.school_admin),
        lambda: origin.lock(graduate_id=graduate.pk, by=world.counsellor),
        lambda: standing.end_enrolment(
            graduate_id=graduate.pk, standing="withdrawn", reason="退学", by=world.school_admin
        ),
        lambda: make_graduate(world),
    ):
        with pytest.raises(DomainError) as refusal:
            act()
        assert "封存" in refusal.value.message
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/{graduate.pk}/")
    for name in ("lock", "standing"):
        address = reverse(f"console:origin-{name}", args=[graduate.pk])
        assert address not in page.content.decode()
    # A roster that was previewed before the sealing is refused row by row.
    roster.confirm(made, by=world.school_admin)
    done = roster.apply(made.pk)
    assert (done.counts["created"], done.counts["rejected"]) == (0, 1)
    assert issue_codes(done, errors=True) == {"cohort_sealed"}


def test_a_cohort_is_sealed_after_its_end_and_only_once(world: World) -> None:
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=today())
    client = world.client(Role.SCHOOL_ADMIN)
    answer = client.post(page_of(world))
    assert (answer.status_code, "截止以后才能封存" in answer.content.decode()) == (409, True)
    assert '<form method="post" data-confirm' not in client.get(page_of(world)).content.decode()
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at=timezone.now())
    answer = client.post(page_of(world))
    assert (answer.status_code, "已经封存" in answer.content.decode()) == (409, True)
    assert not Event.objects.filter(action="schools.cohort_seal").exists()


def test_a_cohort_with_a_reopened_record_cannot_be_sealed(admin: Client, world: World) -> None:
    graduate, province = Graduate.objects.get(school=world.school), world.user(Role.PROVINCE)
    reopen.reopen(graduate_id=graduate.pk, until=today(), reason="晚到", by=province)
    answer = admin.post(page_of(world))
    assert answer.status_code == 409
    assert "没有到期" in answer.content.decode()
    assert phase(world) == Phase.ENDED
    reopen.end_reopening(graduate_id=graduate.pk, by=province)
    assert admin.post(page_of(world)).status_code == 302
    assert phase(world) == Phase.SEALED


def test_the_province_unseals_with_a_reason(world: World) -> None:
    cohorts.seal(cohort_id=world.cohort.pk, by=world.school_admin)
    province = world.client(Role.PROVINCE)
    own = reverse("console:cohort-unseal", args=[world.cohort.pk])
    school = reverse("console:school", args=[world.school.pk])
    assert own in province.get(school).content.decode()
    answer = province.post(own, {"reason": " "})
    assert (answer.status_code, "请填写原因" in answer.content.decode()) == (422, True)
    assert phase(world) == Phase.SEALED
    assert province.post(own, {"reason": "漏审一人"})["Location"] == school
    assert phase(world) == Phase.ENDED
    assert Event.objects.get(action="schools.cohort_unseal").reason == "漏审一人"
    assert "漏审一人" in province.get(own).content.decode()
    graduate = Graduate.objects.get(school=world.school)
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    with pytest.raises(DomainError) as refusal:
        cohorts.unseal(cohort_id=world.cohort.pk, reason="再", by=world.user(Role.PROVINCE))
    assert refusal.value.code == "cohort_not_sealed"


def test_only_the_school_seals_and_only_the_province_unseals(world: World) -> None:
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE):
        assert world.client(role).post(page_of(world)).status_code == 403
        with pytest.raises(DomainError) as refusal:
            cohorts.seal(cohort_id=world.cohort.pk, by=world.user(role))
        assert refusal.value.code == "role"
    cohorts.seal(cohort_id=world.cohort.pk, by=world.school_admin)
    with pytest.raises(DomainError) as refusal:
        cohorts.unseal(cohort_id=world.cohort.pk, reason="想改", by=world.school_admin)
    assert refusal.value.code == "role"
