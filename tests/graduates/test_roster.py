"""The roster import: a whole roster, each kind of normalisation and refusal, hostile files,
people who work meanwhile, workers that die."""

from __future__ import annotations

import datetime
import io
import json
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from core import files
from core.errors import Refused
from core.models import Event
from destinations.models import Destination
from graduates.actions import origin, roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import Graduate, Person, RosterImport
from graduates.records import confirmation_hash, record_of
from graduates.rules import read_cell
from graduates.tasks import sweep_imports
from schools.models import Role
from tests import factories
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

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def world() -> World:
    return make_world()


def the_roster() -> tuple[bytes, dict[str, Any]]:
    answers = json.loads((DATA / "roster-400.answers.json").read_text(encoding="utf-8"))
    return (DATA / "roster-400.xlsx").read_bytes(), answers


# --- a whole roster -------------------------------------------------------------------------------


def test_400_rows_meet_their_answers(world: World) -> None:
    if world.cohort.year != 2027:  # the year of the roster in tests/data
        factories.make_cohort(world.school, 2027)
    content, answers = the_roster()
    made = check(world, content)
    assert made.state == "previewed", made.problem
    assert not Graduate.objects.filter(school=world.school).exists()  # a preview changes nothing
    errors = {(i.row, i.column) for i in made.issues.filter(is_error=True)}
    expected = {
        (int(row), a["field"]) for row, a in answers["rows"].items() if a["outcome"] == "error"
    }
    assert errors == expected
    warned = {(i.row, i.column) for i in made.issues.filter(is_error=False)}
    for row, answer in answers["rows"].items():
        if answer["outcome"] == "warning":
            assert (int(row), answer["field"]) in warned
    made = apply(world, made)
    assert made.rows == answers["rows_total"]
    assert made.counts == {
        "created": answers["rows_ok"], "updated": 0, "unchanged": 0,
        "rejected": answers["rows_error"],
    }  # fmt: skip
    assert Destination.objects.filter(school=world.school).count() == answers["rows_ok"]
    created = Event.objects.filter(action="graduates.import_create", school_id=world.school.pk)
    assert created.count() == answers["rows_ok"]
    assert "340181 安徽省合肥市巢湖市" in made.issues.get(row=25, is_error=True).message

    again = import_book(world, content)
    assert again.counts == {
        "created": 0, "updated": 0, "unchanged": answers["rows_ok"],
        "rejected": answers["rows_error"],
    }  # fmt: skip
    assert created.count() == answers["rows_ok"]


def test_the_command_answers_in_json(world: World, tmp_path: Path) -> None:
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


