"""A small workbook cannot become hundreds of megabytes of text."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from core import spreadsheets

HEADERS = ["姓名", "学号", "备注", "班级"]


def write(path: Path, rows: list[list[Any]]) -> Path:
    book = Workbook()
    for row in [HEADERS, *rows]:
        book.active.append(row)
    book.save(path)
    return path


def refusal(path: Path, most_rows: int = 100_000) -> spreadsheets.WorkbookRefused:
    with pytest.raises(spreadsheets.WorkbookRefused) as refused:
        spreadsheets.read(path, headers=HEADERS, most_rows=most_rows)
    return refused.value


def share_text(path: Path, mark: str, text: str) -> None:
    """Let every cell with `mark` refer to one shared text, as Excel writes texts, past the limits of
    the library that writes workbooks."""
    inline, shared = f't="inlineStr"><is><t>{mark}</t></is>', 't="s"><v>0</v>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    part = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    changes = {
        "xl/worksheets/sheet1.xml": (inline, shared),
        "xl/_rels/workbook.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="s1" Type="{kind}" Target="sharedStrings.xml"/></Relationships>',
        ),
        "[Content_Types].xml": (
            "</Types>",
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{part}"/></Types>',
        ),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as to:
        for entry in source.infolist():
            content = source.read(entry).decode()
            if entry.filename in changes:
                old, new = changes[entry.filename]
                assert old in content
                content = content.replace(old, new)
            to.writestr(entry, content)
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        to.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}"><si><t>{text}</t></si></sst>')
    path.write_bytes(buffer.getvalue())


def test_a_cell_may_be_as_long_as_excel_allows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [["甲", "1", "长" * 32_767, "一班"]])
    sheet = spreadsheets.read(path, headers=HEADERS, most_rows=10)
    assert len(sheet.rows[0][1][2]) == 32_767


def test_a_longer_cell_is_refused_with_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [["甲", "1", "短", "一班"], ["乙", "2", "MARK", "一班"]])
    share_text(path, "MARK", "长" * 32_768)
    refused = refusal(path)
    assert refused.code == "cell_too_long"
    assert "第3行" in refused.message


def test_a_305_kilobyte_workbook_does_not_store_400_megabytes(tmp_path: Path) -> None:
    """One long text that 12,500 cells refer to."""
    path = write(tmp_path / "a.xlsx", [["甲", str(n), "MARK", "一班"] for n in range(12_500)])
    share_text(path, "MARK", "x" * 32_767)
    assert path.stat().st_size < 400_000
    refused = refusal(path)
    assert refused.code == "too_much_text"
    assert "文字过多" in refused.message


def test_a_workbook_of_few_rows_may_hold_less_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", [["甲", str(n), "MARK", "一班"] for n in range(200)])
    share_text(path, "MARK", "x" * 32_767)
    assert refusal(path, most_rows=500).code == "too_much_text"
    assert len(spreadsheets.read(path, headers=HEADERS, most_rows=100_000).rows) == 200
