"""Reading failed formulas, number formats and the first day of old binary workbooks (.xls)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core import spreadsheets
from core.spreadsheets import real_value
from core.spreadsheets.cells import CellError
from tests.core.spreadsheets.xls_files import Cell, Failed, Shown, xls_file

HEADERS = ["甲", "乙", "丙"]


def sheet_of(
    tmp_path: Path, *rows: Sequence[Cell], from_1904: bool = False, small: bool = False
) -> spreadsheets.Sheet:
    path = tmp_path / "a.xls"
    path.write_bytes(xls_file([HEADERS, *rows], from_1904=from_1904, small=small))
    return spreadsheets.read(path, headers=HEADERS, most_rows=1000)


@pytest.mark.parametrize("formula", [True, False])
@pytest.mark.parametrize("small", [True, False])
def test_a_failed_formula_of_an_xls_is_an_error(formula: bool, small: bool, tmp_path: Path) -> None:
    failed = [Failed(word, formula) for word in ("#N/A", "#REF!")]
    sheet = sheet_of(tmp_path, ["a", failed[0], "b"], [failed[1], None, None], small=small)
    assert [real_value(c) for c in sheet.rows[0][1]] == ["a", CellError("#N/A"), "b"]
    assert real_value(sheet.rows[1][1][0]) == CellError("#REF!")


def test_a_number_of_an_xls_is_read_as_its_format_shows_it(tmp_path: Path) -> None:
    row = [Shown(301, "0000"), Shown(7, '"F"000"班"'), Shown(5000, "#,##0.00")]
    long = [Shown(202300031, "0000000000"), Shown(202300000031, "00000000000000"), 12.0]
    sheet = sheet_of(tmp_path, row, long)
    assert sheet.rows[0][1] == ["0301", "F007班", 5000]
    assert sheet.rows[1][1] == ["0202300031", "00202300000031", 12]


@pytest.mark.parametrize("from_1904", [True, False])
def test_an_xls_says_whether_its_days_count_from_1904(from_1904: bool, tmp_path: Path) -> None:
    assert sheet_of(tmp_path, ["a", 43708.0, "b"], from_1904=from_1904).from_1904 == from_1904


def test_an_error_in_the_last_of_many_rows_is_found(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["a", "b", float(n)] for n in range(600)]
    sheet = sheet_of(tmp_path, *rows, ["a", Failed("#DIV/0!"), "b"])
    assert real_value(sheet.rows[-1][1][1]) == CellError("#DIV/0!")


@pytest.mark.parametrize("from_1904", [True, False])
def test_a_workbook_of_excel_95_is_read_as_later_ones_are(from_1904: bool, tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        [*HEADERS], [Shown(301, "0000"), Failed("#N/A"), "试验"], [Shown(7, '0"班"'), 43708.0, "b"],
    ]  # fmt: skip
    path = tmp_path / "a.xls"
    path.write_bytes(xls_file(rows, from_1904=from_1904, old=True))
    sheet = spreadsheets.read(path, headers=HEADERS, most_rows=1000)
    assert [real_value(c) for c in sheet.rows[0][1]] == ["0301", CellError("#N/A"), "试验"]
    assert sheet.rows[1][1][0] == "7班"
    assert sheet.from_1904 == from_1904
