"""Reporting by file: written by the national layouts, read back, matched to what was sent."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from openpyxl import Workbook, load_workbook

from core.spreadsheets import WorkbookRefused
from national_sync.transport.answers import read_results, write_results
from national_sync.transport.base import (
    PARTS,
    Fault,
    Key,
    NotOffered,
    OutgoingBatch,
    Result,
    TransportRefused,
    UnknownBatch,
)
from national_sync.transport.layouts import layout, shipped_name
from national_sync.transport.workbook import WorkbookTransport, write
from tests.national_sync.simulator_process import (
    ARCHIVE,
    EMPLOYED,
    SCHOOL,
    YEAR,
    exam_no,
    line,
    origin,
    registered,
)

DATA = Path(settings.BASE_DIR) / "national_sync"
NEW = ["考生号", "姓名", "毕业去向状态", "毕业去向类型", "单位名称", "单位统一社会信用代码",
       "单位行业", "单位性质", "单位所在地代码", "单位所在地"]  # fmt: skip


def destination(number: int, **changes: str):
    return line(number, "destination", EMPLOYED | {"xm": registered(number)["name"]} | changes)


def opened(content: bytes, tmp_path: Path):
    path = tmp_path / "opened.xlsx"
    path.write_bytes(content)
    return load_workbook(path)


def cells(sheet: Any) -> list[list[Any]]:
    return [[c.value or "" for c in row] for row in sheet.iter_rows()]


def saved(tmp_path: Path, *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / "result.xlsx"
    book.save(path)
    return path


# --- out -------------------------------------------------------------------------------------


def test_the_new_layout(tmp_path: Path) -> None:
    batch = OutgoingBatch("w1", [destination(1), destination(2, byqxdm="801", dwmc="示例大学")])
    book = opened(write(batch, layout("new")), tmp_path)
    rows = cells(book["学生就业数据"])
    assert rows[1] == NEW
    assert rows[2] == [
        exam_no(1), "甲1", "就业", "签劳动合同形式就业", "示例装备制造有限公司",
        "91340100MA8N1QX17B", "制造业", "其他企业（含民营企业等）", "340111", "安徽省合肥市包河区",
    ]  # fmt: skip
    assert rows[3][2:5] == ["升学", "研究生", "示例大学"]
    assert cells(book["学生基础信息"])[1] == ["甲1", exam_no(1)]
    assert len(cells(book["地区代码"])) == 2850
    assert ["农、林、牧、渔业", "机关"] in cells(book["代码表"])


def test_the_old_layouts(tmp_path: Path) -> None:
    archive = line(1, "archive", ARCHIVE)
    batch = OutgoingBatch("w2", [line(1), destination(1, yx="5000"), archive, line(2)])
    keys, labels, first, second = cells(opened(write(batch, layout("old74")), tmp_path).active)
    assert (len(keys), keys[0], labels[0]) == (74, "ksh", "考生号")
    row = dict(zip(keys, first, strict=True))
    wanted = {"ksh": exam_no(1), "xm": "甲1", "xb": "男", "mz": "汉族", "syszd": "安徽省合肥市包河区",
              "dwmc": "示例装备制造有限公司", "byqx": "签劳动合同形式就业", "bdzbh": "",
              "dazjdwmc": "示例县人才服务中心", "mobilePhone": "13800000000"}  # fmt: skip
    assert {k: row[k] for k in wanted} == wanted
    assert row["yx"] == ""  # 院系 of the origin, not the 月薪 of the destination
    assert dict(zip(keys, second, strict=True))["dwmc"] == ""
    assert layout("old50").parts == ("origin", "destination")
    assert len(layout("old50").columns) == 50
    with pytest.raises(TransportRefused) as refusal:
        write(OutgoingBatch("w3", [archive]), layout("old50"))
    assert refusal.value.code == "part_not_in_layout"


def test_what_the_record_says_comes_before_a_name() -> None:
    made = layout("new").columns[6].value({"dwhydm": "22", "dwhy": "旧名"}, shipped_name)
    assert made == "旧名"
    names = {("unit_industry", "22"): "某届的名"}
    value = layout("new").columns[6].value({"dwhydm": "22"}, lambda t, c: names.get((t, c), ""))
    assert value == "某届的名"
    assert layout("new").columns[6].value({"dwhydm": "00"}, shipped_name) == "00"


def test_nothing_is_a_formula(tmp_path: Path) -> None:
    batch = OutgoingBatch("w4", [destination(1, dwmc='=HYPERLINK("http://x")', dwzzjgdm="+1")])
    sheet = opened(write(batch, layout("new")), tmp_path)["学生就业数据"]
    assert {c.data_type for row in sheet.iter_rows() for c in row if c.value} == {"s"}
    assert sheet.cell(3, 5).value.startswith("'=")
    assert {c.number_format for row in sheet.iter_rows(min_row=3) for c in row} == {"@"}


def test_two_lines_of_one_part_have_no_row() -> None:
    batch = OutgoingBatch("w5", [destination(1), line(1, "destination", version=2)])
    with pytest.raises(TransportRefused) as refusal:
        write(batch, layout("new"))
    assert refusal.value.code == "twice_in_batch"


# --- back in ---------------------------------------------------------------------------------

MOMENT = datetime.datetime(2026, 7, 1, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
WHOLE = OutgoingBatch("r", [line(n, p) for n in (1, 2) for p in PARTS])


def answered() -> list[Result]:
    """One of each: accepted, refused once, refused twice, with numbers."""
    faults = [Fault("登记信息错误", "workbook", "dwmc", "单位名称不存在"),
              Fault("登记信息错误", "workbook", "lxrdh", "单位联系电话不能为空")]  # fmt: skip
    made = []
    for sent in WHOLE.lines:
        if sent.id == "d1-1":
            made.append(Result("r", sent.id, 1, "rejected", tuple(faults), {}, MOMENT))
        elif sent.id == "o2-1":
            origins = (Fault("生源信息错误", "workbook", "zydm", "专业代码不是标准代码"),)
            made.append(Result("r", sent.id, 1, "rejected", origins, {}, MOMENT))
        else:
            returns = {"转递编号": "2610357ABCDEFGHIJK", "核验编号": "001"}
            returns = returns if sent.part == "archive" else {}
            made.append(Result("r", sent.id, 1, "accepted", (), returns, MOMENT))
    return made


def test_round_trip(tmp_path: Path) -> None:
    way = WorkbookTransport(tmp_path / "files", layout_name="old74")
    assert way.submit(WHOLE).received == 6
    assert way.submit(WHOLE).received == 6
    assert way.workbook("r").exists()
    assert way.poll("r").state == "received"
    back = tmp_path / "back.xlsx"
    back.write_bytes(write_results(answered(), WHOLE))
    read = way.receive("r", back)
    assert (read.strays, read.unanswered) == ((), ())
    status = way.poll("r")
    assert (status.state, list(status.results)) == ("done", answered())


def test_the_same_id_with_other_lines(tmp_path: Path) -> None:
    way = WorkbookTransport(tmp_path)
    way.submit(OutgoingBatch("x", [destination(1)]))
    with pytest.raises(TransportRefused) as refusal:
        way.submit(OutgoingBatch("x", [destination(2)]))
    assert refusal.value.code == "batch_conflict"
    for name in ("../x", "", "a/b"):
        with pytest.raises(TransportRefused):
            way.submit(OutgoingBatch(name, [destination(1)]))


def test_batches_it_does_not_know(tmp_path: Path) -> None:
    way = WorkbookTransport(tmp_path)
    with pytest.raises(UnknownBatch):
        way.poll("x")
    with pytest.raises(UnknownBatch):
        way.receive("x", tmp_path / "none.xlsx")


def test_what_files_cannot_do(tmp_path: Path) -> None:
    way = WorkbookTransport(tmp_path)
    for call in (way.results, lambda: way.records("1"), lambda: way.record(Key("1", 2026, "1"))):
        with pytest.raises(NotOffered):
            call()


def test_a_part_of_the_answers(tmp_path: Path) -> None:
    way = WorkbookTransport(tmp_path / "files", layout_name="old74")
    way.submit(WHOLE)
    back = tmp_path / "back.xlsx"
    back.write_bytes(write_results(answered()[:2], WHOLE))
    assert [one.id for one in way.receive("r", back).unanswered] == [
        "a1-1", "o2-1", "d2-1", "a2-1"]  # fmt: skip
    assert way.poll("r").state == "judging"


def read(tmp_path: Path, *rows: list[Any], batch: OutgoingBatch = WHOLE):
    return read_results(saved(tmp_path, *rows), batch)


def test_other_headers_and_no_part(tmp_path: Path) -> None:
    header = ["考生号", "姓名", "届", "审核状态", "审核不通过原因", "反馈类型"]
    found = read(
        tmp_path,
        ["全国系统审核结果"],
        header,
        [exam_no(1), "甲1", YEAR, "审核通过", "", ""],
        [exam_no(2), "甲2", YEAR, "", "单位行业不正确", "登记信息错误"],
        [exam_no(2), "甲2", YEAR, "需审核", "不知哪一类", ""],
        [exam_no(3), "甲3", YEAR, "审核通过", "", ""],
        [exam_no(1), "甲1", YEAR - 1, "审核通过", "", ""],
        [exam_no(1), "甲1", YEAR, "待定", "", ""],
    )
    assert {r.line: r.accepted for r in found.results} == {
        "o1-1": True, "d1-1": True, "a1-1": True, "d2-1": False}  # fmt: skip
    assert [s.row for s in found.strays] == [5, 6, 7, 8]
    assert [one.id for one in found.unanswered] == ["o2-1", "a2-1"]


def test_a_refusal_outweighs(tmp_path: Path) -> None:
    batch = OutgoingBatch("r", [destination(1)])
    header = ["考生号", "数据类别", "审核结果", "错误原因"]
    passed = [exam_no(1), "毕业去向", "通过", ""]
    refused = [exam_no(1), "毕业去向", "不通过", "单位名称不存在"]
    for rows in ([passed, refused], [refused, passed], [refused, passed, refused]):
        (result,) = read(tmp_path, header, *rows, batch=batch).results
        assert [f.text for f in result.faults] == ["单位名称不存在"]
        assert result.fault is not None
        assert result.fault.kind == "登记信息错误"


def test_numbers_as_spreadsheets_keep_them(tmp_path: Path) -> None:
    batch = OutgoingBatch("r", [destination(1)])
    header = ["考生号", "数据类别", "审核结果", "审核时间"]
    row = [int(exam_no(1)), "毕业去向", "通过", datetime.datetime(2026, 7, 1, 9, 30)]
    (result,) = read(tmp_path, header, row, batch=batch).results
    assert (result.accepted, result.judged_at) == (True, MOMENT)


def test_a_file_that_is_no_result_workbook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkbookRefused):
        read(tmp_path, ["考生号", "错误类型", "错误字段"], [exam_no(1), "", ""])
    other = tmp_path / "other.xlsx"
    other.write_text("no workbook")
    with pytest.raises(WorkbookRefused):
        read_results(other, WHOLE)


# --- the data files --------------------------------------------------------------------------


def rows(path: str) -> list[dict[str, str]]:
    with (DATA / path).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_names_of_codes_are_those_the_simulator_judges_by() -> None:
    theirs = {(r["list"], r["code"]): r["name"] for r in rows("simulator/data/code_lists.csv")}
    theirs |= {("destination", r["code"]): r["name"] for r in rows("simulator/data/categories.csv")}
    ours = {(r["table"], r["code"]): r["name"] for r in rows("data/national_names.csv")}
    shared = set(theirs) & set(ours)
    assert len(shared) > 150
    assert {k: ours[k] for k in shared} == {k: theirs[k] for k in shared}


def test_every_column_has_its_place() -> None:
    for name, count in (("new", 10), ("old50", 50), ("old74", 74)):
        places = [
            int(r["position"]) for r in rows("data/workbook_layouts.csv") if r["layout"] == name
        ]
        assert sorted(places) == list(range(1, count + 1))
    assert Key(SCHOOL, YEAR, exam_no(1)) < Key(SCHOOL, YEAR, exam_no(2))
    assert origin(1)["ksh"] == exam_no(1)
