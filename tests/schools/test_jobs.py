"""The page 后台任务 and the command `jobs`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from core import frame, jobs, outbox
from core.models import Channel, Event, OutboxMessage, OutboxState
from graduates.models import RosterImport
from schools.roles import Role
from tests.factories import World, typed_record
from tests.graduates.test_roster_moves import upload
from tests.graduates.workbooks import roster_book

pytestmark = pytest.mark.django_db
PAGE = "/console/system/jobs/"


def park_import(world: World) -> RosterImport:
    parked = upload(world, roster_book(typed_record(world)))
    RosterImport.objects.filter(pk=parked.pk).update(
        state="failed", parked_at=timezone.now(), problem="多次尝试未能完成", attempts=3
    )
    return parked


def park_message() -> None:
    OutboxMessage.objects.create(
        channel=Channel.SMS, address="13900000001", text="", dedupe_key="a",
        state=OutboxState.PARKED, parked_at=timezone.now(), problem="线路忙",
    )  # fmt: skip


def test_the_page_lists_every_kind_with_its_parked_jobs(world: World) -> None:
    park_import(world)
    park_message()
    page = world.client(Role.PROVINCE).get(PAGE).content.decode()
    for kind in frame.job_kinds():
        assert kind.label in page
    assert "多次尝试未能完成（1）" in page
    assert 'value="roster"' in page
    assert 'value="outbox"' not in page, "nobody knows whether it arrived"


def test_retrying_parked_jobs_is_recorded(world: World) -> None:
    parked = park_import(world)
    answer = world.client(Role.PROVINCE).post(f"{PAGE}retry/", {"kind": "roster"})
    assert answer.status_code == 302
    parked.refresh_from_db()
    assert (parked.state, parked.attempts, parked.parked_at) == ("uploaded", 0, None)
    assert Event.objects.filter(action="schools.jobs_retry").count() == 1


def test_jobs_that_must_not_be_repeated_stay_parked(world: World) -> None:
    park_message()
    client = world.client(Role.PROVINCE)
    page = client.post(f"{PAGE}retry/", {"kind": "outbox"}, follow=True).content.decode()
    assert "不能重试" in page
    assert OutboxMessage.objects.get().state == OutboxState.PARKED
    assert "没有这类" in client.post(f"{PAGE}retry/", {"kind": "x"}, follow=True).content.decode()


def test_the_command_lists_every_kind_and_fails_while_something_is_parked(world: World) -> None:
    out = StringIO()
    call_command("jobs", "--json", stdout=out)
    names = [kind["name"] for kind in json.loads(out.getvalue())]
    assert names == [kind.name for kind in frame.job_kinds()]
    assert {"outbox", "roster", "destinations", "documents", "invitations"} <= set(names)
    park_message()
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("jobs", stdout=out)
    assert "线路忙" in out.getvalue()
    assert jobs.figures(outbox.MESSAGES).parked == 1
