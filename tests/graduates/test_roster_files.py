"""Layouts of rosters that are understood, and files that are refused: hostile ones and no rosters."""

from __future__ import annotations

import datetime
import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from graduates.actions import roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import Graduate, RosterImport
from schools.roles import Role
from tests import factories
from tests.factories import World, typed_record
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

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"


# --- layouts --------------------------------------------------------------------------------------


def lines(world: World, count: int = 2) -> list[dict[str, Any]]:
    return [typed_record(world) for _ in range(count)]


def test_headers_with_stars_line_breaks_and_other_names_are_understood(world: World) -> None:
    names = {"id_number": "身份证号", "school_class": "班级", "mobile": "手机*", "name": " 姓 名 "}
    header = [names.get(k, f"*{BY_KEY[k].label}\n") for k in TEMPLATE_KEYS]
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in lines(world)]
    assert import_book(world, book([header, *rows])).counts["created"] == 2


def test_the_header_may_be_below_a_title(world: World) -> None:
    good, bad = typed_record(world), typed_record(world) | {"mobile": "1"}
    imported = import_book(world, roster_book(good, bad, above=3))
    assert imported.counts["created"] == 1
    assert imported.issues.get(is_error=True).row == 6  # as the workbook numbers it


def test_columns_may_be_in_any_order_and_unknown_ones_are_named(world: World) -> None:
    keys = TEMPLATE_KEYS[::-1]
    header = [*[BY_KEY[k].label for k in keys], "备注一", ""]
    rows = [[*[r.get(k, "") for k in keys], "随便", "x"] for r in lines(world)]
    imported = import_book(world, book([header, *rows]))
    assert imported.counts["created"] == 2
    assert imported.new_names["ignored_columns"] == ["备注一"]


def test_blank_rows_are_skipped(world: World) -> None:
    rows = [[r.get(k, "") for k in TEMPLATE_KEYS] for r in lines(world)]
    blank: list[Any] = [None] * len(TEMPLATE_KEYS)
    spaces = [" "] * len(TEMPLATE_KEYS)
    header = [BY_KEY[k].label for k in TEMPLATE_KEYS]
    imported = import_book(world, book([header, blank, rows[0], spaces, blank, rows[1], blank]))
    assert (imported.rows, imported.counts["created"]) == (2, 2)


def test_the_sheet_with_the_roster_is_found(world: World) -> None:
    imported: Any = Workbook()
    imported.active.append(["说明", "请填写第二张表"])
    sheet = imported.create_sheet("名册")
    sheet.append([BY_KEY[k].label for k in TEMPLATE_KEYS])
    sheet.append([typed_record(world).get(k, "") for k in TEMPLATE_KEYS])
    buffer = io.BytesIO()
    imported.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["created"] == 1


def sheets(*imported: tuple[str, str, list[dict[str, Any]]]) -> bytes:
    """A workbook with a sheet for each (name, state, records)."""
    whole: Any = Workbook()
    whole.remove(whole.active)
    for name, state, records in imported:
        sheet = whole.create_sheet(name)
        sheet.sheet_state = state
        for row in ([BY_KEY[k].label for k in TEMPLATE_KEYS], *records):
            sheet.append(row if isinstance(row, list) else [row.get(k, "") for k in TEMPLATE_KEYS])
    buffer = io.BytesIO()
    whole.save(buffer)
    return buffer.getvalue()


def test_of_several_sheets_with_rosters_the_best_one_is_read(world: World) -> None:
    first, second, old = lines(world, 3)
    content = sheets(
        ("旧", "hidden", [old]), ("模板", "visible", []),
        ("甲", "visible", [first]), ("乙", "visible", [second]),
    )  # fmt: skip
    imported = check(world, content)
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/import/{imported.pk}/")
    assert "未读取，请另行导入：乙</p>" in page.content.decode()
    apply(world, imported)
    assert Graduate.objects.get(school=world.school).student_no == first["student_no"]


