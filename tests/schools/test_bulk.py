"""Doing something with every row that a list shows: asked, frozen, answered row by row by a job."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core import jobs
from destinations.actions import review
from destinations.models import Destination
from destinations.states import State
from graduates.actions import origin
from graduates.models import Graduate
from graduates.states import Confirmation
from recruiting.states import PostingState
from schools.actions import bulk
from schools.models import BulkJob, BulkRow, BulkState
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world, put_in_state
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
LIST = "/console/graduates/"


@pytest.fixture
def world() -> World:
    world = make_world()
    for n in range(25):
        factories.make_graduate(world, name=f"王{chr(0x4E00 + n)}", department=n % 2)
    return world


def ask(client: Client, address: str, **posted: Any) -> Any:
    """Tick “select all” on the list at `address` and press a button."""
    path = reverse(posted.pop("path", "console:origins-lock"))
    return client.post(path, {"all": "1", "from": address, "action": "lock", **posted})


def press(client: Client, page: str, **changes: str) -> Any:
    """Press the button of the page that asks."""
    found = re.findall(r'<input type="hidden" name="(\w+)"\s+value="([^"]*)"', page)
    values = {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}
    return client.post(reverse("console:bulk"), values | changes)


def begin(client: Client, address: str, **posted: Any) -> BulkJob:
    asked = ask(client, address, **posted)
    assert asked.status_code == 200
    answer = press(client, asked.content.decode(), **({"reason": "单位不符"} if posted else {}))
    assert answer.status_code == 302, answer.content.decode()
    return BulkJob.objects.get(pk=int(answer["Location"].rstrip("/").rsplit("/", 1)[1]))


def locked() -> int:
    return Graduate.objects.filter(confirmation=Confirmation.LOCKED).count()


def test_every_filtered_row_is_locked_and_nobody_else(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"{LIST}?department={world.departments[0].pk}&size=20"
    listing = client.get(f"{LIST}?size=20").content.decode()
    assert "选择全部 25 条（不只本页）" in listing
    asked = ask(client, address).content.decode()
    assert "全部 13 条" in asked and "确认锁定 13 条" in asked
    assert locked() == 0
    job = begin(client, address)
    assert locked() == 0, "a worker does it"
    bulk.run_waiting()
    job.refresh_from_db()
    assert (job.state, job.progress, job.total) == (BulkState.DONE, 100, 13)
    assert locked() == 13
    assert not Graduate.objects.filter(
        department=world.departments[1], confirmation=Confirmation.LOCKED
    )
    page = client.get(reverse("console:bulk-job", args=[job.pk])).content.decode()
    assert "成功 13 条，未执行 0 条" in page
    assert html.escape(address) in page, "the way back to the filtered list"


def test_each_row_that_cannot_be_done_says_why(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    first, second, third = Graduate.objects.order_by("pk")[:3]
    origin.lock(graduate_id=first.pk, by=world.school_admin)
    job = begin(client, LIST)
    Graduate.objects.filter(pk=second.pk).update(ethnicity="")
    moved = factories.make_graduate(make_world())
    BulkRow.objects.filter(job=job, target=third.pk).update(target=moved.pk)
    bulk.run_waiting()
    rows = {row.target: row for row in BulkRow.objects.filter(job=job)}
    assert [rows[g].done for g in (first.pk, second.pk, moved.pk)] == [False, False, False]
    assert all(rows[g].message for g in rows)
    assert rows[moved.pk].message == "不在您的管理范围内，或已不存在，没有办理。"
    assert sum(bool(row.done) for row in rows.values()) == 22
    page = client.get(reverse("console:bulk-job", args=[job.pk]), {"result": "0"}).content.decode()
    assert page.count("<tr data-key") == 3


def test_a_worker_that_was_killed_leaves_the_rest_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begin(world.client(Role.SCHOOL_ADMIN), LIST)
    done: list[int] = []

    class Killed(BaseException):
        pass

    def lock_and_die(pk: int, *rest: Any) -> Any:
        if len(done) == 7:
            raise Killed
        done.append(pk)
        return origin.lock_one(pk, *rest)

    (claimed,) = jobs.claim(bulk.BULK_JOBS)
    action = bulk.frame.bulk_actions()["lock"]
    replaced = type(action)(**{**action.__dict__, "run": lock_and_die})
    monkeypatch.setattr(bulk.frame, "bulk_actions", lambda: {"lock": replaced})
    with pytest.raises(Killed):
        bulk.run(claimed)
    monkeypatch.undo()
    assert locked() == 7
    assert BulkRow.objects.filter(job=job, done=True).count() == 7
    assert bulk.run_waiting() == 0, "the lease still runs"
    BulkJob.objects.filter(pk=job.pk).update(leased_until="2020-01-01T00:00Z")
    (second,) = jobs.claim(bulk.BULK_JOBS)
    with pytest.raises(jobs.LeaseLost), jobs.writing(claimed):
        pass
    assert bulk.run(second)
    assert locked() == 25
    assert BulkRow.objects.filter(job=job, done=True).count() == 25


def test_rights_that_were_withdrawn_no_longer_count(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    job = begin(client, LIST)
    type(world.school_admin).objects.filter(pk=world.school_admin.pk).update(is_active=False)
    bulk.run_waiting()
    assert locked() == 0
    assert set(BulkRow.objects.filter(job=job).values_list("done", "message")) == {
        (False, "您已没有办理此事项的权限，没有办理。")
    }


def test_what_may_not_be_done_is_not_begun(world: World) -> None:
    counsellor = world.client(Role.COUNSELLOR)
    assert ask(counsellor, LIST, action="unlock").status_code == 403
    admin = world.client(Role.SCHOOL_ADMIN)
    assert ask(admin, "/console/setup/staff/").status_code == 409, "another list"
    assert ask(admin, "https://example.com/").status_code == 409
    assert admin.post(reverse("console:bulk"), {"bulk": "nothing", "from": LIST}).status_code == 409
    empty = ask(admin, f"{LIST}?confirmation=locked").content.decode()
    assert "列表中没有记录" in empty and "确认锁定" not in empty
    assert not BulkJob.objects.exists()


def test_more_rows_than_were_confirmed_are_asked_about_again(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    asked = ask(client, LIST).content.decode()
    factories.make_graduate(world)
    again = press(client, asked)
    assert again.status_code == 409
    assert "列表中现在有26条" in again.content.decode()
    assert press(client, again.content.decode()).status_code == 302


def test_too_many_rows_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_ROWS", 24)
    page = ask(world.client(Role.SCHOOL_ADMIN), LIST).content.decode()
    assert "一次最多办理24条" in page and "确认锁定" not in page


def test_a_person_has_three_jobs_waiting_at_most(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    for _ in range(3):
        begin(client, LIST)
    refused = press(client, ask(client, LIST).content.decode())
    assert "请稍后再试" in refused.content.decode()
    assert BulkJob.objects.count() == 3


def test_a_job_is_shown_to_its_own_person(world: World) -> None:
    job = begin(world.client(Role.SCHOOL_ADMIN), LIST)
    address = reverse("console:bulk-job", args=[job.pk])
    assert world.client(Role.DEPARTMENT_ADMIN).get(address).status_code == 404
    page = world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert "等待办理" in page and "hx-trigger" in page


def test_reviews_go_by_the_version_that_was_frozen(world: World) -> None:
    changed, left = (factories.make_graduate(world) for _ in range(2))
    for graduate in (changed, left):
        put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
    job = begin(
        world.client(Role.SCHOOL_ADMIN), reverse("console:review-queue"),
        path="console:review-many", action="reject",
    )  # fmt: skip
    assert job.total == 2
    Destination.objects.filter(pk=changed.pk).update(version=99)
    bulk.run_waiting()
    assert factories.destination_of(left).state == State.REJECTED
    assert factories.destination_of(changed).state == State.PENDING
    assert BulkRow.objects.get(job=job, target=changed.pk).message
    assert review.approve_one(10**9, 1, world.school_admin, "") is None


def test_rejecting_needs_a_reason(world: World) -> None:
    graduate = factories.make_graduate(world)
    put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
    client = world.client(Role.SCHOOL_ADMIN)
    queue = reverse("console:review-queue")
    asked = ask(client, queue, path="console:review-many", action="reject").content.decode()
    assert press(client, asked, reason="").status_code == 409
    assert not BulkJob.objects.exists()


def test_postings_are_approved(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.WAITING)
    province = world.client(Role.PROVINCE)
    address = f"{reverse('console:postings')}?waiting=1"
    begin(province, address, path="console:postings-approve")
    bulk.run_waiting()
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_old_jobs_are_deleted(world: World) -> None:
    old, new = (begin(world.client(Role.SCHOOL_ADMIN), LIST) for _ in range(2))
    BulkJob.objects.filter(pk=old.pk).update(created_at="2020-01-01T00:00Z")
    bulk.sweep()
    assert list(BulkJob.objects.values_list("pk", flat=True)) == [new.pk]


def test_a_fault_in_one_row_leaves_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begin(world.client(Role.SCHOOL_ADMIN), LIST)
    bad = BulkRow.objects.filter(job=job).order_by("pk")[3].target
    usual = origin.lock

    def lock(*, graduate_id: int, by: Any) -> Graduate:
        done = usual(graduate_id=graduate_id, by=by)
        if graduate_id == bad:
            raise ZeroDivisionError
        return done

    monkeypatch.setattr(origin, "lock", lock)
    bulk.run_waiting()
    row = BulkRow.objects.get(job=job, target=bad)
    assert not row.done and "单独打开" in row.message
    assert locked() == 24, "the row with the fault is as it was"


def test_a_list_that_is_too_long_is_refused_by_the_action_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    asked = ask(client, LIST).content.decode()
    monkeypatch.setattr(bulk, "MOST_ROWS", 3)
    assert press(client, asked).status_code == 409
    assert not BulkJob.objects.exists()
