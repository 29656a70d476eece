"""Reading errors, number formats, merged cells and headers of workbooks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet

from core import spreadsheets
from core.spreadsheets.cells import CellError
from core.spreadsheets.raw_cells import format_tokens, shown

HEADERS = ["甲", "乙", "丙"]


def sheet_of(
    tmp_path: Path,
    *rows: list[Any],
    change: Callable[[Worksheet], object] | None = None,
    from_1904: bool = False,
) -> spreadsheets.Sheet:
    book = Workbook()
    if from_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(sheet)
    path = tmp_path / "a.xlsx"
    book.save(path)
    return spreadsheets.read(path, headers=HEADERS, most_rows=100)


def test_a_failed_formula_is_an_error(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, HEADERS, ["a", "#N/A", "b"], ["#REF!", None, None])
    assert [spreadsheets.real_value(c) for c in sheet.rows[0][1]] == ["a", CellError("#N/A"), "b"]
    assert spreadsheets.real_value(sheet.rows[1][1][0]) == CellError("#REF!")


def test_a_number_is_read_as_its_format_shows_it(tmp_path: Path) -> None:
    def with_formats(sheet: Worksheet) -> None:
        sheet["A2"].number_format = "0000"
        sheet["B2"].number_format = '"F"000"班"'
        sheet["C2"].number_format = "#,##0.00"

    sheet = sheet_of(tmp_path, HEADERS, [301, 7, 5000], change=with_formats)
    assert sheet.rows[0][1] == ["0301", "F007班", 5000.0]


@pytest.mark.parametrize(
    ("code", "number", "words"),
    [("0000000000", "202300031", "0202300031"), ("000-000", "12", "000-012"), ("00", "123", "123"),
     ('0"年"', "4", "4年"), ("000\\-0000", "1234567", "123-4567"), ("0000;-0000", "5", "0005"),
     ('General"班"', "301", "301班"), ('"第"G/通用格式"班"', "3", "第3班")],
)  # fmt: skip
def test_numbers_are_shown_as_their_format_does(code: str, number: str, words: str) -> None:
    tokens = format_tokens(code)
    assert tokens is not None
    assert shown(number, tokens) == words


@pytest.mark.parametrize(
    "code", ["General", "0", "0_ ", "0.00", "#,##0", "yyyy-mm-dd", "0%", "@", ""]
)
def test_formats_that_show_plain_digits_or_no_number_are_ignored(code: str) -> None:
    assert format_tokens(code) is None


def test_merged_cells_have_the_value_of_their_range(tmp_path: Path) -> None:
    sheet = sheet_of(
        tmp_path, HEADERS, ["a", "x", "1"], ["b", None, "2"], ["c", None, None], [None, None, None],
        change=lambda sheet: sheet.merge_cells("B2:B5"),
    )  # fmt: skip
    assert [cells[:2] for _, cells in sheet.rows] == [["a", "x"], ["b", "x"], ["c", "x"]]


def test_a_header_may_have_two_rows(tmp_path: Path) -> None:
    sheet = sheet_of(
        tmp_path, ["名册", None, None], ["甲", "基本信息", None], [None, "乙", "丙"], ["1", "2", "3"],
        change=lambda sheet: sheet.merge_cells("B2:C2"),
    )  # fmt: skip
    assert sheet.header == HEADERS
    assert sheet.header_row == 3
    assert sheet.rows == [(4, ["1", "2", "3"])]
    assert len(sheet.above) == 2


def test_a_workbook_says_that_it_counts_from_1904(tmp_path: Path) -> None:
    assert sheet_of(tmp_path, HEADERS, [1, 2, 3], from_1904=True).from_1904
    assert not sheet_of(tmp_path, HEADERS, [1, 2, 3]).from_1904


def test_part_names_may_have_backslashes(tmp_path: Path) -> None:
    sheet_of(tmp_path, HEADERS, ["1", "#N/A", "3"])
    path = tmp_path / "a.xlsx"
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(buffer, "w") as after:
        for name in before.namelist():
            after.writestr(zipfile.ZipInfo(name.replace("/", "\\")), before.read(name))
    path.write_bytes(buffer.getvalue())
    sheet = spreadsheets.read(path, headers=HEADERS, most_rows=100)
    assert sheet.rows == [(2, ["1", {"error": "#N/A"}, "3"])]
