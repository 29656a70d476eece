"""Hosts take units into a fair from a workbook: each row of a unit that may come gets its booth."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.models import User
from codes import readers
from codes import text as texts
from codes.readers import CELL, CELL_1904, Source
from core import audit, spreadsheets
from core.errors import DomainError, Invalid, Refused
from core.spreadsheets import real_value
from core.spreadsheets.child import plain_header
from employers.models import Membership, Unit, UnitMember
from recruiting.actions import booths
from recruiting.actions.fair_base import lock
from recruiting.fair_queries import COMING, published_by
from recruiting.fair_steps import by_the_host
from recruiting.models import Booth, Fair
from recruiting.models.fairs import LIVE_BOOTH
from recruiting.states import BoothState
from recruiting.unit_standing import barred_from_fairs_until, check_may_recruit

MOST_ROWS = 500
MOST_BYTES = 5 * 1024 * 1024
CODE, NAME, NUMBER, PEOPLE = "统一社会信用代码", "单位名称", "展位号", "参会人数"
COLUMNS = (CODE, NAME, NUMBER, PEOPLE)
_USUAL_PEOPLE = 2


@dataclass
class ListRow:
    """One row of the workbook, and what came of it: a sentence, and whether it was taken."""

    row: int  # as the spreadsheet counts, the first row being 1
    code: str = ""
    name: str = ""
    number: int | None = None
    people: int | None = None
    problems: list[str] = field(default_factory=list)
    done: str = ""

    @property
    def message(self) -> str:
        return self.done or "".join(self.problems)


def take(*, fair_id: int, content: bytes, by: User) -> list[ListRow]:
    """Take the rows of a workbook into the fair, each in a transaction of its own; returns every row
    with its answer. Rows that name a number come first, so that nobody else is given it. Raises
    `Refused` if the file can't be read or the fair takes no units."""
    fair = Fair.objects.select_related("school").get(pk=fair_id)
    by_the_host(fair, by)
    if fair.state not in COMING:
        raise Refused("not_open", f"活动{fair.get_state_display()}，开放报名后才能导入名单。")
    rows = _read(content)
    for row in sorted(rows, key=lambda row: (row.number is None, row.row)):
        if not row.problems:
            try:
                row.done = _take_row(fair_id, row, by)
            except DomainError as refusal:
                row.problems.append(refusal.message)
    taken = sum(bool(row.done) for row in rows)
    data = {"rows": len(rows), "taken": taken}
    audit.record("recruiting.import_booths", by=by, obj=fair, data=data)
    return rows


def _read(content: bytes) -> list[ListRow]:
    if not content:
        raise Refused("no_file", "请选择工作簿。", field="workbook")
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"文件超过{MOST_BYTES // 1024**2}MB。", field="workbook")
    wanted = {plain_header(header): header for header in COLUMNS}
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "list"
            path.write_bytes(content)
            sheet = spreadsheets.read(path, headers=list(wanted), most_rows=MOST_ROWS)
    except spreadsheets.WorkbookRefused as refusal:
        raise Refused(refusal.code, f"{refusal.message}。", field="workbook") from refusal
    headers = [wanted.get(plain_header(header)) for header in sheet.header]
    missing = [header for header in (CODE, NAME) if header not in headers]
    if missing:
        sentence = f"工作簿缺少这些列：{'、'.join(missing)}。"
        raise Refused("missing_columns", sentence, field="workbook")
    twice = [header for header in COLUMNS if headers.count(header) > 1]
    if twice:
        sentence = f"工作簿中这些列出现了两次：{'、'.join(twice)}。"
        raise Refused("repeated_columns", sentence, field="workbook")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows: list[ListRow] = []
    first_rows: dict[str, int] = {}
    for number, cells in sheet.rows:
        values = {h: real_value(v) for h, v in zip(headers, cells, strict=False) if h}
        row = _read_row(number, values, source)
        if row.code and row.code in first_rows:
            row.problems = [f"与第{first_rows[row.code]}行是同一单位。"]
        elif row.code:
            first_rows[row.code] = number
        rows.append(row)
    return rows


def _read_row(number: int, values: Mapping[str, Any], source: Source) -> ListRow:
    row = ListRow(number)
    for key, header, kind in (
        ("code", CODE, "unit_code"),
        ("name", NAME, "text"),
        ("number", NUMBER, "number"),
        ("people", PEOPLE, "number"),
    ):
        required = header in (CODE, NAME)
        reading = readers.read(
            kind, values.get(header), label=header, required=required, source=source
        )
        row.problems += [f"{f.message}。" for f in reading.findings if f.is_error]
        if reading.value is not None:
            setattr(row, key, reading.value)
    return row


def _take_row(fair_id: int, row: ListRow, by: User) -> str:
    """Give the row's unit its booth; returns what was done."""
    unit = Unit.objects.filter(code=row.code).first()
    if unit is None:
        raise Refused("no_unit", "平台没有此单位，请单位先注册并认证。")
    if texts.narrow(unit.name) != texts.narrow(row.name):
        raise Refused("name", f"单位名称与统一社会信用代码不符，平台登记为“{unit.name}”。")
    people = _USUAL_PEOPLE if row.people is None else row.people
    if not 1 <= people <= booths.MOST_PEOPLE:
        raise Refused("people", f"参会人数为1至{booths.MOST_PEOPLE}。")
    with transaction.atomic():
        unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
        fair = lock(fair_id)
        booth = fair.booths.filter(unit=unit, state__in=LIVE_BOOTH).first()
        if booth is None:
            booth = _register(fair, unit, people)
        booth.fair, booth.unit = fair, unit
        if booth.state == BoothState.APPROVED:
            return _change(booth, row, by)
        try:
            booths.approve(booth_id=booth.pk, number=row.number, by=by)
        except Invalid as invalid:
            raise Refused("number", invalid.message) from invalid
        Booth.objects.filter(pk=booth.pk).update(people=people)
        booth.refresh_from_db(fields=["number"])
        return f"已安排展位{booth.number}"


def _register(fair: Fair, unit: Unit, people: int) -> Booth:
    """A registration in the unit's name, with all of its postings, by the person verified last."""
    check_may_recruit(unit)
    if barred_from_fairs_until(unit) is not None:
        raise Refused("barred", "单位多次报名后未到场，目前不能报名。")
    members = UnitMember.objects.filter(unit=unit, state=Membership.VERIFIED)
    member = members.order_by("-verified_at", "-pk").first()
    if member is None:
        raise Refused("no_member", "单位没有已认证的人员，请单位先在平台认证。")
    postings = published_by(unit.pk)
    if not postings.exists():
        raise Refused("no_postings", "单位没有正在发布的职位，请单位先发布职位。")
    booth = Booth.objects.create(fair=fair, unit=unit, member=member, people=people)
    booth.postings.set(postings)
    return booth


def _change(booth: Booth, row: ListRow, by: User) -> str:
    """Another number or number of people for a unit that has its booth already."""
    done = []
    if row.number is not None and f"{row.number:03d}" != booth.number:
        try:
            changed = booths.renumber(booth_id=booth.pk, number=row.number, by=by)
        except Invalid as invalid:
            raise Refused("number", invalid.message) from invalid
        done.append(f"展位改为{changed.number}")
    if row.people is not None and row.people != booth.people:
        Booth.objects.filter(pk=booth.pk).update(people=row.people)
        done.append(f"参会人数改为{row.people}")
    return "，".join(done) or "已在名单中，没有变化"
