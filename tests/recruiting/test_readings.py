"""谁看过我的简历: the page of all openings, for the owner alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import files
from graduates.models import Graduate
from recruiting.actions import applications, unit_applications
from recruiting.models import ApplicationFile, ResumeReading
from recruiting.states import PostingState
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
ADDRESS = "/resume/readings/"


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def graduate(world: World) -> Graduate:
    return scene.make_applicant(world)


def client_for(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def note_readings(graduate: Graduate, number: int) -> None:
    for n in range(number):
        ResumeReading.objects.create(
            graduate_id=graduate.pk, user_id=1, reader=f"虚构单位 试用{n}号", is_unit=True
        )


def test_who_opened_what_and_when_is_listed_newest_first(world: World, graduate: Graduate) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    application = scene.apply(graduate, posting)
    file = files.store(b"%PDF-", name="a.pdf", content_type="application/pdf", purpose="resume")
    enclosed = ApplicationFile.objects.create(application=application, name="作品集.pdf", file=file)
    client_of(member.user).get(reverse("employer-application", args=[application.pk]))
    client_of(member.user).get(
        reverse("employer-application-file", args=[application.pk, enclosed.pk])
    )
    page = client_for(graduate).get(ADDRESS)
    assert [what for _, _, what in page.context["rows"]] == ["附件“作品集.pdf”", "简历"]
    shown = page.content.decode()
    assert shown.count(f"{member.unit.name} {member.name}") == 2
    assert reverse("application", args=[application.pk]) in shown
    # Erased files have no name any more; the openings stay.
    by = scene.account_of(graduate)
    applications.withdraw(application_id=application.pk, by=by)
    applications.erase(application_id=application.pk, by=by)
    rows = client_for(graduate).get(ADDRESS).context["rows"]
    assert [what for _, _, what in rows] == ["附件", "简历"]


def test_without_openings_the_page_says_what_would_be_there(graduate: Graduate) -> None:
    page = client_for(graduate).get(ADDRESS).content.decode()
    assert "还没有人打开过" in page
    assert "更早的记录" not in page


def test_pages_have_each_opening_once_and_need_as_many_queries(graduate: Graduate) -> None:
    client = client_for(graduate)
    note_readings(graduate, 1)
    client.get(ADDRESS)
    with CaptureQueriesContext(connection) as few:
        client.get(ADDRESS)
    note_readings(graduate, 44)
    with CaptureQueriesContext(connection) as many:
        response = client.get(ADDRESS)
    assert len(many) == len(few)
    seen = [reading.pk for reading, _, _ in response.context["rows"]]
    while following := response.context["following"]:
        response = client.get(ADDRESS, {"before": following})
        seen += [reading.pk for reading, _, _ in response.context["rows"]]
    assert seen == list(ResumeReading.objects.order_by("-pk").values_list("pk", flat=True))


def test_nobody_sees_who_opened_another_ones_resume(world: World, graduate: Graduate) -> None:
    note_readings(graduate, 1)
    stranger = scene.make_applicant(world, student_no="S2")
    assert "试用0号" not in client_for(stranger).get(ADDRESS).content.decode()
    assert client_of(scene.make_recruiter().user).get(ADDRESS).status_code == 302


def test_a_unit_that_looks_through_its_list_has_opened_nothing(
    world: World, graduate: Graduate
) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    application = scene.apply(graduate, posting)
    client_of(member.user).get(reverse("employer-applications"))
    unit_applications.mark_viewed(application_id=application.pk, by=member)
    assert client_for(graduate).get(ADDRESS).context["rows"] == []


def test_the_services_lead_to_openings_and_interviews(graduate: Graduate) -> None:
    page = client_for(graduate).get(reverse("services")).content.decode()
    for name in ("resume-readings", "interviews"):
        assert f'href="{reverse(name)}"' in page
