"""The import of a whole roster, by the actions and by the command."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.models import Event
from destinations.models import Destination
from graduates.models import Graduate
from tests import factories
from tests.factories import World, typed_record
from tests.graduates.workbooks import apply, check, import_book, roster_book

DATA = Path(__file__).parents[1] / "data"

pytestmark = pytest.mark.django_db


def the_roster() -> tuple[bytes, dict[str, Any]]:
    answers = json.loads((DATA / "roster-400.answers.json").read_text(encoding="utf-8"))
    return (DATA / "roster-400.xlsx").read_bytes(), answers


def test_each_of_400_rows_gets_the_expected_result(world: World) -> None:
    if world.cohort.year != 2027:  # the year of the roster in tests/data
        factories.make_cohort(world.school, 2027)
    content, answers = the_roster()
    imported = check(world, content)
    assert imported.state == "previewed", imported.problem
    assert not Graduate.objects.filter(school=world.school).exists()  # a preview changes nothing
    errors = {(i.row, i.column) for i in imported.issues.filter(is_error=True)}
    expected = {
        (int(row), a["field"]) for row, a in answers["rows"].items() if a["outcome"] == "error"
    }
    assert errors == expected
    warned = {(i.row, i.column) for i in imported.issues.filter(is_error=False)}
    for row, answer in answers["rows"].items():
        if answer["outcome"] == "warning":
            assert (int(row), answer["field"]) in warned
    imported = apply(world, imported)
    assert imported.rows == answers["rows_total"]
    assert imported.counts == {
        "created": answers["rows_ok"], "updated": 0, "unchanged": 0,
        "rejected": answers["rows_error"],
    }  # fmt: skip
    assert Destination.objects.filter(school=world.school).count() == answers["rows_ok"]
    created = Event.objects.filter(action="graduates.import_create", school_id=world.school.pk)
    assert created.count() == answers["rows_ok"]
    assert "340181 安徽省合肥市巢湖市" in imported.issues.get(row=25, is_error=True).message

    again = import_book(world, content)
    assert again.counts == {
        "created": 0, "updated": 0, "unchanged": answers["rows_ok"],
        "rejected": answers["rows_error"],
    }  # fmt: skip
    assert created.count() == answers["rows_ok"]


def test_the_command_prints_the_result_as_json(world: World, tmp_path: Path) -> None:
    good, bad = typed_record(world), typed_record(world) | {"origin": "341402"}
    path = tmp_path / "名册.xlsx"
    path.write_bytes(roster_book(good, bad))
    out, marked = StringIO(), tmp_path / "marked.xlsx"
    call_command(
        "import_roster", world.school.code, str(path), "--json", f"--annotated={marked}",
        stdout=out,
    )  # fmt: skip
    answer = json.loads(out.getvalue())
    assert {k: answer[k] for k in ("rows", "created", "updated", "unchanged")} == {
        "rows": 2, "created": 1, "updated": 0, "unchanged": 0,
    }  # fmt: skip
    assert [(r["row"], r["column"], r["code"]) for r in answer["rejected"]] == [
        (3, "生源所在地", "place_abolished")
    ]
    assert set(answer["rejected"][0]) == {"row", "column", "code", "message"}
    assert isinstance(answer["warnings"], list)
    assert marked.read_bytes().startswith(b"PK")


def test_the_command_with_dry_run_changes_nothing(world: World, tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(roster_book(typed_record(world)))
    out = StringIO()
    call_command("import_roster", world.school.code, str(path), "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["created"] == 1
    assert not Graduate.objects.exists()


def test_the_command_refuses_a_wrong_file_with_a_sentence(world: World, tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(b"no workbook")
    out = StringIO()
    with pytest.raises(CommandError, match="不是Excel工作簿"):
        call_command("import_roster", world.school.code, str(path), "--json", stdout=out)
    assert "不是Excel工作簿" in json.loads(out.getvalue())["error"]
    with pytest.raises(CommandError, match="不能读取"):
        call_command("import_roster", world.school.code, str(tmp_path / "none.xlsx"))
    with pytest.raises(CommandError, match="没有代码"):
        call_command("import_roster", "00000", str(path))
