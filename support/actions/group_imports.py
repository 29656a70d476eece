"""困难群体导入: the province lists graduates by a workbook for one year, in one of two modes.

增补 adds people and groups. 全量 replaces the year's list: who is not in the workbook leaves. A person
whom a refused row is about does not leave, because a wrong name is no reason for it. Key and name of each
row must both match one graduate. Rows are looked up and written in sets.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from codes import lookup, readers, text
from core import jobs, spreadsheets
from core.errors import Invalid, NotPermitted
from core.spreadsheets import WorkbookRefused
from graduates.models import Graduate, Person
from recruiting.acting import role_of
from schools.models import Cohort, School
from schools.roles import Level
from support.actions import listing as listings
from support.actions.listing import Wanted
from support.models import GroupImport, Listing
from support.states import ImportMode, ListingState
from workbooks.actions import imports
from workbooks.actions.rows import WorkbookRow, read_cells, report
from workbooks.states import ImportState

GROUP_IMPORTS = imports.import_kind(
    GroupImport,
    name="support-groups",
    label="困难群体导入",
    task="support.tasks.sweep_group_imports",
)
MOST_ROWS = 60_000
YEAR, SCHOOL, EXAM_NO, ID_NUMBER, NAME, GROUPS, DAY = HEADER = (
    "届", "学校代码", "考生号", "证件号码", "姓名", "类型", "认定日期",
)  # fmt: skip
_COLUMNS = {"届别": YEAR, "学校编码": SCHOOL, "困难类型": GROUPS} | {h: h for h in HEADER}
_REQUIRED = (YEAR, SCHOOL, NAME, GROUPS)
_AT_ONCE = 1000
# If more than this share of the list leaves, the person who confirms says why.
NEEDS_REASON_OVER = 10  # percent
_LEAST_REASON, _LONGEST_REASON = 5, 200


@dataclass
class GroupRow(WorkbookRow):
    """One row, what was read of it, and the graduate whom it is about."""

    school_code: str = ""
    exam_no: str = ""
    id_number: str = ""
    name: str = ""
    groups: list[str] = field(default_factory=list)
    certified_on: datetime.date | None = None
    graduate: Found | None = None

    @property
    def wanted(self) -> Wanted:
        assert self.graduate is not None
        found = self.graduate
        return Wanted(
            found.pk, found.school_id, found.cohort_id, tuple(self.groups), self.certified_on
        )


class Found(NamedTuple):
    """What of a graduate a row is compared with."""

    pk: int
    school_id: int
    cohort_id: int
    year: int
    name: str
    exam_no: str
    id_number: str


# --- the steps of the province ------------------------------------------------------------------


def _check_province(by: User) -> None:
    if role_of(by) != Level.PROVINCE:
        raise NotPermitted("role", "只有省级可以导入困难群体。")


def upload(*, content: bytes, name: str, year: int, mode: str, by: User) -> GroupImport:
    """Keep the workbook as a new import. The caller starts the check after the commit."""
    _check_province(by)
    errors: dict[str, list[str]] = {}
    if mode not in ImportMode.values:
        errors["mode"] = ["请选择导入方式。"]
    if not Cohort.objects.filter(year=year).exists():
        errors["year"] = ["请选择届别。"]
    if errors:
        raise Invalid(errors)
    return imports.upload(GROUP_IMPORTS, content=content, name=name, by=by, year=year, mode=mode)


def needs_reason(imported: GroupImport) -> bool:
    """Whether more than a tenth of the list leaves."""
    return len(imported.leaving) * 100 > NEEDS_REASON_OVER * imported.counts.get("listed", 0)


def confirm(previewed: GroupImport, *, reason: str, by: User) -> None:
    """Confirm what the preview showed. A double click changes nothing. Raises `Invalid` if a reason is
    missing."""
    _check_province(by)
    with transaction.atomic():
        row = GroupImport.objects.select_for_update().get(pk=previewed.pk)
        if row.state == ImportState.PREVIEWED:
            reason = text.clean_lines(reason)
            if needs_reason(row) and len(reason) < _LEAST_REASON:
                sentence = (
                    f"移出的超过{NEEDS_REASON_OVER}%，请填写原因（至少{_LEAST_REASON}个字）。"
                )
                raise Invalid({"reason": [sentence]})
            if len(reason) > _LONGEST_REASON:
                raise Invalid({"reason": [f"原因最多{_LONGEST_REASON}个字。"]})
            row.reason = reason
            row.save(update_fields=["reason"])
        imports.confirm(row, by=by)


def cancel(unfinished: GroupImport, *, by: User) -> None:
    _check_province(by)
    imports.cancel(unfinished, by=by)


# --- the worker's steps -------------------------------------------------------------------------


def check(import_id: int) -> None:
    """Read the workbook, check every row, and find who leaves. Nothing is written yet."""
    with imports.checking(GROUP_IMPORTS, import_id) as leased:
        if leased is None:
            return
        header, rows = _read(leased)
        imports.progress(GROUP_IMPORTS, leased, 80)
        _report(leased, header, rows)
        leased.leaving = _leaving(leased, rows) if leased.mode == ImportMode.FULL else []
        leased.counts["leaving"] = len(leased.leaving)
        leased.counts["listed"] = _listed(leased.year).count()
        imports.finish(leased, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Write the good rows, and remove those whom the preview showed as leaving, in one transaction."""
    with imports.applying(GROUP_IMPORTS, import_id) as leased:
        if leased is None:
            return
        header, rows = _read(leased)
        imports.progress(GROUP_IMPORTS, leased, 50)
        leaving, listed = leased.leaving, leased.counts.get("listed", 0)
        good = [row for row in rows if not row.problems and not row.unchanged]
        with jobs.writing(leased):
            for part in _parts(good, _AT_ONCE):
                listings.enter(
                    [row.wanted for row in part], adds=leased.mode == ImportMode.ADD, by=leased.by,
                    group_import=leased,
                )  # fmt: skip
            removed = listings.remove(
                leaving, by=leased.by, group_import=leased, reason=leased.reason
            )
            _report(leased, header, rows)
            leased.counts |= {"leaving": removed, "listed": listed}
            imports.done(leased, by=leased.by)


