"""Reading and writing workbooks. They are read in a child process with limits. Text is never written
as a formula."""

from __future__ import annotations

import datetime
import itertools
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from django.http import HttpResponse

from core import child_process
from core.errors import DomainError
from core.spreadsheets import child
from core.spreadsheets.cells import CellError

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHILD = Path(child.__file__)
# The rows are written to a file, which may be as large as all that a workbook may unpack to.
_LIMITS = child_process.Limits(
    memory=3 * 1024**3, cpu_seconds=120, seconds=180, open_files=32, file_bytes=2 * 1024**3
)
_PRELOAD = ("python_calamine",)
_MOST_UNPACKED = 1024**3
# All text of a workbook, in characters. 100,000 rows of a roster have about 20 million.
_MOST_TEXT = 40_000_000
_TEXT_OF_A_ROW = 4000
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_REFUSALS = {
    "not_workbook": "这不是Excel工作簿，请用表格软件打开，另存为.xlsx后重新上传",
    "open_document": "这是.ods等OpenDocument格式的文件，其中的编号和出错的公式无法可靠读取，"
    "请用表格软件打开，另存为.xlsx后重新上传",
    "web_page": "文件内容是网页（有的系统导出的.xls就是这样），请用表格软件打开，另存为.xlsx后重新上传",
    "unreadable": "工作簿已损坏或格式不受支持，请用表格软件另存为.xlsx后重新上传",
    "encrypted": "工作簿设有密码，请取消密码后重新上传",
    "too_large": "工作簿展开后过大，未读取。请删除多余的工作表和空行后重新上传",
    "no_header": "没有找到表头，请使用模板中的表头行",
    "cell_too_long": "第{row}行有单元格超过32767个字，未读取。请删减后重新上传",
    "too_much_text": "工作簿中的文字过多，读到第{row}行时停止。请删除无关的内容，或分成几个文件导入",
    "too_many_rows": "工作簿超过{most}行，请分成几个文件导入",
}


class WorkbookRefused(DomainError):
    """The file cannot be read as a workbook; the message says why."""

    status = 422


@dataclass
class Sheet:
    """The sheet that holds the wanted header. Row numbers are the workbook's own."""

    name: str
    header_row: int
    header: list[str]
    rows: list[tuple[int, list[Any]]] = field(default_factory=list)
    # The rows before the header: titles, remarks.
    above: list[list[Any]] = field(default_factory=list)
    # Further sheets with the same header, which are not read.
    others: list[str] = field(default_factory=list)
    # A plain number in a column of dates counts the days from 1904, not from 1900.
    from_1904: bool = False


def read(path: Path, *, headers: Iterable[str], most_rows: int) -> Sheet:
    """Read the sheet of `path` whose header row has the most of `headers` (in plain form).

    Cells are as `real_value` takes them: text, numbers, bools, dates or errors. Raises `WorkbookRefused`.
    """
    most_text = min(_MOST_TEXT, 1_000_000 + _TEXT_OF_A_ROW * most_rows)
    arguments = [str(path), str(most_rows), str(_MOST_UNPACKED), str(most_text)]
    wanted = json.dumps(list(headers)).encode()
    with tempfile.TemporaryFile() as out:
        try:
            done = child_process.run(
                _CHILD, arguments, limits=_LIMITS, content=wanted, stdout=out, preload=_PRELOAD
            )
        except subprocess.TimeoutExpired:
            raise _refused("too_large", most_rows) from None
        out.seek(0)
        first = out.readline()
        if not first:
            raise _refused("too_large", most_rows)
        head = json.loads(first)
        if "error" in head:
            raise _refused(head["error"], most_rows, head.get("row", 0))
        sheet = Sheet(
            head["sheet"], head["header_row"], head["header"],
            above=head["above"], others=head["others"], from_1904=head["from_1904"],
        )  # fmt: skip
        for line in out:
            chunk = json.loads(line)
            if isinstance(chunk, dict):
                raise _refused(chunk["error"], most_rows, chunk.get("row", 0))
            sheet.rows += [(number, cells) for number, cells in chunk]
        if done.returncode:
            raise _refused("too_large", most_rows)
    return sheet


def _refused(code: str, most_rows: int, row: int = 0) -> WorkbookRefused:
    message = _REFUSALS.get(code, _REFUSALS["unreadable"])
    return WorkbookRefused(code, message.format(most=most_rows, row=row))