def test_headers_with_remarks_in_brackets_are_understood(world: World) -> None:
    names = {"id_number": "证件号码（身份证）", "graduates_on": "毕业日期(YYYYMMDD) *"}
    header = [names.get(k, f"{BY_KEY[k].label}(必填)") for k in TEMPLATE_KEYS]
    rows = [[*[r.get(k, "") for k in TEMPLATE_KEYS], "SHI"] for r in lines(world)]
    imported = import_book(world, book([[*header, "姓名(拼音)"], *rows]))
    assert imported.counts["created"] == 2
    assert imported.new_names["ignored_columns"] == ["姓名(拼音)"]


def test_a_blank_in_the_last_possible_row_does_no_harm(world: World) -> None:
    last = b'<row r="1048576"><c r="A1048576" t="str"><v> </v></c></row></sheetData>'
    content = replaced_sheet(
        roster_book(*lines(world)), lambda xml: xml.replace(b"</sheetData>", last)
    )
    assert check(world, content).rows == 2


def test_cells_with_numbers_are_read_as_text(world: World) -> None:
    number = 20270000 + world.school.pk
    record = typed_record(world) | {
        "student_no": number, "exam_no": 27340101009999, "mobile": 13800000001,
        "major_code": 80901, "year": world.cohort.year, "duration": 4, "origin": 340111,
        "enrolled_on": datetime.datetime(world.cohort.year - 4, 9, 1),
    }  # fmt: skip
    imported = import_rows(world, record)
    assert imported.counts["created"] == 1, [i.message for i in imported.issues.all()]
    graduate = Graduate.objects.get(school=world.school)
    assert (graduate.student_no, graduate.major_code) == (str(number), "080901")
    assert "padded" in issue_codes(imported, errors=False)


def test_formula_cells_are_read_by_their_value_or_refused(world: World) -> None:
    record = typed_record(world) | {"name": '="试"&"安柏"', "home_address": "=HYPERLINK(1)"}
    imported = check(world, roster_book(record))  # openpyxl writes no computed value
    assert imported.state == "previewed"
    assert imported.counts["rejected"] == 1
    assert not Graduate.objects.filter(name__startswith="=").exists()


def test_an_old_binary_workbook_is_imported(world: World) -> None:
    """The workbook is uploaded, previewed and confirmed on the pages, as a school does it."""
    if world.cohort.year != 2027:
        factories.make_cohort(world.school, 2027)
    client = world.client(Role.SCHOOL_ADMIN)
    file = SimpleUploadedFile("名册.xls", (DATA / "roster-3.xls").read_bytes())
    client.post("/console/graduates/import/", {"file": file})
    imported = RosterImport.objects.get(school=world.school)
    roster.check(imported.pk)
    imported.refresh_from_db()
    assert (imported.state, imported.rows, imported.counts["rejected"]) == ("previewed", 3, 1)
    issue = imported.issues.get(is_error=True)
    assert (issue.row, issue.column) == (4, "手机号码")
    client.post(f"/console/graduates/import/{imported.pk}/confirm/")
    assert roster.apply(imported.pk).counts["created"] == 2
    second = Graduate.objects.get(school=world.school, name="试晨岱")
    assert (second.student_no, second.exam_no) == ("2023900002", "27340101900002")
    assert (second.mobile, second.major_code, second.origin) == ("13800000002", "080901", "340111")
    assert second.enrolled_on == datetime.date(2023, 9, 1)
    back = client.get(f"/console/graduates/import/{imported.pk}/annotated/")
    assert "roster" not in back["Content-Disposition"]
    assert load_workbook(io.BytesIO(b"".join(back.streaming_content))).active.max_row == 4


@pytest.mark.parametrize("name", ["名册.xls", "名册.xlsx", "名册"])
def test_a_workbook_is_recognised_by_its_content_whatever_its_name(name: str, world: World) -> None:
    for content in (roster_book(typed_record(world)), (DATA / "roster-3.xls").read_bytes()):
        imported = roster.check(upload(world, content, name).pk)
        assert (imported.state, imported.problem) == ("previewed", "")


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