def run_overdue() -> None:
    imports.run_overdue(GROUP_IMPORTS, check=check, apply=apply)


def _parts(rows: Sequence[GroupRow], size: int) -> Iterator[Sequence[GroupRow]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _listed(year: int) -> Any:
    return Listing.objects.filter(cohort__year=year, state=ListingState.LISTED)


def _leaving(leased: GroupImport, rows: Iterable[GroupRow]) -> list[int]:
    """The listings of the year that no row is about, not even a refused one."""
    named = {row.graduate.pk for row in rows if row.graduate is not None}
    found = _listed(leased.year).order_by("pk").values_list("pk", "graduate_id")
    return [pk for pk, graduate_id in found if graduate_id not in named]


def leaving_people(imported: GroupImport, most: int) -> list[Listing]:
    """The first of those who leave, for the preview."""
    rows = Listing.objects.filter(pk__in=imported.leaving).select_related("graduate", "school")
    return list(rows.order_by("school__code", "graduate__student_no")[:most])


# --- reading ------------------------------------------------------------------------------------


def _read(leased: GroupImport) -> tuple[list[str], list[GroupRow]]:
    header, rows = read_cells(
        leased, _COLUMNS, required=_REQUIRED, most_rows=MOST_ROWS, row_class=GroupRow
    )
    if rows and not any(EXAM_NO in row.values or ID_NUMBER in row.values for row in rows[:1]):
        raise WorkbookRefused("missing_columns", f"工作簿须有“{EXAM_NO}”或“{ID_NUMBER}”列。")
    for row in rows:
        _read_row(row, leased)
    _find_people(rows, leased.year)
    first: dict[int, int] = {}
    for row in rows:
        _compare(row, leased, first)
    adds = leased.mode == ImportMode.ADD
    good = [row for row in rows if not row.problems]
    stored: dict[int, Listing] = {}
    for part in _parts(good, _AT_ONCE):
        ids = [row.graduate.pk for row in part if row.graduate is not None]
        stored |= {found.graduate_id: found for found in Listing.objects.filter(graduate__in=ids)}
    for row in good:
        wanted = row.wanted
        row.unchanged = listings.is_unchanged(stored.get(wanted.graduate_id), wanted, adds=adds)
    return header, rows


def _read_row(row: GroupRow, leased: GroupImport) -> None:
    row.school_code = row.read_column(SCHOOL)
    row.exam_no = row.read_column(EXAM_NO, "exam_no") if EXAM_NO in row.values else ""
    row.id_number = row.read_column(ID_NUMBER, "id_number") if ID_NUMBER in row.values else ""
    row.name = row.read_column(NAME, "name")
    year = text.clean_code(row.read_column(YEAR)).removesuffix("届")
    if year != str(leased.year):
        row.problems.append((YEAR, f"非本届：此次导入{leased.year}届，此行为“{year or '空'}”"))
    if not row.exam_no and not row.id_number and not row.problems:
        row.problems.append((EXAM_NO, "考生号和证件号码至少填写一项"))
    row.groups = _read_groups(row)
    reading = readers.read("date", row.values.get(DAY), label=DAY, source=row.source)
    row.problems += [(DAY, f.message) for f in reading.findings if f.is_error]
    row.certified_on = reading.value


def _read_groups(row: GroupRow) -> list[str]:
    """The codes of the groups, which stand in one cell with 「；」 between them."""
    known, codes = lookup.table("support_group").by_choice, []
    written = row.read_column(GROUPS)
    for part in filter(None, (p.strip() for p in written.replace(";", "；").split("；"))):
        code = known.get(text.clean_choice(part))
        if code is None:
            row.problems.append((GROUPS, f"类型无效：没有“{part}”"))
        else:
            codes.append(code)
    if not codes and not any(column == GROUPS for column, _ in row.problems):
        row.problems.append((GROUPS, "类型无效：没有填写"))
    return listings.in_order(codes)


def _find_people(rows: Sequence[GroupRow], year: int) -> None:
    """Set the graduate of each row by number, in the import's year if the person has a record there."""
    schools = dict(School.objects.values_list("code", "pk"))
    by_school: dict[int, list[GroupRow]] = defaultdict(list)
    for row in rows:
        if row.school_code in schools:
            by_school[schools[row.school_code]].append(row)
    for school_id, of_school in by_school.items():
        for part in _parts(of_school, _AT_ONCE):
            _find_part(school_id, part, year)


def _find_part(school_id: int, rows: Sequence[GroupRow], year: int) -> None:
    exams = {row.exam_no for row in rows if row.exam_no}
    documents = {row.id_number for row in rows if row.id_number}
    cohorts = Cohort.objects.filter(school=school_id).values("pk")
    condition = Q(cohort__in=cohorts, exam_no__in=exams) | Q(
        person__in=_people(school_id, documents)
    )
    fields = (
        "pk",
        "school_id",
        "cohort_id",
        "cohort__year",
        "name",
        "exam_no",
        "person__id_number",
    )
    found = Graduate.objects.filter(condition, school=school_id).values_list(*fields)
    by_exam: dict[str, list[Found]] = defaultdict(list)
    by_document: dict[str, list[Found]] = defaultdict(list)
    for values in found:
        graduate = Found(*values)
        by_exam[graduate.exam_no].append(graduate)
        by_document[graduate.id_number].append(graduate)
    for row in rows:
        same = by_exam[row.exam_no] if row.exam_no else by_document[row.id_number]
        if row.id_number:
            same = [g for g in same if g.id_number == row.id_number]
        row.graduate = next((g for g in same if g.year == year), None) or next(iter(same), None)


def _people(school_id: int, documents: set[str]) -> list[int]:
    rows = Person.objects.filter(school=school_id, id_number__in=documents)
    return list(rows.values_list("pk", flat=True))


def _compare(row: GroupRow, leased: GroupImport, first: dict[int, int]) -> None:
    """The problems of the row that its graduate shows, or that there is none."""
    column = EXAM_NO if row.exam_no else ID_NUMBER
    found = row.graduate
    if found is None:
        if not row.problems:
            row.problems.append((column, "查无此人：该校没有此考生号或证件号码的毕业生"))
        return
    if found.name != row.name:
        row.problems.append((NAME, "姓名不符：与系统中的姓名不一致"))
    if found.year != leased.year and not any(c == YEAR for c, _ in row.problems):
        row.problems.append((YEAR, f"非本届：该毕业生为{found.year}届"))
    if found.pk in first:
        row.problems.append((column, f"重复：与第{first[found.pk]}行是同一人"))
    first.setdefault(found.pk, row.number)


def _report(leased: GroupImport, header: list[str], rows: Sequence[GroupRow]) -> None:
    report(
        GROUP_IMPORTS, leased, header, rows, title="困难群体", columns=_COLUMNS, by_id=leased.by_id
    )


def template_workbook() -> bytes:
    """An empty workbook with the header row."""
    return spreadsheets.write(HEADER, [], title="困难群体")