def real_value(cell: Any) -> Any:
    """A cell of a `Sheet` as a Python value: a date is [iso text] there, an error {"error": word}."""
    if isinstance(cell, dict):
        return CellError(cell["error"])
    if isinstance(cell, list):
        try:
            return datetime.datetime.fromisoformat(cell[0])
        except ValueError:
            return cell[0]
    return cell


def safe(value: object) -> Any:
    """A value that no spreadsheet program takes for a formula: such text gets an apostrophe before
    it. Control characters, which a workbook can't hold, are removed. An error becomes its word."""
    if isinstance(value, CellError):
        return value.word
    if isinstance(value, str):
        value = _FORBIDDEN.sub("", value)
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value


def write(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "数据",
    marks: dict[tuple[int, int], str] | None = None,
    above: Sequence[Sequence[object]] = (),
    widths: Sequence[int] | None = None,
    choices: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """A workbook of one sheet, all text cells; the header comes after the rows `above`. `marks`
    maps (row, column), both from 1, to a reason: that cell is coloured and carries the reason as
    a comment. `choices` maps headers to the words that the cells below offer in a list; other words
    may be written, too, after a warning."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = f"A{len(above) + 2}"
    for i, label in enumerate(header, start=1):
        width = widths[i - 1] if widths else min(max(len(label) * 2 + 2, 12), 40)
        sheet.column_dimensions[get_column_letter(i)].width = width
    bold, head_fill = Font(bold=True), PatternFill("solid", fgColor="E8F0FA")
    bad = PatternFill("solid", fgColor="F8C9C4")

    def cell(value: object, row: int, column: int) -> Any:
        written = WriteOnlyCell(sheet, value=safe(value))
        if isinstance(value, str):
            written.number_format = "@"
        reason = marks.get((row, column)) if marks else None
        if reason:
            written.fill = bad
            written.comment = Comment(reason, "平台", width=320, height=80)
        return written

    first = []
    for label in header:
        heading = WriteOnlyCell(sheet, value=safe(label))
        heading.font, heading.fill = bold, head_fill
        heading.alignment = Alignment(vertical="center")
        first.append(heading)
    for values in above:
        sheet.append([safe(v) for v in values])
    sheet.append(first)
    lists = [(i, choices[h]) for i, h in enumerate(header, start=1) if choices and h in choices]
    if lists:
        _offer_choices(book, sheet, lists, first_row=len(above) + 2)
    for number, values in enumerate(rows, start=len(above) + 2):
        sheet.append([cell(v, number, i) for i, v in enumerate(values, start=1)])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write_sheets(
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]],
) -> bytes:
    """A workbook of several sheets, each (title, header, rows). Text is never a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    for title, header, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        first = [WriteOnlyCell(sheet, value=safe(label)) for label in header]
        for heading in first:
            heading.font = Font(bold=True)
        sheet.append(first)
        for row in rows:
            sheet.append([safe(value) for value in row])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


# The choices of a column are offered so far down, as a workbook may be filled in by hand.
_LAST_ROW_WITH_CHOICES = 50_000


def _offer_choices(
    book: Any, sheet: Any, lists: Sequence[tuple[int, Sequence[str]]], *, first_row: int
) -> None:
    """Give cells of `sheet` lists to choose from: (number of the column, words). The words stand in a
    hidden sheet, one list a column, because a list in the cell itself may have 255 characters only."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    hidden = book.create_sheet("选项")
    hidden.sheet_state = "hidden"
    for line in itertools.zip_longest(*(words for _, words in lists)):
        hidden.append([safe(word) for word in line])
    for at, (column, words) in enumerate(lists, start=1):
        letter, place = get_column_letter(column), get_column_letter(at)
        offered = DataValidation(
            type="list",
            formula1=f"'选项'!${place}$1:${place}${len(words)}",
            sqref=f"{letter}{first_row}:{letter}{_LAST_ROW_WITH_CHOICES}",
            errorStyle="warning",
            errorTitle="不在列表中",
            error="请从列表中选择，或填写代码表中的代码。",
            showErrorMessage=True,
        )
        sheet.data_validations.append(offered)


def respond(content: bytes, name: str) -> HttpResponse:
    """A response that downloads the workbook as `name`.xlsx. `name` is ASCII."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
