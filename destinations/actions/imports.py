"""Importing destinations from a workbook.

Each row is entered by the action `enter`, as if the person who uploaded the workbook had typed it.
Good rows are entered even if others are refused. A row that repeats what is registered already
changes nothing, whatever its state, so an import may be repeated, or continued after a crash, and
importing an untouched export approves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from codes.readers import FAILED_LOOKUP
from core.errors import DomainError
from destinations.actions import enter, evidence
from destinations.catalogue import catalogue
from destinations.fields import (
    ALL,
    BY_KEY,
    CATEGORY,
    FORM,
    FORMS,
    KEY_COLUMNS,
    STUDENT_NO,
    form_label,
)
from destinations.models import Destination, DestinationImport, is_seeking
from destinations.rules import check_registration
from destinations.steps import MACHINE
from schools.models import School
from schools.scope import visible_to
from workbooks.actions import imports
from workbooks.actions.rows import RecordFinder, RowImport, WorkbookRow, read_cells, repeats_words

MOST_ROWS = 20_000
DESTINATION_IMPORTS = imports.import_kind(
    DestinationImport,
    name="destinations",
    label="去向导入",
    task="destinations.tasks.sweep_imports",
)
# Header → key in the values of a row.
_COLUMNS = {h: h for h in (*KEY_COLUMNS, FORM)} | {f.label: f.key for f in ALL}


@dataclass
class DestinationRow(WorkbookRow):
    """One row of the workbook, with the destination it is about."""

    destination: Destination | None = None


def upload(*, school: School, content: bytes, name: str, by: User) -> DestinationImport:
    return imports.upload(DESTINATION_IMPORTS, school=school, content=content, name=name, by=by)


def _read_rows(imported: DestinationImport) -> tuple[list[str], list[DestinationRow]]:
    """The header, and every row checked for the person who uploaded the workbook."""
    header, rows = read_cells(
        imported,
        _COLUMNS,
        required=KEY_COLUMNS,
        most_rows=MOST_ROWS,
        row_class=DestinationRow,
    )
    found = _destinations_by_number(imported, rows)
    finder = RecordFinder(found, lambda d: d.graduate.name)
    for row in rows:
        row.destination = finder.find(row)
        if row.destination is not None:
            _check_row(row, row.destination, imported.by)
    return header, rows


def _destinations_by_number(
    imported: DestinationImport, rows: list[DestinationRow]
) -> dict[str, Destination]:
    """Student number → destination, for those that the person who uploaded the workbook may see."""
    numbers = [row.student_no for row in rows]
    destinations = Destination.objects.select_related("graduate", "cohort", "school").filter(
        school_id=imported.school_id, graduate__student_no__in=numbers
    )
    visible = visible_to(destinations, imported.by, graduate="graduate")
    return {d.graduate.student_no: d for d in visible}


def _check_row(row: DestinationRow, d: Destination, by: User) -> None:
    """Write into `row` its values as they were read, and its problems."""
    if _repeats_export(row, d):
        row.unchanged = True
        return
    _check_values(row, d)
    if row.problems or row.unchanged:
        return
    try:
        MACHINE.check("enter", d, by)
    except DomainError as refusal:
        row.problems.append((STUDENT_NO, refusal.message))
        return
    if row.values["category"] != d.category:
        _check_evidence(row, d, by)


def _check_values(row: DestinationRow, d: Destination) -> None:
    """Read category, form and fields, and ask whether they change anything."""
    typed = row.read_column(CATEGORY)
    leaf = catalogue().by_text(typed)
    if leaf is None and not row.problems:
        row.problems.append((CATEGORY, "毕业去向不在类别表中，请填写名称或代码"))
    form = _form_key(row.read_column(FORM))
    if leaf is None or row.problems:
        return
    if not form and row.warnings and d.category == leaf.code:
        form = d.form  # a lookup failed in this column, so that nothing is known of it
    registration = check_registration(
        row.values | {"category": leaf.code, "form": form},
        evidence=None,
        graduates_on=d.graduate.graduates_on,
        source=row.source,
    )
    row.problems += [(_column(i.field), i.message) for i in registration.issues if i.is_error]
    row.warnings += [(_column(i.field), i.message) for i in registration.warnings()]
    if row.problems:
        return
    if d.category == registration.category:
        kept = [i.field for i in registration.warnings() if i.code == FAILED_LOOKUP]
        registration.values.update({key: getattr(d, key) for key in kept})
    # `enter` gets the values that were read: a cell's own content, such as the serial number of a
    # date, may mean something else when it is typed into a form.
    row.values = {"category": registration.category, "form": registration.form}
    row.values |= registration.values
    row.unchanged = all(getattr(d, key) == value for key, value in row.values.items())


def _repeats_export(row: DestinationRow, d: Destination) -> bool:
    """Whether the row has in every column the words that the export writes for `d`.

    This is asked before the rules are checked, because what is stored need not pass the rules for
    a new registration: a destination that nobody has filled in yet lacks required values.
    """
    exported = {
        CATEGORY: catalogue().label_of(d.category),
        FORM: form_label(d.form, d.agreement_no),
    }
    exported |= {f.key: f.show(getattr(d, f.key)) for f in ALL}
    return all(
        column in row.values and repeats_words(row.values[column], words)
        for column, words in exported.items()
    )


def _check_evidence(row: DestinationRow, d: Destination, by: User) -> None:
    """Evidence belongs to the category that it was uploaded for, and a workbook can't say which
    pictures count for another one. So a change to a job or to studies is refused while there are
    pictures; with a change to 待就业, which has none, they stay with their category. Pictures that
    were uploaded for the new category before count again."""
    again = evidence.standing_evidence(d.pk, row.values["category"]).count()
    count = evidence.standing_evidence(d.pk, d.category).count()
    if again and not count:
        new = catalogue().label_of(row.values["category"])
        sentence = f"以前为“{new}”上传的{again}张证明材料重新生效，请核对是否仍然适用"
        row.warnings.append((CATEGORY, sentence))
    if not count:
        return
    label = catalogue().label_of(d.category)
    try:
        evidence.check_may_change(d, d.category, by)
    except DomainError as refusal:
        row.problems.append((CATEGORY, refusal.message))
        return
    if is_seeking(row.values["category"]):
        sentence = f"已有的{count}张证明材料属于“{label}”，改为待就业后不再显示"
        row.warnings.append((CATEGORY, sentence))
        return
    sentence = (
        f"已有的{count}张证明材料属于“{label}”，工作簿不能说明哪些对新的去向仍然有效，"
        "请在该生的“录入”页面修改并勾选"
    )
    row.problems.append((CATEGORY, sentence))


def _write_row(row: DestinationRow, imported: DestinationImport) -> None:
    if row.destination is not None:
        enter.enter(graduate_id=row.destination.pk, typed=row.values, by=imported.by)


def _form_key(typed: str) -> str:
    """The key of a local form that is written as its key or as its name."""
    return next((key for key, label in FORMS.items() if typed in (key, label)), typed)


def _column(key: str) -> str:
    """The header of the column that holds the field `key`."""
    return BY_KEY[key].label if key in BY_KEY else {"form": FORM}.get(key, CATEGORY)


_IMPORT = RowImport(
    kind=DESTINATION_IMPORTS,
    title="去向",
    columns=_COLUMNS,
    read=_read_rows,
    write=_write_row,
    column=_column,
)
check, apply, run_overdue = _IMPORT.check, _IMPORT.apply, _IMPORT.run_overdue
