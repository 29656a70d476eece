"""The national step on the graduate's home page: waiting, to be looked at, done, asked for
again."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from destinations.actions import enter
from graduates.models import Graduate
from national_sync.actions import copies
from national_sync.models import Entry, NationalCopy
from tests import factories
from tests.esign import signing
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db
STEP = "全国系统核对"


def home(client: Client) -> str:
    return client.get("/").content.decode()


def an_hour_ago(graduate: Graduate) -> None:
    """All of it happened then: within a test's transaction the database's clock stands still."""
    hour = datetime.timedelta(hours=1)
    Entry.objects.filter(graduate=graduate).update(changed_at=F("changed_at") - hour)
    NationalCopy.objects.filter(pk=graduate.pk).update(confirmed_at=F("confirmed_at") - hour)


def test_without_a_link_home_has_no_national_step(world: World) -> None:
    user = factories.activate(reporting.approved(world))
    assert STEP not in home(factories.client_of(user))


def test_from_waiting_to_confirmed_and_back(
    world: World, simulator: Simulator, settings: Any
) -> None:
    settings.NATIONAL_URL, settings.NATIONAL_CLIENT = simulator.url, CLIENT
    settings.NATIONAL_SECRET = SECRET
    graduate = reporting.approved(world)
    user = factories.activate(graduate)
    signing.confirm_origin(graduate)
    client = factories.client_of(user)
    assert "等待上报全国系统后核对" in home(client)
    reporting.register(simulator, graduate)
    reporting.run(simulator)
    assert "请核对全国系统中的数据" in home(client), reporting.states(graduate)
    client.post("/national/refresh/")
    whole = Graduate.objects.select_related("school", "cohort").get(pk=graduate.pk)
    shown = copies.as_context(whole)["shown"]
    assert client.post("/national/confirm/", {"digest": shown.digest}).status_code == 302
    assert "目前没有需要办理的事项" in home(client)
    an_hour_ago(graduate)
    assert "目前没有需要办理的事项" in home(client)
    changed = {**factories.CONTRACT, "job_title": "架构师", "unit_industry": "35"}
    enter.enter(graduate_id=graduate.pk, typed=changed, by=world.school_admin)
    assert "目前没有需要办理的事项" not in home(client)
    reporting.run(simulator)
    assert "请核对全国系统中的数据" in home(client), reporting.states(graduate)
