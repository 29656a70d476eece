"""The row of an import as it moves: twice, lost, dead, meanwhile; and the workbook that comes back."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from openpyxl import load_workbook

from core import files, jobs
from core.errors import Refused
from core.models import Event
from graduates.actions import origin, roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import Graduate, RosterImport
from graduates.tasks import sweep_imports
from schools.roles import Role
from tests.factories import World, make_world, typed_record
from tests.graduates.workbooks import (
    apply,
    book,
    check,
    codes,
    import_book,
    import_rows,
    roster_book,
    upload,
)
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db


# --- the workbook that comes back -----------------------------------------------------------------


def test_the_annotated_workbook(world: World) -> None:
    good = typed_record(world) | {"directed_unit": ""}
    bad = typed_record(world) | {"mobile": "1", "email": "@SUM(1+1)", "name": "+试"}
    made = check(world, roster_book(good, bad))
    assert made.annotated is not None
    with files.open_file(made.annotated) as f:
        sheet: Any = load_workbook(io.BytesIO(f.read())).active
    header = [c.value for c in sheet[1]]
    assert header[: len(TEMPLATE_KEYS)] == [BY_KEY[k].label for k in TEMPLATE_KEYS]
    assert header[-1] == "未导入原因"
    marked = {c.column - 1: c for c in sheet[3] if c.comment}
    assert {TEMPLATE_KEYS[i] for i in marked} == {"mobile", "email", "name"}
    for cell in marked.values():
        assert cell.fill.fill_type == "solid"
        assert cell.comment.text
    assert "手机号码应为11位" in sheet[3][len(header) - 1].value
    assert not any(c.comment for c in sheet[2])
    kinds = {c.data_type for row in sheet.iter_rows() for c in row}
    assert "f" not in kinds
    # What comes back can be mended and sent again: the header is still found.
    buffer = io.BytesIO()
    for key, value in (("mobile", "13800000009"), ("email", ""), ("name", "试安柏")):
        sheet.cell(3, TEMPLATE_KEYS.index(key) + 1).value = value
    sheet.parent.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["created"] == 2


def test_every_row_comes_back_where_it_stood(world: World) -> None:
    """Titles above, empty columns before, empty rows between."""
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    good, bad = typed_record(world), typed_record(world) | {"mobile": "1"}
    rows = [[None, None, *[r.get(k, "") for k in TEMPLATE_KEYS]] for r in (good, bad)]
    title = [None, None, "虚构学院毕业生名册"]
    made = check(world, book([title, [], [None, None, *header], rows[0], [], [], rows[1]]))
    assert made.issues.get(is_error=True).row == 7
    assert made.annotated is not None
    with files.open_file(made.annotated) as f:
        content = f.read()
    sheet: Any = load_workbook(io.BytesIO(content)).active
    assert sheet["C1"].value == "虚构学院毕业生名册"
    marked = [c.coordinate for row in sheet.iter_rows() for c in row if c.comment]
    assert marked == [sheet.cell(7, TEMPLATE_KEYS.index("mobile") + 3).coordinate]
    assert check(world, content).issues.get(is_error=True).row == 7


def test_a_lone_row_far_below_makes_no_huge_book(world: World) -> None:
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    bad = typed_record(world) | {"mobile": "1"}
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in (typed_record(world), bad)]
    made = check(world, book([header, rows[0], *[[]] * 20_000, rows[1]]))
    assert made.annotated is not None
    with files.open_file(made.annotated) as f:
        sheet: Any = load_workbook(io.BytesIO(f.read())).active
    assert (sheet.max_row, sheet.cell(2, len(header) + 2).value) == (2, 20_003)


# --- steps that are repeated, lost or interrupted -----------------------------------------------------------------------------


def test_confirming_twice_is_harmless(world: World) -> None:
    made = check(world, roster_book(typed_record(world)))
    roster.confirm(roster_import=made, by=world.school_admin)
    roster.confirm(roster_import=made, by=world.school_admin)
    roster.apply(made.pk)
    assert roster.apply(made.pk).counts["created"] == 1
    roster.confirm(roster_import=made, by=world.school_admin)
    assert RosterImport.objects.get(pk=made.pk).state == "done"
    assert Event.objects.filter(action="graduates.import_confirm", object_id=made.pk).count() == 1
    assert Graduate.objects.filter(school=world.school).count() == 1
    with pytest.raises(Refused) as refusal:
        roster.cancel(roster_import=made, by=world.school_admin)
    assert refusal.value.code == "import_state"


def test_a_cancelled_import_is_not_confirmed(world: World) -> None:
    made = check(world, roster_book(typed_record(world)))
    roster.cancel(roster_import=made, by=world.school_admin)
    with pytest.raises(Refused) as refusal:
        roster.confirm(roster_import=made, by=world.school_admin)
    assert refusal.value.code == "import_state"
    roster.apply(made.pk)
    assert not Graduate.objects.filter(school=world.school).exists()


def die(made: RosterImport, state: str, *, seconds: int = 600) -> None:
    """Leave the row as a worker does that was killed `seconds` after it renewed its lease."""
    RosterImport.objects.filter(pk=made.pk).update(
        state=state,
        leased_until=timezone.now() - timedelta(seconds=seconds) + roster.ROSTERS.lease,
    )


def test_the_sweep_takes_up_what_a_dead_worker_left(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    die(made, "checking", seconds=60)
    assert jobs.overdue(roster.ROSTERS) == [], "the worker may still be at work"
    die(made, "checking")
    assert jobs.overdue(roster.ROSTERS) == [(made.pk, ImportState.UPLOADED)]
    sweep_imports()
    made.refresh_from_db()
    assert made.state == "previewed"
    roster.confirm(roster_import=made, by=world.school_admin)
    die(made, "applying")
    sweep_imports()
    made.refresh_from_db()
    assert (made.state, made.counts["created"]) == ("done", 1)
    assert jobs.overdue(roster.ROSTERS) == []


def test_a_crash_that_emptied_the_staging_table(world: World) -> None:
    made = check(world, roster_book(typed_record(world), typed_record(world) | {"mobile": "1"}))
    roster.confirm(roster_import=made, by=world.school_admin)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM graduates_rosterrow")
    assert roster.apply(made.pk).counts["created"] == 1


def test_poison_is_parked(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    RosterImport.objects.filter(pk=made.pk).update(attempts=roster.ROSTERS.most_attempts)
    die(made, "checking")
    sweep_imports()
    made.refresh_from_db()
    assert (made.state, "联系运维" in made.problem) == ("failed", True)
    assert jobs.overdue(roster.ROSTERS) == []


def test_a_lost_message_is_found(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    assert jobs.overdue(roster.ROSTERS) == [], "its message may be on the way"
    RosterImport.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    sweep_imports()
    made.refresh_from_db()
    assert made.state == "previewed"


def test_what_happened_between_preview_and_confirmation(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    made = check(world, roster_book(record | {"politics": "群众"}))
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    made = apply(world, made)
    assert made.counts == {"created": 0, "updated": 0, "unchanged": 0, "rejected": 1}
    assert codes(made, errors=True) == {"locked"}


def test_another_schools_import_is_not_there(world: World) -> None:
    made = check(world, roster_book(typed_record(world)))
    client = make_world().client(Role.SCHOOL_ADMIN)
    for path in ("", "annotated/"):
        address = f"/console/graduates/import/{made.pk}/{path}"
        assert client.get(address).status_code == 404
    for path in ("confirm/", "cancel/"):
        address = f"/console/graduates/import/{made.pk}/{path}"
        assert client.post(address).status_code == 404
    assert made.file.name not in client.get("/console/graduates/import/").content.decode()
    made.refresh_from_db()
    assert made.state == "previewed"