def test_the_command_only_looks_when_asked(world: World, tmp_path: Path) -> None:
    path = tmp_path / "名册.xlsx"
    path.write_bytes(roster_book(typed_record(world)))
    out = StringIO()
    call_command("import_roster", world.school.code, str(path), "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue())["created"] == 1
    assert not Graduate.objects.exists()


def test_the_command_refuses_with_a_sentence(world: World, tmp_path: Path) -> None:
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


# --- reading one cell -----------------------------------------------------------------------------

READS: list[tuple[str, Any, Any, set[str]]] = [
    ("student_no", "２０２３００１", "2023001", set()),
    ("student_no", "'2023001", "2023001", set()),
    ("student_no", 2023001, "2023001", set()),
    ("student_no", 2023001.0, "2023001", set()),
    ("student_no", " s2023-01\u200b", "S2023-01", set()),
    ("exam_no", 27340101000001.0, "27340101000001", set()),
    ("exam_no", "27340101 000001", "27340101000001", set()),
    ("mobile", 13800000001.0, "13800000001", set()),
    ("mobile", "+86 138-0000-0001", "13800000001", set()),
    ("mobile", "１３８０００００００１", "13800000001", set()),
    ("mobile", "008613800000001", "13800000001", set()),
    ("major_code", 50101.0, "050101", {"padded"}),
    ("major_code", 80901, "080901", {"padded"}),
    ("major_code", "080901k", "080901K", set()),
    ("ethnicity", "汉族", "01", set()),
    ("ethnicity", "汉", "01", set()),
    ("ethnicity", 1, "01", {"padded"}),
    ("ethnicity", "01", "01", set()),
    ("politics", "预备党员", "02", set()),
    ("politics", "党员", "01", set()),
    ("politics", "团员", "03", set()),
    ("name", "阿卜杜拉•买提", "阿卜杜拉·买提", set()),
    ("name", "阿卜杜拉．买提", "阿卜杜拉·买提", set()),
    ("name", "阿卜杜拉・买提", "阿卜杜拉·买提", set()),
    ("name", "\ufeff试安柏\u200b\u3000", "试安柏", set()),
    ("name", "𠮷野", "𠮷野", set()),
    ("name", "试", "试", {"short"}),
    ("enrolled_on", "2023/9/1", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023-09-01", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023.9.1", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023年9月1日", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023年9月", datetime.date(2023, 9, 1), {"date_month"}),
    ("enrolled_on", "202309", datetime.date(2023, 9, 1), {"date_month"}),
    ("enrolled_on", "2023-09-01 00:00:00", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", 20230901.0, datetime.date(2023, 9, 1), set()),
    ("enrolled_on", 45170.0, datetime.date(2023, 9, 1), set()),
    ("enrolled_on", datetime.datetime(2023, 9, 1), datetime.date(2023, 9, 1), set()),
    ("year", "2027届", 2027, set()),
    ("year", 2027.0, 2027, set()),
    ("duration", "四年", 4, set()),
    ("duration", 2.5, 2.5, set()),
    ("outstanding", True, True, set()),
    ("outstanding", "", False, set()),
    ("archive_moved", "", None, set()),
    ("directed_unit", "无", "", set()),
    ("directed_unit", "/", "", set()),
    ("origin", "安徽省合肥市包河区", "340111", set()),
    ("origin", 340111.0, "340111", set()),
    ("id_number", " 34010320040229001x ", "34010320040229001X", set()),
    ("email", "ａ@example.com", "a@example.com", set()),
    ("id_type", "", "01", set()),
]


@pytest.mark.parametrize(("key", "raw", "value", "found"), READS)
def test_what_spreadsheets_write_is_read(key: str, raw: Any, value: Any, found: set[str]) -> None:
    read, issues = read_cell(key, raw)
    assert read == value
    assert {i.code for i in issues} == found
    assert not any(i.is_error for i in issues)


REFUSALS: list[tuple[str, Any, str]] = [
    ("name", "", "empty"),
    ("name", "   ", "empty"),
    ("name", None, "empty"),
    ("name", "试 安", "inner_blank"),
    ("name", "试?", "private_character"),
    ("name", "试\ue000", "private_character"),
    ("name", "试\ufffd", "garbled"),
    ("name", "试1", "name_characters"),
    ("name", "试" * 41, "too_long"),
    ("id_number", 3.40103200402290e17, "scientific"),
    ("id_number", "3.40103E+17", "scientific"),
    ("id_number", "34010320040229001!", "id_shape"),
    ("student_no", 1e16, "scientific"),
    ("student_no", "学号", "student_no"),
    ("exam_no", "123", "exam_no"),
    ("mobile", "1380000000", "mobile"),
    ("mobile", 13800000001.5, "mobile"),
    ("enrolled_on", "2023-02-30", "date"),
    ("enrolled_on", "去年", "date"),
    ("enrolled_on", "19000101", "date"),
    ("enrolled_on", datetime.time(9), "type"),
    ("year", "27", "year"),
    ("duration", "0", "duration"),
    ("duration", "3.3", "duration"),
    ("duration", "nan", "duration"),
    ("ethnicity", "火星族", "code_unknown"),
    ("outstanding", "也许", "bool"),
    ("origin", "341402", "place_abolished"),
    ("origin", "合肥市", "place_not_county"),
    ("major_code", "电脑", "major_code"),
]


@pytest.mark.parametrize(("key", "raw", "code"), REFUSALS)
def test_refusals_say_why(key: str, raw: Any, code: str) -> None:
    value, issues = read_cell(key, raw)
    assert value is None
    assert [i.code for i in issues] == [code]
    assert issues[0].is_error
    assert issues[0].message


@pytest.mark.parametrize("raw", ["\x00", "=1+1", "²", "①", "9" * 5000, -1, 1e308, "NaN", "∞"])
def test_no_value_raises(raw: Any) -> None:
    for key in BY_KEY:
        read_cell(key, raw)


# --- layouts --------------------------------------------------------------------------------------


def lines(world: World, count: int = 2) -> list[dict[str, Any]]:
    return [typed_record(world) for _ in range(count)]


def test_headers_with_stars_breaks_and_other_names(world: World) -> None:
    names = {"id_number": "身份证号", "school_class": "班级", "mobile": "手机*", "name": " 姓 名 "}
    header = [names.get(k, f"*{BY_KEY[k].label}\n") for k in TEMPLATE_KEYS]
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in lines(world)]
    assert import_book(world, book([header, *rows])).counts["created"] == 2


def test_the_header_may_stand_below_a_title(world: World) -> None:
    good, bad = typed_record(world), typed_record(world) | {"mobile": "1"}
    made = import_book(world, roster_book(good, bad, above=3))
    assert made.counts["created"] == 1
    assert made.issues.get(is_error=True).row == 6  # as the workbook numbers it


def test_columns_in_any_order_and_unknown_ones(world: World) -> None:
    keys = TEMPLATE_KEYS[::-1]
    header = [*[BY_KEY[k].label for k in keys], "备注一", ""]
    rows = [[*[r.get(k, "") for k in keys], "随便", "x"] for r in lines(world)]
    made = import_book(world, book([header, *rows]))
    assert made.counts["created"] == 2
    assert made.new_names["ignored_columns"] == ["备注一"]


def test_blank_rows_do_not_count(world: World) -> None:
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in lines(world)]
    blank: list[Any] = [None] * len(TEMPLATE_KEYS)
    spaces = [" "] * len(TEMPLATE_KEYS)
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    made = import_book(world, book([header, blank, rows[0], spaces, blank, rows[1], blank]))
    assert (made.rows, made.counts["created"]) == (2, 2)


