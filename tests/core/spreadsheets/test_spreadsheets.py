"""Writing workbooks without formulas and with marked cells; reading them in the child process."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from core import spreadsheets
from core.spreadsheets import WorkbookRefused
from core.spreadsheets.child import plain_header

HEADERS = ["甲", "乙", "丙", "丁"]


def written(*args: Any, **options: Any):
    return load_workbook(io.BytesIO(spreadsheets.write(*args, **options))).active


@pytest.mark.parametrize(
    "value", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']
)
def test_text_that_looks_like_a_formula_is_text(value: str) -> None:
    sheet = written(["甲", value], [[value, "平常"]])
    for cell in (sheet["B1"], sheet["A2"]):
        assert cell.data_type == "s"
        assert str(cell.value).startswith("'")
    assert sheet["B2"].value == "平常"


def test_numbers_stay_numbers_and_long_codes_text() -> None:
    sheet = written(["甲", "乙", "丙"], [[-5, "340103200402290011", None]])
    assert (sheet["A2"].value, sheet["A2"].data_type) == (-5, "n")
    assert (sheet["B2"].value, sheet["B2"].number_format) == ("340103200402290011", "@")


def test_marked_cells_are_coloured_and_carry_the_reason() -> None:
    sheet = written(["甲", "乙"], [["a", "b"], ["c", "d"]], marks={(3, 2): "不对"})
    assert sheet["B3"].comment.text == "不对"
    assert sheet["B3"].fill.fill_type == "solid"
    assert sheet["B2"].comment is None


def test_a_column_offers_its_choices_in_a_list(tmp_path: Path) -> None:
    words = [f"选项{n}" for n in range(300)]
    content = spreadsheets.write(
        HEADERS, [["a", "b", "c", "d"]], choices={"乙": words, "戊": ["x"]}
    )
    book = load_workbook(io.BytesIO(content))
    (offered,) = book.worksheets[0].data_validations.dataValidation
    assert (offered.formula1, offered.type) == ("'选项'!$A$1:$A$300", "list")
    assert "B2" in offered.sqref and "B1" not in offered.sqref and "C2" not in offered.sqref
    assert book["选项"].sheet_state == "hidden"
    assert [row[0].value for row in book["选项"]] == words
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert spreadsheets.read(path, headers=HEADERS, most_rows=10).rows == [
        (2, ["a", "b", "c", "d"])
    ]


def test_characters_excel_forbids_do_not_stop_an_export() -> None:
    sheet = written(["甲"], [["a\x01b"], ["x\x00y"]])
    assert sheet["A2"].value == "ab"


def saved(tmp_path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    return path


def read(path: Path, most_rows: int = 100):
    return spreadsheets.read(path, headers=HEADERS, most_rows=most_rows)


def test_rows_have_the_row_numbers_of_the_workbook(tmp_path: Path) -> None:
    sheet = read(saved(tmp_path, ["题"], ["甲", "乙", "丙"], ["1", 2, True], [], ["x", None, ""]))
    assert (sheet.header_row, sheet.header[:3]) == (2, ["甲", "乙", "丙"])
    assert [number for number, _ in sheet.rows] == [3, 5]
    assert sheet.rows[0][1][:3] == ["1", 2.0, True]


def test_a_workbook_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    rows = [["1", "2", "3"]] * 5
    path = saved(tmp_path, ["甲", "乙", "丙"], *rows)
    assert len(read(path, 5).rows) == 5
    with pytest.raises(WorkbookRefused) as refusal:
        read(path, 4)
    assert refusal.value.code == "too_many_rows"
    assert "4" in refusal.value.message


def test_a_row_with_too_few_known_headers_is_no_header(tmp_path: Path) -> None:
    with pytest.raises(WorkbookRefused) as refusal:
        read(saved(tmp_path, ["甲", "乙"], ["1", "2"]))
    assert refusal.value.code == "no_header"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "not_workbook"), (b"<html>", "web_page"), (b"PK\x03\x04junk", "not_workbook"),
     (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1junk", "unreadable")],
)  # fmt: skip
def test_a_file_that_is_no_workbook_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(WorkbookRefused) as refusal:
        read(path)
    assert refusal.value.code == code


def test_an_ods_is_refused_with_what_to_do_instead(tmp_path: Path) -> None:
    """As LibreOffice writes it: the kind of file stands uncompressed in the first part."""
    path = tmp_path / "a.ods"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", kind, zipfile.ZIP_STORED)
        archive.writestr("Configurations2/statusbar/", "")
        archive.writestr("content.xml", "<office:document-content/>")
        archive.writestr("META-INF/manifest.xml", "<manifest:manifest/>")
    with pytest.raises(WorkbookRefused) as refusal:
        read(path)
    assert refusal.value.code == "open_document"
    assert ".ods" in refusal.value.message
    assert "另存为.xlsx后重新上传" in refusal.value.message


def test_a_workbook_whose_child_process_dies_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = tmp_path / "child.py"
    killer.write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(spreadsheets, "_CHILD", killer)
    with pytest.raises(WorkbookRefused) as refusal:
        read(saved(tmp_path, HEADERS))
    assert refusal.value.code == "too_large"


def test_a_workbook_whose_child_process_hangs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = tmp_path / "child.py"
    sleeper.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(spreadsheets, "_CHILD", sleeper)
    shorter = dataclasses.replace(spreadsheets._LIMITS, seconds=1)
    monkeypatch.setattr(spreadsheets, "_LIMITS", shorter)
    with pytest.raises(WorkbookRefused) as refusal:
        read(saved(tmp_path, HEADERS))
    assert refusal.value.code == "too_large"


@pytest.mark.parametrize(
    ("written_as", "plain"),
    [
        ("*姓 名\n", "姓名"),
        ("学号：", "学号"),
        ("qq", "QQ"),
        ("专业（代码）", "专业(代码)"),
        (1, "1"),
        ("\ufeff姓名\u200b", "姓名"),
        ("*姓名(必填)", "姓名"),
        ("姓名（选填）*", "姓名"),
        ("12、姓名", "姓名"),
        ("2027届", "2027届"),
    ],
)
def test_headers_are_compared_in_plain_form(written_as: Any, plain: str) -> None:
    assert plain_header(written_as) == plain