def old_binary() -> bytes:
    """A real .xls (BIFF8): three graduates of 2027 on its second sheet, the second one's numbers
    and dates typed as such, the third one's mobile number a digit short."""
    return (DATA / "roster-3.xls").read_bytes()


def with_a_password() -> bytes:
    """An OLE file with the part that holds an encrypted .xlsx."""
    content = old_binary()
    at = content.index("Workbook".encode("utf-16-le"))
    name = "EncryptedPackage".encode("utf-16-le")
    return content[:at] + name + content[at + len(name) :]


def letter() -> bytes:
    """An OLE file without a workbook, such as a .doc."""
    return old_binary().replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le"))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": ("姓名,学号\n试,1".encode, "不是Excel工作簿"),
    "web_page": ("\ufeff<html><table><tr><td>姓名".encode, "内容是网页"),
    "web_page_utf16": (lambda: "<HTML><table>姓名".encode("utf-16"), "内容是网页"),
    "archived_page": (lambda: b"MIME-Version: 1.0\r\nX-Document-Type: Workbook", "内容是网页"),
    "spreadsheet_xml": (lambda: b'<?xml version="1.0"?><Workbook/>', "内容是网页"),
    "tabs": ("姓名\t学号\n试\t1".encode, "不是Excel工作簿"),
    "with_a_password": (with_a_password, "设有密码"),
    "letter": (letter, "损坏或格式不受支持"),
    "half_an_xls": (lambda: old_binary()[:3000], "损坏或格式不受支持"),
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
    "missing_column": (lambda: empty_template(without="student_no"), "缺少这些列：学号"),
    "twice": (lambda: empty_template("学号"), "学号"),
    "twice_by_another_name": (lambda: empty_template("身份证号"), "证件号码"),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_hostile_files_are_refused_with_a_sentence(kind: str, world: World) -> None:
    make, words = HOSTILE[kind]
    content = make()
    started = time.monotonic()
    imported = check(world, content)
    assert time.monotonic() - started < 10
    assert imported.state == "failed"
    assert words in imported.problem
    assert imported.problem
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/import/{imported.pk}/")
    assert imported.problem in page.content.decode()


def test_a_sheet_that_claims_a_million_rows_is_read_quickly(world: World) -> None:
    content = replaced_sheet(
        roster_book(typed_record(world)),
        lambda xml: re.sub(rb'<dimension ref="[A-Z0-9:]+"', b'<dimension ref="A1:XFD1048576"', xml),
    )
    assert b"XFD1048576" in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    started = time.monotonic()
    imported = check(world, content)
    assert time.monotonic() - started < 10
    assert imported.state in ("previewed", "failed")
    if imported.state == "previewed":
        assert imported.rows == 1


def test_300000_rows_are_refused_quickly(world: World) -> None:
    row = b"<row>" + b"<c><v>1</v></c>" * 8 + b"</row>"

    def lengthen(xml: bytes) -> bytes:
        return xml.replace(b"</sheetData>", row * 300_000 + b"</sheetData>")

    content = replaced_sheet(empty_template(), lengthen)
    started = time.monotonic()
    imported = check(world, content)
    assert time.monotonic() - started < 30
    assert imported.state == "failed"
    assert "超过100000行" in imported.problem


def test_too_large_an_upload_is_not_kept(world: World, settings) -> None:
    settings.ROSTER_MAX_BYTES = 100
    file = SimpleUploadedFile("a.xlsx", b"x" * 101)
    response = world.client(Role.SCHOOL_ADMIN).post("/console/graduates/import/", {"file": file})
    assert response.status_code == 422
    response = world.client(Role.SCHOOL_ADMIN).post("/console/graduates/import/", {})
    assert "请选择要导入的工作簿" in response.content.decode()
    assert not RosterImport.objects.exists()