def test_the_sheet_with_the_roster_is_found(world: World) -> None:
    made: Any = Workbook()
    made.active.append(["说明", "请填写第二张表"])
    sheet = made.create_sheet("名册")
    sheet.append([BY_KEY[k].label for k in TEMPLATE_KEYS])
    sheet.append([typed_record(world).get(k, "") for k in TEMPLATE_KEYS])
    buffer = io.BytesIO()
    made.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["created"] == 1


def test_numbers_as_numbers(world: World) -> None:
    number = 20270000 + world.school.pk
    record = typed_record(world) | {
        "student_no": number, "exam_no": 27340101009999, "mobile": 13800000001,
        "major_code": 80901, "year": world.cohort.year, "duration": 4, "origin": 340111,
        "enrolled_on": datetime.datetime(world.cohort.year - 4, 9, 1),
    }  # fmt: skip
    made = import_rows(world, record)
    assert made.counts["created"] == 1, [i.message for i in made.issues.all()]
    graduate = Graduate.objects.get(school=world.school)
    assert (graduate.student_no, graduate.major_code) == (str(number), "080901")
    assert "padded" in codes(made, errors=False)


def test_formula_cells_are_read_by_their_value_or_refused(world: World) -> None:
    record = typed_record(world) | {"name": '="试"&"安柏"', "home_address": "=HYPERLINK(1)"}
    made = check(world, roster_book(record))  # openpyxl writes no computed value
    assert made.state == "previewed"
    assert made.counts["rejected"] == 1
    assert not Graduate.objects.filter(name__startswith="=").exists()


