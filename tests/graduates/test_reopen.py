"""逾期重新开放: after a cohort's end the province opens a record until a date."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import DomainError
from core.models import Event
from destinations.actions import enter
from graduates.actions import reopen as actions
from graduates.models import Graduate
from schools.models import Cohort
from schools.roles import Role
from tests.factories import CONTRACT, World, make_graduate, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def graduate(world: World) -> Graduate:
    """A graduate of a cohort that ended yesterday."""
    graduate = make_graduate(world)
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=today() - datetime.timedelta(days=1))
    return graduate


@pytest.fixture
def province(world: World) -> Client:
    return world.client(Role.PROVINCE)


def test_a_reopened_record_can_be_registered_again(
    province: Client, world: World, graduate: Graduate
) -> None:
    with pytest.raises(DomainError):
        enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    own = reverse("console:reopen", args=[graduate.pk])
    assert own in province.get(reverse("console:origin", args=[graduate.pk])).content.decode()
    until = today() + datetime.timedelta(days=7)
    typed = {"until": until.isoformat(), "reason": "境外录取通知晚到"}
    assert province.post(own, typed).status_code == 302
    assert Graduate.objects.get(pk=graduate.pk).reopened_until == until
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    event = Event.objects.get(action="graduates.reopen")
    assert (event.reason, event.object_id) == ("境外录取通知晚到", graduate.pk)
    page = province.get(own).content.decode()
    assert "境外录取通知晚到" in page
    province.post(reverse("console:reopen-end", args=[graduate.pk]))
    assert Graduate.objects.get(pk=graduate.pk).reopened_until is None
    assert Event.objects.get(action="graduates.end_reopening").object_id == graduate.pk


def test_a_refused_reopening_shows_again_what_was_typed(
    province: Client, graduate: Graduate
) -> None:
    own = reverse("console:reopen", args=[graduate.pk])
    late = (today() + datetime.timedelta(days=400)).isoformat()
    answer = province.post(own, {"until": late, "reason": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "最多开放60天" in page
    assert "请填写原因" in page
    assert late in page
    past = (today() - datetime.timedelta(days=1)).isoformat()
    assert "今天或以后" in province.post(own, {"until": past, "reason": "晚"}).content.decode()


def test_a_record_of_an_open_cohort_cannot_be_reopened(world: World) -> None:
    graduate = make_graduate(world)
    with pytest.raises(DomainError) as refusal:
        actions.reopen(
            graduate_id=graduate.pk, until=today(), reason="晚", by=world.user(Role.PROVINCE)
        )
    assert refusal.value.code == "cohort_not_ended"


def test_a_record_is_found_by_school_and_student_number(
    province: Client, graduate: Graduate
) -> None:
    address = reverse("console:reopen-find")
    typed = {"school": str(graduate.school_id), "student_no": graduate.student_no.lower()}
    found = province.get(address, typed)
    assert found["Location"] == reverse("console:reopen", args=[graduate.pk])
    missing = province.get(address, typed | {"student_no": "S0"})
    assert missing.status_code == 422
    assert "没有这个学号" in missing.content.decode()


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_staff_of_schools_cannot_reopen(world: World, graduate: Graduate, role: str) -> None:
    client = world.client(role)
    addresses = [
        reverse("console:reopen-find"),
        reverse("console:reopen", args=[graduate.pk]),
        reverse("console:reopen-end", args=[graduate.pk]),
    ]
    for address in addresses:
        assert client.post(address, {}).status_code == 403
    with pytest.raises(DomainError) as refusal:
        actions.reopen(graduate_id=graduate.pk, until=today(), reason="晚", by=world.user(role))
    assert refusal.value.code == "role"
