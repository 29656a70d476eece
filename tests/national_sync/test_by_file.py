"""Reporting by workbooks alone, judged by the simulator, and its rules."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from codes.validators import uscc_check_character
from destinations.actions import enter
from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from national_sync import fixes, queries
from national_sync.actions import by_file, claim, send, upload
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, Entry, Feedback, NationalCode
from national_sync.reconciliation import compare
from national_sync.states import EntryState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.filing import (
    UNIT_WRONG,
    book,
    cells,
    judged,
    line_of,
    made,
    received,
    refused,
    said,
    whole_state,
)
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _local(settings: Any) -> None:
    """The settings of a machine whose national system is the simulator."""
    load_simulated()
    settings.NATIONAL_URL = "http://127.0.0.1:9"  # nobody is there: the link is down
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET


@pytest.fixture
def graduates(world: World) -> list[Graduate]:
    return [reporting.approved(world) for _ in range(3)]


# --- the loop --------------------------------------------------------------------------------


def test_the_whole_loop_through_workbooks_alone(
    world: World, simulator: Simulator, graduates: list[Graduate]
) -> None:
    """Sent, refused, corrected, sent again, accepted; in the end both sides are equal."""
    reporting.register(simulator, *graduates)
    wrong = graduates[1]
    code = _another_code(factories.UNIT["unit_code"])
    simulator.transport().admin(
        "units",
        units=[{"name": factories.UNIT["unit_name"], "code": code, "property": "39",
                "industry": "34"}],
    )  # fmt: skip
    for right in (graduates[0], graduates[2]):
        enter.enter(
            graduate_id=right.pk, typed={**factories.CONTRACT, "unit_code": code},
            by=world.school_admin,
        )  # fmt: skip

    first = made(world)
    assert (first.way, first.lines, first.state) == ("workbook", 6, "sent")
    report = received(first, judged(simulator, first), world)
    assert (report.answered, report.strays, report.unanswered) == (6, (), ())
    first.refresh_from_db()
    assert (first.state, first.accepted, first.rejected) == ("done", 5, 1)
    for right in (graduates[0], graduates[2]):
        assert reporting.states(right) == {"origin": "accepted", "destination": "accepted"}

    found = Feedback.objects.get()
    assert (found.graduate_id, found.kind, found.text) == (
        wrong.pk, "登记信息错误", "组织机构代码不正确")  # fmt: skip
    assert (found.code, found.field) == ("unit_code_wrong", "dwzzjgdm")  # named by its text
    row = Destination.objects.get(pk=wrong.pk)
    assert row.state == State.REJECTED
    assert "组织机构代码不正确" in row.reason
    assert reporting.entry(wrong).state == EntryState.REJECTED

    enter.enter(
        graduate_id=wrong.pk, typed={**factories.CONTRACT, "unit_code": code}, by=world.school_admin
    )
    second = made(world)
    assert [one.graduate_id for one in second.sent_lines.all()] == [wrong.pk]
    received(second, judged(simulator, second), world)
    assert reporting.entry(wrong).state == EntryState.ACCEPTED
    assert not Feedback.objects.exclude(state="closed").exists()
    with simulator.transport() as transport:
        assert compare(world.school, transport, Mapped.load(simulated=True)).clean


def _another_code(code: str) -> str:
    """A different unit code with right check digits."""
    head = code[:8] + "MA2N0ABC" + code[16:17]
    other = head[:2] + "340200" + head[8:]
    return other + uscc_check_character(other)


# --- out -------------------------------------------------------------------------------------


def test_what_the_layout_cannot_carry_waits(world: World, graduates: list[Graduate]) -> None:
    known = graduates[0]
    first = made(world)
    received(first, said(first), world)
    stranger = reporting.approved(world)
    Destination.objects.filter(pk=known.pk).update(unit_name="改了名的有限公司")
    Graduate.objects.filter(pk=known.pk).update(email="a@example.cn")
    assert by_file.due_by_part(world.school) == {
        "new": {"destination": 1},
        "old74": {"origin": 2, "destination": 2, "archive": 0},
    }
    batch = made(world, "new")
    assert [(one.graduate_id, one.part) for one in batch.sent_lines.all()] == [
        (known.pk, "destination")]  # fmt: skip
    waiting = {"origin": "waiting", "destination": "waiting"}
    assert reporting.states(stranger) == waiting
    assert reporting.states(known) == {"origin": "waiting", "destination": "sent"}


def test_the_workbook_is_made_anew_from_the_lines(world: World, graduates: list[Graduate]) -> None:
    first = made(world)
    received(first, said(first), world)
    Destination.objects.filter(pk=graduates[0].pk).update(unit_name='=HYPERLINK("http://x")')
    batch = made(world, "new")
    rows = cells(by_file.write(batch))
    assert rows[2][:2] == [graduates[0].exam_no, graduates[0].name]
    assert rows[2][4] == '\'=HYPERLINK("http://x")'
    Destination.objects.filter(pk=graduates[0].pk).update(unit_name="又改了")
    Graduate.objects.filter(pk=graduates[0].pk).update(name="改名")
    assert cells(by_file.write(batch)) == rows
    assert cells(by_file.write(first))[0][:3] == ["ksh", "sfzh", "xm"]


def test_many_claims_make_one_file(
    world: World, graduates: list[Graduate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_file, "SIZE", 2)
    monkeypatch.setattr(by_file, "MOST_LINES", 5)
    first, second = made(world), made(world)
    assert (first.lines, second.lines) == (5, 1)
    assert first.sent_lines.count() == 5
    assert refused("nothing_due", made, world=world).message.startswith("没有可上报的记录")


def test_a_destination_held_back_for_its_origin_is_sent_after_it(world: World) -> None:
    graduate = reporting.approved(world)
    later = timezone.now() + datetime.timedelta(hours=1)
    Entry.objects.filter(graduate=graduate, part="origin").update(due_at=later)
    claim.claim(Mapped.load(simulated=True))
    assert reporting.entry(graduate).state == EntryState.HELD
    Entry.objects.filter(graduate=graduate, part="origin").update(due_at=timezone.now())
    assert made(world).lines == 2


def test_simulated_codes_go_to_no_other_endpoint(world: World, settings: Any) -> None:
    graduate = reporting.approved(world)
    settings.NATIONAL_URL = "https://national.example.cn"
    assert NationalCode.objects.filter(simulated=True).exists()
    refused("nothing_due", made, world=world)
    entry = reporting.entry(graduate, "origin")
    assert (entry.state, entry.owner) == (EntryState.HELD, "province")


def test_whose_turn_it_is_and_by_when(world: World, graduates: list[Graduate]) -> None:
    made(world)
    entry = reporting.entry(graduates[0])
    assert (entry.state, entry.owner) == (EntryState.SENT, "school")
    assert entry.due_at is not None
    assert entry.due_at > timezone.now() + datetime.timedelta(days=1)


# --- apart from HTTP -------------------------------------------------------------------------


def test_an_upload_run_does_not_touch_files(
    world: World, simulator: Simulator, graduates: list[Graduate]
) -> None:
    reporting.register(simulator, *graduates)
    batch = made(world)
    old = timezone.now() - datetime.timedelta(days=2)
    Batch.objects.filter(pk=batch.pk).update(created_at=old, sent_at=old, due_at=old)
    Destination.objects.filter(pk=graduates[0].pk).update(unit_name="改了名的有限公司")
    assert send.claim_unsent() == []
    report = reporting.run(simulator)
    assert (report.looked_at, report.batches) == (0, 0)
    with simulator.transport() as transport:
        assert upload.ask_for_overdue(transport) == 0
    found = queries.status()
    assert (found["alarm"], found["open_batches"], found["open_files"]) == (False, 0, 1)
    batch.refresh_from_db()
    assert batch.state == "sent"
    # Once answered, the newer version goes by either way.
    received(batch, said(batch), world)
    assert reporting.entry(graduates[0]).state == EntryState.WAITING
    # There it was never heard of, so it may go twice within the run: as a change, then as new.
    assert reporting.run(simulator).looked_at in (1, 2)
    reporting.run(simulator)
    assert reporting.entry(graduates[0]).state == EntryState.ACCEPTED


# --- back in ---------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(world: World, graduates: list[Graduate]) -> None:
    batch = made(world)
    content = said(batch, line_of(batch, graduates[0]))
    assert received(batch, content, world).answered == 6
    before = whole_state()
    again = received(batch, content, world)
    assert (again.answered, again.repeated) == (0, 6)
    assert whole_state() == before


def test_the_second_of_two_people_finds_everything_answered(
    world: World, graduates: list[Graduate]
) -> None:
    """Both opened the page before either sent it: the second finds everything answered."""
    batch = made(world)
    stale = Batch.objects.get(pk=batch.pk)
    received(batch, said(batch), world)
    before = whole_state()
    content = said(batch, line_of(batch, graduates[0]))
    late = by_file.receive(batch=stale, content=content, by=world.user(Role.PROVINCE))
    assert (late.answered, late.repeated) == (0, 6)
    assert whole_state() == before


def test_rows_without_a_line_and_lines_without_a_row_are_listed(
    world: World, graduates: list[Graduate]
) -> None:
    batch = made(world)
    one, two, three = graduates
    content = book(
        ["考生号", "数据类别", "审核结果", "错误原因"],
        [one.exam_no, "毕业去向", "通过", ""],
        ["99999999999999", "毕业去向", "通过", ""],
        [two.exam_no, "毕业去向", "待定", ""],
        [two.exam_no, "毕业去向", "=1+1", ""],
    )
    report = received(batch, content, world)
    assert report.answered == 1
    assert [(s.row, s.elsewhere) for s in report.strays] == [(3, True), (4, False), (5, False)]
    assert len(report.unanswered) == 5
    batch.refresh_from_db()
    assert (batch.state, batch.unanswered) == ("sent", 5)
    assert reporting.entry(three).state == EntryState.SENT


def test_the_results_of_another_batch_are_refused(world: World, graduates: list[Graduate]) -> None:
    first = made(world)
    of_first = said(first, line_of(first, graduates[0]))
    received(first, of_first, world)
    enter.enter(
        graduate_id=graduates[0].pk, typed={**factories.CONTRACT, "job_title": "技术员"},
        by=world.school_admin,
    )  # fmt: skip
    second = made(world)
    before = whole_state()
    refusal = refused("other_batch", received, batch=second, content=of_first, world=world)
    assert "不是本批次的结果" in refusal.message
    # Without a column for the batch, what was judged before the file was made gives it away.
    header = ["考生号", "数据类别", "审核结果", "审核时间", "错误原因"]
    for moment in ("2020-07-01 09:30:00", "2020-07-01"):
        row = [graduates[0].exam_no, "毕业去向", "不通过", moment, UNIT_WRONG]
        refused("other_batch", received, batch=second, content=book(header, row), world=world)
    assert whole_state() == before


def test_a_number_unknown_there_is_sent_again_as_new(
    world: World, graduates: list[Graduate]
) -> None:
    """Told in words only, it is no fault of the record either."""
    batch = made(world)
    line = line_of(batch, graduates[0])
    received(batch, said(batch, line, text="根据考生号未查询到毕业生信息，无法修改"), world)
    assert reporting.entry(graduates[0]).state == EntryState.WAITING
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "no_file"),
        (b"no workbook", "not_workbook"),
        (b"<html><table></table></html>", "web_page"),
        (book(["姓名", "班级"], ["甲", "一班"]), "no_header"),
        (book(["考生号", "审核结果", "错误原因"]), "other_batch"),
    ],
)
def test_a_file_that_is_no_result_workbook_is_refused(
    world: World, graduates: list[Graduate], content: bytes, slug: str
) -> None:
    batch = made(world)
    before = whole_state()
    refused(slug, received, batch=batch, content=content, world=world)
    assert whole_state() == before


def test_an_answer_to_an_older_version_changes_no_state(
    world: World, graduates: list[Graduate]
) -> None:
    batch = made(world)
    line = line_of(batch, graduates[0])
    Destination.objects.filter(pk=graduates[0].pk).update(unit_name="改了名的有限公司")
    received(batch, said(batch, line), world)
    assert reporting.entry(graduates[0]).state == EntryState.WAITING
    assert not Feedback.objects.exists()


def test_texts_and_labels_stand_for_codes_and_fields() -> None:
    assert fixes.code_of("单位行业不正确") == "industry_wrong"
    assert fixes.code_of("别的") is None
    assert fixes.field_of("destination", "单位名称") == "dwmc"
    assert fixes.field_of("destination", "dwmc") == "dwmc"
    assert fixes.field_of("destination", "别的") == "别的"