# --- files that are refused -----------------------------------------------------------------------


def zipped(*entries: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def claiming(content: bytes, size: int) -> bytes:
    """The archive whose directory says that its last entry unpacks to `size` bytes."""
    at = content.rindex(b"PK\x01\x02") + 24
    return content[:at] + size.to_bytes(4, "little") + content[at + 4 :]


def replaced_sheet(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with its first sheet's XML changed."""
    out = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            out.append((name, change(data) if name == "xl/worksheets/sheet1.xml" else data))
    return zipped(*out)


def empty_template(*extra: str, without: str = "") -> bytes:
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS if k != without]
    return book([[*header, *extra]])


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": ("姓名,学号\n试,1".encode, "不是Excel工作簿"),
    "empty": (lambda: b"", "不是Excel工作簿"),
    "plain_zip": (lambda: zipped(("a.txt", b"a")), "不是Excel工作簿"),
    "truncated": (lambda: empty_template()[:1500], "不是Excel工作簿"),
    "bomb": (lambda: claiming(zipped(("xl/worksheets/sheet1.xml", b"0")), 2**31), "展开后过大"),
    "bomb_in_disguise": (
        lambda: claiming(replaced_sheet(empty_template(), lambda x: x + b"0" * 10**8), 100), "",
    ),
    "many_entries": (lambda: zipped(*[(f"xl/{n}", b"") for n in range(5001)]), "展开后过大"),
    "ole_garbage": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4000, "损坏"),
    "ole_noise": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(range(256)) * 40, "损坏"),
    "broken_sheet": (
        lambda: replaced_sheet(empty_template(), lambda x: x[: len(x) // 2]), "",
    ),
    "no_sheet": (lambda: zipped(("xl/workbook.xml", b"<workbook/>")), ""),
    "no_header": (lambda: book([["a", "b", "c"], ["1", "2", "3"]]), "没有找到表头"),
    "no_rows": (empty_template, "只有表头"),
    "missing_column": (lambda: empty_template(without="student_no"), "缺少这些列: 学号"),
    "twice": (lambda: empty_template("学号"), "学号"),
    "twice_by_another_name": (lambda: empty_template("身份证号"), "证件号码"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_hostile_files_are_refused_with_a_sentence(kind: str, world: World) -> None:
    make, words = HOSTILE[kind]
    content = make()
    started = time.monotonic()
    made = check(world, content)
    assert time.monotonic() - started < 10
    assert made.state == "failed"
    assert words in made.problem
    assert made.problem
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/import/{made.pk}/")
    assert made.problem in page.content.decode()


def test_a_sheet_that_claims_a_million_rows(world: World) -> None:
    content = replaced_sheet(
        roster_book(typed_record(world)),
        lambda xml: xml.replace(b'<dimension ref="A1:Y2"', b'<dimension ref="A1:XFD1048576"'),
    )
    assert b"XFD1048576" in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    started = time.monotonic()
    made = check(world, content)
    assert time.monotonic() - started < 10
    assert made.state in ("previewed", "failed")
    if made.state == "previewed":
        assert made.rows == 1


def test_300000_rows_are_refused_quickly(world: World) -> None:
    row = b"<row>" + b"<c><v>1</v></c>" * 8 + b"</row>"

    def lengthen(xml: bytes) -> bytes:
        return xml.replace(b"</sheetData>", row * 300_000 + b"</sheetData>")

    content = replaced_sheet(empty_template(), lengthen)
    started = time.monotonic()
    made = check(world, content)
    assert time.monotonic() - started < 30
    assert made.state == "failed"
    assert "超过100000行" in made.problem


def test_too_large_an_upload_is_not_kept(world: World, settings) -> None:
    settings.ROSTER_MAX_BYTES = 100
    file = SimpleUploadedFile("a.xlsx", b"x" * 101)
    response = world.client(Role.SCHOOL_ADMIN).post("/console/graduates/import/", {"file": file})
    assert response.status_code == 422
    response = world.client(Role.SCHOOL_ADMIN).post("/console/graduates/import/", {})
    assert "请选择要导入的工作簿" in response.content.decode()
    assert not RosterImport.objects.exists()


# --- what other records say -----------------------------------------------------------------------


def test_a_locked_record_is_left_alone(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    made = import_rows(world, record | {"politics": "群众"}, typed_record(world))
    issue = made.issues.get(is_error=True)
    assert (issue.code, "已锁定" in issue.message, issue.row) == ("locked", True, 2)
    assert made.counts == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    after = Graduate.objects.get(pk=graduate.pk)
    assert (after.politics, after.confirmation) == (graduate.politics, "locked")
    # The same values are no change, so nothing is to be refused.
    assert import_rows(world, record).counts["unchanged"] == 1


def test_a_student_number_of_another_cohort(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    made = import_rows(world, record | {"year": str(year), "graduates_on": f"{year}0630"})
    issue = made.issues.get(is_error=True)
    assert issue.code == "student_no_other_cohort"
    assert str(world.cohort.year) in issue.message


def test_numbers_that_are_taken(world: World) -> None:
    first, second = typed_record(world), typed_record(world)
    import_rows(world, first)
    cases = {
        "exam_no_taken": second | {"exam_no": first["exam_no"]},
        "person_twice": second | {"id_number": first["id_number"]},
        "student_no_other_person": second | {"student_no": first["student_no"]},
    }
    for code, record in cases.items():
        made = import_rows(world, record)
        assert code in codes(made, errors=True)
        assert made.counts["rejected"] == 1
        assert Graduate.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize("key", ["student_no", "exam_no", "id_number"])
def test_numbers_twice_in_one_workbook(key: str, world: World) -> None:
    first = typed_record(world)
    made = import_rows(world, first, typed_record(world) | {key: first[key]})
    issue = made.issues.get(is_error=True)
    assert (issue.row, issue.code, issue.column) == (3, "repeated", BY_KEY[key].label)
    assert "第2行" in issue.message
    assert made.counts["created"] == 1


def test_a_refused_row_does_not_keep_a_number(world: World) -> None:
    first = typed_record(world) | {"mobile": "1"}
    made = import_rows(world, first, typed_record(world) | {"student_no": first["student_no"]})
    assert made.counts["created"] == 1


def test_the_same_person_elsewhere_is_a_warning(world: World) -> None:
    other, record = make_world(), typed_record(world)
    import_rows(world, record)
    theirs = typed_record(other) | {"id_number": record["id_number"], "name": record["name"]}
    made = import_rows(other, theirs)
    assert made.counts["created"] == 1
    issue = made.issues.get(code="person_elsewhere")
    assert not issue.is_error
    assert world.school.name in issue.message


def test_the_same_person_in_another_cohort_is_normal(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    later = typed_record(world) | {
        "id_number": record["id_number"], "year": str(year), "graduates_on": f"{year}0630",
    }  # fmt: skip
    made = import_rows(world, later)
    assert codes(made, errors=True) == set()
    assert Person.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize(("year", "code"), [("2001", "cohort_unknown"), ("", "empty")])
def test_cohorts_that_are_not_there(year: str, code: str, world: World) -> None:
    made = import_rows(world, typed_record(world) | {"year": year}, typed_record(world))
    assert code in codes(made, errors=True)
    assert made.counts["created"] == 1


def test_a_sealed_cohort_takes_nothing(world: World) -> None:
    world.cohort.sealed_at = timezone.now()
    world.cohort.save()
    made = import_rows(world, typed_record(world))
    assert codes(made, errors=True) == {"cohort_sealed"}


def test_a_change_lapses_the_confirmation_and_is_kept_field_by_field(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    mine = Graduate.objects.filter(student_no=record["student_no"])
    mine.update(archive_moved=True, household_moved=False)
    graduate = mine.select_related(*origin.RELATED).get()
    shown = confirmation_hash(record_of(graduate))
    origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=None)
    assert import_rows(world, record).counts["unchanged"] == 1
    graduate.refresh_from_db()
    assert graduate.confirmation == "confirmed"
    made = import_rows(world, record | {"politics": "群众"})
    assert made.counts["updated"] == 1
    graduate.refresh_from_db()
    assert (graduate.confirmation, graduate.confirmed_at) == ("unsubmitted", None)
    event = Event.objects.get(action="graduates.import_update", object_id=graduate.pk)
    assert list(event.data["changes"]) == ["politics"]
    assert event.actor_id == world.staff[Role.SCHOOL_ADMIN].pk


def test_columns_the_workbook_has_not_are_left_alone(world: World) -> None:
    record = typed_record(world)
    import_book(world, roster_book(record, keys=[*TEMPLATE_KEYS, "qq"]))
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.edit(graduate_id=graduate.pk, typed={"qq": "1234567"}, by=world.school_admin)
    assert import_rows(world, record).counts["unchanged"] == 1
    assert import_rows(world, record | {"politics": "群众"}).counts["updated"] == 1
    graduate.refresh_from_db()
    assert graduate.qq == "1234567"


def test_new_departments_and_classes_are_named_first(world: World) -> None:
    record = typed_record(world) | {"department": "丙学院", "school_class": "丙一班"}
    made = check(world, roster_book(record))
    assert made.new_names["departments"] == ["丙学院"]
    assert made.new_names["classes"] == ["丙学院 丙一班"]
    assert not world.school.departments.filter(name="丙学院").exists()
    apply(world, made)
    assert world.school.departments.filter(name="丙学院").exists()


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


# --- a row that moves -----------------------------------------------------------------------------


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
    """As a killed worker leaves the row."""
    past = timezone.now() - timedelta(seconds=seconds)
    RosterImport.objects.filter(pk=made.pk).update(
        state=state, heartbeat_at=past, created_at=timezone.now() - timedelta(seconds=700)
    )


def test_the_sweep_takes_up_what_a_dead_worker_left(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    die(made, "checking", seconds=60)
    assert roster.waiting() == []  # it may still be at work
    die(made, "checking")
    assert [pk for pk, _ in roster.waiting()] == [made.pk]
    sweep_imports()
    made.refresh_from_db()
    assert made.state == "previewed"
    roster.confirm(roster_import=made, by=world.school_admin)
    die(made, "applying")
    sweep_imports()
    made.refresh_from_db()
    assert (made.state, made.counts["created"]) == ("done", 1)
    assert roster.waiting() == []


def test_a_crash_that_emptied_the_staging_table(world: World) -> None:
    made = check(world, roster_book(typed_record(world), typed_record(world) | {"mobile": "1"}))
    roster.confirm(roster_import=made, by=world.school_admin)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM graduates_rosterrow")
    assert roster.apply(made.pk).counts["created"] == 1


def test_poison_is_parked(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    for _ in range(roster.MOST_ATTEMPTS):
        RosterImport.objects.filter(pk=made.pk).update(attempts=roster.MOST_ATTEMPTS)
        die(made, "checking")
    sweep_imports()
    made.refresh_from_db()
    assert (made.state, "联系运维" in made.problem) == ("failed", True)
    assert roster.waiting() == []


def test_a_lost_message_is_found(world: World) -> None:
    made = upload(world, roster_book(typed_record(world)))
    assert roster.waiting() == []  # its message is on the way
    RosterImport.objects.update(created_at=timezone.now() - timedelta(seconds=90))
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
