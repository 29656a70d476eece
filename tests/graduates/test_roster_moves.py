"""The steps of a roster import: repeated, interrupted and continued; and the annotated workbook."""

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
    import_book,
    import_rows,
    issue_codes,
    roster_book,
    upload,
)
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db


# --- the workbook that comes back -----------------------------------------------------------------


def test_the_annotated_workbook_marks_refused_cells_with_reasons(world: World) -> None:
    good = typed_record(world) | {"directed_unit": ""}
    bad = typed_record(world) | {"mobile": "1", "email": "@SUM(1+1)", "name": "+试"}
    imported = check(world, roster_book(good, bad))
    assert imported.annotated is not None
    with files.open_file(imported.annotated) as f:
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
    # The annotated workbook can be corrected and imported again, since its header is found.
    buffer = io.BytesIO()
    for key, value in (("mobile", "13800000009"), ("email", ""), ("name", "试安柏")):
        sheet.cell(3, TEMPLATE_KEYS.index(key) + 1).value = value
    sheet.parent.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["created"] == 2


def test_every_row_keeps_its_number_in_the_annotated_workbook(world: World) -> None:
    """The roster has a title above, an empty column before, and empty rows between."""
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    good, bad = typed_record(world), typed_record(world) | {"mobile": "1"}
    rows = [[None, None, *[r.get(k, "") for k in TEMPLATE_KEYS]] for r in (good, bad)]
    title = [None, None, "虚构学院毕业生名册"]
    imported = check(world, book([title, [], [None, None, *header], rows[0], [], [], rows[1]]))
    assert imported.issues.get(is_error=True).row == 7
    assert imported.annotated is not None
    with files.open_file(imported.annotated) as f:
        content = f.read()
    sheet: Any = load_workbook(io.BytesIO(content)).active
    assert sheet["C1"].value == "虚构学院毕业生名册"
    marked = [c.coordinate for row in sheet.iter_rows() for c in row if c.comment]
    assert marked == [sheet.cell(7, TEMPLATE_KEYS.index("mobile") + 3).coordinate]
    assert check(world, content).issues.get(is_error=True).row == 7


def test_a_single_row_far_below_makes_no_huge_workbook(world: World) -> None:
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    bad = typed_record(world) | {"mobile": "1"}
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in (typed_record(world), bad)]
    imported = check(world, book([header, rows[0], *[[]] * 20_000, rows[1]]))
    assert imported.annotated is not None
    with files.open_file(imported.annotated) as f:
        sheet: Any = load_workbook(io.BytesIO(f.read())).active
    assert (sheet.max_row, sheet.cell(2, len(header) + 2).value) == (2, 20_003)


# --- steps that are repeated, lost or interrupted -----------------------------------------------------------------------------


def test_confirming_twice_changes_nothing(world: World) -> None:
    imported = check(world, roster_book(typed_record(world)))
    roster.confirm(roster_import=imported, by=world.school_admin)
    roster.confirm(roster_import=imported, by=world.school_admin)
    roster.apply(imported.pk)
    assert roster.apply(imported.pk).counts["created"] == 1
    roster.confirm(roster_import=imported, by=world.school_admin)
    assert RosterImport.objects.get(pk=imported.pk).state == "done"
    assert (
        Event.objects.filter(action="graduates.import_confirm", object_id=imported.pk).count() == 1
    )
    assert Graduate.objects.filter(school=world.school).count() == 1
    with pytest.raises(Refused) as refusal:
        roster.cancel(roster_import=imported, by=world.school_admin)
    assert refusal.value.code == "import_state"


def test_a_cancelled_import_cannot_be_confirmed(world: World) -> None:
    imported = check(world, roster_book(typed_record(world)))
    roster.cancel(roster_import=imported, by=world.school_admin)
    with pytest.raises(Refused) as refusal:
        roster.confirm(roster_import=imported, by=world.school_admin)
    assert refusal.value.code == "import_state"
    roster.apply(imported.pk)
    assert not Graduate.objects.filter(school=world.school).exists()


def leave_as_killed_worker(imported: RosterImport, state: str, *, seconds: int = 600) -> None:
    """Put the import into the state in which a worker leaves it that was killed `seconds` ago."""
    RosterImport.objects.filter(pk=imported.pk).update(
        state=state,
        leased_until=timezone.now() - timedelta(seconds=seconds) + roster.ROSTERS.lease,
    )


def test_the_sweep_continues_the_import_of_a_dead_worker(world: World) -> None:
    imported = upload(world, roster_book(typed_record(world)))
    leave_as_killed_worker(imported, "checking", seconds=60)
    assert jobs.overdue(roster.ROSTERS) == [], "the worker may still be at work"
    leave_as_killed_worker(imported, "checking")
    assert jobs.overdue(roster.ROSTERS) == [(imported.pk, ImportState.UPLOADED)]
    sweep_imports()
    imported.refresh_from_db()
    assert imported.state == "previewed"
    roster.confirm(roster_import=imported, by=world.school_admin)
    leave_as_killed_worker(imported, "applying")
    sweep_imports()
    imported.refresh_from_db()
    assert (imported.state, imported.counts["created"]) == ("done", 1)
    assert jobs.overdue(roster.ROSTERS) == []


def test_an_import_continues_after_a_crash_emptied_the_staging_table(world: World) -> None:
    imported = check(world, roster_book(typed_record(world), typed_record(world) | {"mobile": "1"}))
    roster.confirm(roster_import=imported, by=world.school_admin)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM graduates_rosterrow")
    assert roster.apply(imported.pk).counts["created"] == 1


def test_an_import_that_keeps_failing_is_parked(world: World) -> None:
    imported = upload(world, roster_book(typed_record(world)))
    RosterImport.objects.filter(pk=imported.pk).update(attempts=roster.ROSTERS.most_attempts)
    leave_as_killed_worker(imported, "checking")
    sweep_imports()
    imported.refresh_from_db()
    assert (imported.state, "联系运维" in imported.problem) == ("failed", True)
    assert jobs.overdue(roster.ROSTERS) == []


def test_the_sweep_continues_an_import_whose_message_was_lost(world: World) -> None:
    imported = upload(world, roster_book(typed_record(world)))
    assert jobs.overdue(roster.ROSTERS) == [], "its message may be on the way"
    RosterImport.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    sweep_imports()
    imported.refresh_from_db()
    assert imported.state == "previewed"


def test_a_record_changed_between_preview_and_confirmation_is_not_overwritten(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    imported = check(world, roster_book(record | {"politics": "群众"}))
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    imported = apply(world, imported)
    assert imported.counts == {"created": 0, "updated": 0, "unchanged": 0, "rejected": 1}
    assert issue_codes(imported, errors=True) == {"locked"}


def test_an_import_of_another_school_is_not_found(world: World) -> None:
    imported = check(world, roster_book(typed_record(world)))
    client = make_world().client(Role.SCHOOL_ADMIN)
    for path in ("", "annotated/"):
        address = f"/console/graduates/import/{imported.pk}/{path}"
        assert client.get(address).status_code == 404
    for path in ("confirm/", "cancel/"):
        address = f"/console/graduates/import/{imported.pk}/{path}"
        assert client.post(address).status_code == 404
    assert imported.file.name not in client.get("/console/graduates/import/").content.decode()
    imported.refresh_from_db()
    assert imported.state == "previewed"
