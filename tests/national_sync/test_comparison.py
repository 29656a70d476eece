"""Comparisons as jobs: who may ask, one at a time, a dead worker, what is kept, and the page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.models import Event
from graduates.models import Graduate
from national_sync import tasks
from national_sync.actions import compare
from national_sync.models import Comparison, NationalCopy
from national_sync.reconciliation import Compared, Difference
from national_sync.states import ComparisonState
from national_sync.transport.base import TransportDown
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator
from tests.national_sync.test_handling import refused

pytestmark = pytest.mark.django_db
PAGE = "/console/national/reconcile/"


@pytest.fixture(autouse=True)
def _nobody_there(settings: Any) -> None:
    settings.NATIONAL_URL = "http://127.0.0.1:9"
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET


@pytest.fixture
def two(world: World, simulator: Simulator, settings: Any) -> list[Graduate]:
    settings.NATIONAL_URL = simulator.url
    made = [reporting.approved(world) for _ in range(2)]
    reporting.register(simulator, *made)
    reporting.run(simulator)
    return made


def asked(world: World) -> Comparison:
    return compare.ask(school=world.school, by=world.school_admin)


def ran(world: World) -> Comparison:
    found = asked(world)
    compare.run(found.pk)
    found.refresh_from_db()
    return found


def die(found: Comparison, *, seconds: int = 600, attempts: int = 1) -> None:
    """Leave the row as a worker does that was killed `seconds` ago, right after claiming it."""
    past = timezone.now() - timedelta(seconds=seconds)
    Comparison.objects.filter(pk=found.pk).update(
        state="running",
        started_at=past,
        leased_until=past + compare.COMPARISONS.lease,
        attempts=attempts,
        token=attempts,
    )


# --- asking ----------------------------------------------------------------------------------


def test_who_may_ask_for_a_comparison(world: World) -> None:
    stranger = factories.make_world().school_admin
    for by in (stranger, world.department_admin, world.counsellor):
        refused("role", compare.ask, school=world.school, by=by)
    made = compare.ask(school=world.school, by=world.user(Role.PROVINCE))
    assert made.state == ComparisonState.WAITING


def test_without_a_link_a_comparison_is_refused(world: World, settings: Any) -> None:
    settings.NATIONAL_URL = ""
    refused("not_configured", compare.ask, school=world.school, by=world.school_admin)
    client = world.client(Role.SCHOOL_ADMIN)
    assert "尚未配置全国系统的地址和密钥" in client.get(PAGE).content.decode()
    response = client.post(f"{PAGE}start/")
    assert (response.status_code, Comparison.objects.count()) == (409, 0)
    assert "不能比对" in response.content.decode()


def test_a_school_has_one_unfinished_comparison_at_most(world: World) -> None:
    first = asked(world)
    assert asked(world) == first
    assert Event.objects.filter(action="national.compare_ask").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.create(school=world.school, asked_by_label="又一个")
    compare.run(first.pk)  # nobody answers there
    assert asked(world) != first


# --- running ---------------------------------------------------------------------------------


def test_the_result_of_a_comparison_is_kept(
    world: World, simulator: Simulator, two: list[Graduate]
) -> None:
    simulator.sql(
        "UPDATE held SET fields = jsonb_set(jsonb_set(fields, '{sfzh}', '\"340101190001010000\"'),"
        " '{xm}', '\"别人\"') WHERE part = 'origin' AND exam_no = %s",
        two[0].exam_no,
    )
    found = ran(world)
    assert (found.state, found.problem, found.progress) == ("done", "", 100)
    assert found.result is not None
    totals = {k: found.result[k] for k in ("ours", "theirs", "equal", "differs", "total")}
    assert totals == {"ours": 4, "theirs": 4, "equal": 3, "differs": 1, "total": 1}
    (difference,) = found.result["differences"]
    fields = {f["label"]: (f["ours"], f["theirs"]) for f in difference["fields"]}
    assert fields["姓名"] == (two[0].name, "别人")
    assert fields["证件号码"][1] == "340101********0000"
    assert two[0].person.id_number not in str(found.result)
    copies = dict(NationalCopy.objects.values_list("graduate_id", "differences"))
    assert copies == {two[0].pk: 2, two[1].pk: 0}
    assert Event.objects.get(action="national.compare_end").data["differs"] == 1


def test_a_copy_that_was_fetched_later_is_not_overwritten(
    world: World, two: list[Graduate]
) -> None:
    later = timezone.now() + timedelta(hours=1)
    NationalCopy.objects.filter(pk=two[0].pk).update(national_state="confirmed", fetched_at=later)
    ran(world)
    copies = dict(NationalCopy.objects.values_list("graduate_id", "national_state"))
    assert copies == {two[0].pk: "confirmed", two[1].pk: "unconfirmed"}


def test_only_the_first_differences_are_kept(world: World) -> None:
    many = [Difference("unknown_here", "origin", str(n), 2026) for n in range(300)]
    kept = compare.as_result(Compared(world.school, theirs=300, differences=many))
    assert (kept["total"], kept["unknown_here"], len(kept["differences"])) == (300, 300, 200)


def test_a_comparison_that_nobody_answers_says_so(world: World) -> None:
    found = ran(world)
    assert found.state == "failed"
    assert "暂时无法访问" in found.problem
    page = world.client(Role.SCHOOL_ADMIN).get(PAGE).content.decode()
    assert "全国系统暂时无法访问" in page
    assert "hx-trigger" not in page.partition('id="comparison"')[2].partition(">")[0]


def test_a_link_that_was_removed_before_the_comparison_ran(world: World, settings: Any) -> None:
    found = asked(world)
    settings.NATIONAL_URL = ""
    compare.run(found.pk)
    found.refresh_from_db()
    assert (found.state, "尚未配置" in found.problem) == ("failed", True)


def test_wrong_credentials_are_named(
    world: World, simulator: Simulator, two: list[Graduate], settings: Any
) -> None:
    settings.NATIONAL_SECRET = "wrong"
    assert "拒绝了请求" in ran(world).problem


def test_an_unexpected_error_ends_the_comparison(
    world: World, two: list[Graduate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "_keep_copies", lambda *_: 1 / 0)
    found = asked(world)
    with pytest.raises(ZeroDivisionError):
        compare.run(found.pk)
    found.refresh_from_db()
    assert (found.state, found.result) == ("failed", None)


# --- a killed worker -------------------------------------------------------------------------


def test_the_sweep_takes_up_what_a_dead_worker_left(world: World, two: list[Graduate]) -> None:
    found = asked(world)
    assert compare.overdue() == []  # the message is on its way
    die(found, seconds=60)
    assert compare.overdue() == []  # it may still be at work
    assert compare.run(found.pk) is False
    die(found)
    assert compare.overdue() == [found.pk]
    tasks.sweep_comparisons()
    found.refresh_from_db()
    assert (found.state, found.attempts, compare.overdue()) == ("done", 2, [])


def test_a_comparison_whose_message_was_lost_is_run(world: World, two: list[Graduate]) -> None:
    found = asked(world)
    past = timezone.now() - timedelta(seconds=90)
    Comparison.objects.filter(pk=found.pk).update(due_at=past)
    tasks.sweep_comparisons()
    found.refresh_from_db()
    assert found.state == "done"


def test_a_worker_with_a_stale_token_writes_nothing(
    world: World, two: list[Graduate], monkeypatch: pytest.MonkeyPatch
) -> None:
    NationalCopy.objects.all().delete()
    found = asked(world)
    real = compare.compare

    def slow(*args: Any) -> Any:
        made = real(*args)
        Comparison.objects.filter(pk=found.pk).update(token=9)  # another worker took over
        return made

    monkeypatch.setattr(compare, "compare", slow)
    assert compare.run(found.pk) is False
    found.refresh_from_db()
    assert (found.state, found.result) == ("running", None)
    assert not NationalCopy.objects.exists()


def test_a_worker_with_a_stale_token_writes_no_failure_either(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asked(world)

    def fail(*_: Any) -> Any:
        Comparison.objects.filter(pk=found.pk).update(token=9)  # another worker took over
        raise TransportDown("down")

    monkeypatch.setattr(compare, "compare", fail)
    assert compare.run(found.pk) is False
    found.refresh_from_db()
    assert (found.state, found.problem) == ("running", "")
    assert not Event.objects.filter(action="national.compare_end").exists()


def test_a_comparison_is_not_tried_without_end(world: World) -> None:
    found = asked(world)
    die(found, attempts=compare.COMPARISONS.most_attempts)
    tasks.sweep_comparisons()
    found.refresh_from_db()
    assert found.state == "failed"
    assert "多次尝试" in found.problem
    assert found.finished_at is not None
    assert found.parked_at is None  # nobody has to release it
    assert asked(world) != found


# --- the page --------------------------------------------------------------------------------


def test_the_comparison_page_from_the_button_to_the_result(
    world: World,
    simulator: Simulator,
    two: list[Graduate],
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[int] = []
    monkeypatch.setattr(tasks.run_comparison, "delay", started.append)
    client = world.client(Role.SCHOOL_ADMIN)
    assert "还没有比对结果" in client.get(PAGE).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{PAGE}start/").status_code == 302
    found = Comparison.objects.get()
    assert started == [found.pk]
    waiting = client.get(PAGE).content.decode()
    assert f'hx-get="{PAGE}?school={world.school.pk}"' in waiting
    assert "后台还没有开始处理" not in waiting
    die(found)
    assert "重新开始" in client.get(PAGE).content.decode()
    simulator.sql("DELETE FROM held WHERE part = 'destination' AND exam_no = %s", two[1].exam_no)
    compare.run(found.pk)
    part = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-get" not in part
    assert f'value="{two[1].pk}"' in part
    assert two[1].name in part
    assert "全国系统缺少" in part
    assert world.school_admin.label in part
    assert "已入库" in part  # the ledger's state, in words


def test_a_school_sees_its_own(world: World, two: list[Graduate]) -> None:
    ran(world)
    other = factories.make_world()
    page = other.client(Role.SCHOOL_ADMIN).get(PAGE, {"school": world.school.pk}).content.decode()
    assert "还没有比对结果" in page
    page = world.client(Role.PROVINCE).get(PAGE, {"school": world.school.pk}).content.decode()
    assert "两边完全一致" in page


def test_the_oldest_comparisons_are_deleted(world: World) -> None:
    for _ in range(compare.KEPT + 2):
        ran(world)
    assert Comparison.objects.filter(school=world.school).count() == compare.KEPT
