"""The four comparisons: what each finds in files and stored rows, and how bad rows are listed."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core import spreadsheets
from core.errors import Invalid
from destinations.models import Destination
from graduates.models import Graduate
from quality.actions import runs
from quality.models import Finding, RegistryUnit, Run
from quality.states import RunKind, RunState, UnitStatus
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world
from tests.quality import scene
from tests.quality.scene import found, make_job, run

pytestmark = pytest.mark.django_db

_HEADER = {
    "exam_no": "考生号", "id_number": "证件号码", "name": "姓名", "gender": "性别", "student_no": "学号",
    "major_code": "专业代码", "level": "学历", "duration": "学制", "training_mode": "培养方式",
    "enrolled_on": "入学日期", "graduates_on": "毕业日期",
}  # fmt: skip


def row_of(graduate: Graduate, **changes: str) -> list[str]:
    values = {
        "exam_no": graduate.exam_no, "id_number": graduate.person.id_number, "name": graduate.name,
        "gender": graduate.gender, "student_no": graduate.student_no,
        "major_code": graduate.major_code, "level": graduate.level, "duration": "4",
        "training_mode": "非定向", "enrolled_on": f"{graduate.enrolled_on:%Y%m%d}",
        "graduates_on": f"{graduate.graduates_on:%Y-%m}",
    } | changes  # fmt: skip
    return [values[key] for key in _HEADER]


def book(rows: list[list[str]], header: list[str] | None = None) -> bytes:
    return spreadsheets.write(header or list(_HEADER.values()), rows)


def compare(world: World, content: bytes, kind: str = RunKind.ROLL, **more: Any) -> Run:
    return run(world, kind, content=content, name="文件.xlsx", **more)


# --- 学籍比对 -----------------------------------------------------------------------------------


def test_the_roll_is_compared_field_by_field(world: World) -> None:
    same, other, by_id, missing = (factories.make_graduate(world) for _ in range(4))
    rows = [
        row_of(same),
        row_of(other, name="另一名", major_code="080902"),
        row_of(by_id, exam_no="", gender="女"),
    ]
    done = compare(world, book(rows))
    assert (done.state, done.counts["checked"]) == (RunState.DONE, 3), done.problem
    differing = Finding.objects.filter(rule="roll_differs").values_list("graduate_id", "evidence")
    assert {(pk, e["field"], e["theirs"]) for pk, e in differing} == {
        (other.pk, "姓名", "另一名"), (other.pk, "专业代码", "080902"), (by_id.pk, "性别", "女"),
    }  # fmt: skip
    assert found("roll_missing") == {missing.pk}
    assert not Finding.objects.filter(rule="roll_extra").exists()


def test_somebody_of_the_file_who_is_not_on_the_platform(world: World) -> None:
    graduate = factories.make_graduate(world)
    stranger = row_of(graduate, exam_no="27340101999999", id_number="", name="试陌生")
    compare(world, book([row_of(graduate), stranger]))
    row = Finding.objects.get(rule="roll_extra")
    assert (row.graduate_id, row.school_id, row.cohort_id) == (
        None,
        world.school.pk,
        world.cohort.pk,
    )
    assert row.evidence["name"] == "试陌生"
    assert "27340101999999" not in str(row.evidence)
    # Of whom the school's page tells, and the department's does not.
    address = f"/console/quality/findings/{row.pk}/"
    assert "试陌生" in world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert world.client(Role.DEPARTMENT_ADMIN).get(address).status_code == 404


def test_bad_rows_are_listed_and_the_rest_goes_on(world: World) -> None:
    first, second = factories.make_graduate(world), factories.make_graduate(world)
    rows = [
        row_of(first, graduates_on="2027-13-45"), row_of(second), row_of(second),
        row_of(second, exam_no="", id_number=""), [""] * len(_HEADER),
    ]  # fmt: skip
    done = compare(world, book(rows))
    assert done.state == RunState.DONE
    listed = {row["row"]: row["message"] for row in done.bad_rows}
    assert set(listed) == {2, 4, 5}
    assert "毕业日期" in listed[2]
    assert "第3行是同一个人" in listed[4]
    assert done.counts["bad_rows"] == 3
    shown = world.client(Role.SCHOOL_ADMIN).get(f"/console/quality/runs/{done.pk}/")
    assert "共 3 行" in shown.content.decode()


def test_what_is_no_workbook_or_has_no_known_column_ends_with_a_sentence(world: World) -> None:
    for content in (b"no workbook", book([["1"]], ["无关"])):
        done = compare(world, content)
        assert done.state == RunState.FAILED
        assert done.problem.endswith(("。", "上传", "行"))
        assert done.finished_at is not None
    with pytest.raises(Invalid):
        runs.ask(kind=RunKind.ROLL, school=world.school, year=world.cohort.year,
                 content=b"x" * (runs.MOST_BYTES + 1), by=world.school_admin)  # fmt: skip


def test_the_file_of_the_last_run_is_read_again(world: World) -> None:
    graduate = factories.make_graduate(world)
    first = compare(world, book([row_of(graduate, name="另一名")]))
    assert found("roll_differs") == {graduate.pk}
    Graduate.objects.filter(pk=graduate.pk).update(name="另一名")
    again = run(world, RunKind.ROLL, same_file=True)
    assert again.file_id == first.file_id
    assert found("roll_differs") == set()
    with pytest.raises(Invalid):
        run(make_world(), RunKind.ROLL, same_file=True)


def test_the_provinces_file_is_about_the_schools_that_it_has(world: World) -> None:
    other = make_world()
    mine, missing = factories.make_graduate(world), factories.make_graduate(world)
    factories.make_graduate(other)
    header = [*_HEADER.values(), "院校代码"]
    rows = [
        [*row_of(mine), world.school.code],
        [*row_of(mine, exam_no="27340101999998", id_number=""), other.school.code],
        [*row_of(mine, exam_no="27340101999997", id_number=""), "00000"],
    ]
    done = compare(world, book(rows, header), school=None, by=world.user(Role.PROVINCE))
    assert done.state == RunState.DONE
    assert found("roll_missing") == {missing.pk}
    assert Finding.objects.get(rule="roll_extra").school_id == other.school.pk
    assert [row["row"] for row in done.bad_rows] == [4]


# --- 生源地核查 ---------------------------------------------------------------------------------


def test_origins_that_are_no_county_in_force(world: World) -> None:
    fine, gone, city, unknown = (factories.make_graduate(world) for _ in range(4))
    for graduate, code in ((gone, "341400"), (city, "340100"), (unknown, "999999")):
        Graduate.objects.filter(pk=graduate.pk).update(origin=code)
    done = run(world, RunKind.PLACES)
    assert done.counts["checked"] == 4
    assert found("place_code") == {gone.pk, city.pk, unknown.pk}
    assert fine.pk not in found("place_code")
    said = dict(Finding.objects.values_list("graduate_id", "sentence"))
    assert "区县" in said[city.pk]
    assert "不在行政区划代码表中" in said[unknown.pk]
    Graduate.objects.filter(pk=city.pk).update(origin="340104")
    run(world, RunKind.PLACES)
    assert found("place_code") == {gone.pk, unknown.pk}


def test_an_abolished_county_is_named_with_its_successor(world: World) -> None:
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(origin="341421")  # 庐江县 of the former 巢湖市
    run(world, RunKind.PLACES)
    assert "庐江县" in Finding.objects.get(graduate=graduate).sentence


def test_origins_against_the_households_of_a_file(world: World) -> None:
    same, differs = factories.make_graduate(world), factories.make_graduate(world)
    rows = [
        [same.exam_no, same.name, same.origin], [differs.exam_no, differs.name, "340202"],
        ["27000000000000", "试无此人", "340202"], [same.exam_no, same.name, "某某地"],
    ]  # fmt: skip
    done = compare(world, book(rows, ["考生号", "姓名", "入学户籍"]), RunKind.PLACES)
    assert done.state == "done", done.problem
    assert found("place_differs") == {differs.pk}, (done.bad_rows, done.counts)
    assert {row["row"] for row in done.bad_rows} == {4, 5}


# --- 数据质量核查 -------------------------------------------------------------------------------


def test_stored_records_are_checked_by_the_rules_of_entry(world: World) -> None:
    fine = make_job(world, unit_code=factories.make_unit_code(), unit_property="39",
                    unit_industry="34", contact_name="联系人", contact_phone="0551-60000000")  # fmt: skip
    wrong = factories.make_graduate(world)
    Graduate.objects.filter(pk=wrong.pk).update(
        enrolled_on=datetime.date(2028, 1, 1), mobile="", directed_unit="某单位"
    )
    bare = make_job(world, unit_name="")
    done = run(world, RunKind.STORED)
    assert done.counts["checked"] == 3
    assert found("stored_origin") >= {wrong.pk}
    said = " ".join(Finding.objects.filter(graduate=wrong).values_list("sentence", flat=True))
    for words in ("毕业日期应晚于入学日期", "手机号码不能为空", "定向或委培单位应为空"):
        assert words in said
    assert bare.pk in found("stored_destination")
    assert fine.pk not in found("stored_destination")
    levels = set(Finding.objects.values_list("evidence__level", flat=True))
    assert levels <= {"错误", "疑点"}
    Graduate.objects.filter(pk=wrong.pk).update(directed_unit="")
    run(world, RunKind.STORED)
    gone = Finding.objects.get(graduate=wrong, sentence__contains="定向或委培单位应为空")
    assert gone.state == "gone"


def test_the_check_of_stored_records_goes_through_all_chunks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quality.comparing import stored

    monkeypatch.setattr(stored, "_CHUNK", 2)
    graduates = [factories.make_graduate(world) for _ in range(5)]
    Graduate.objects.update(mobile="")
    assert run(world, RunKind.STORED).counts["checked"] == 5
    assert found("stored_origin") == {g.pk for g in graduates}


# --- 就业单位核查 -------------------------------------------------------------------------------


def test_units_against_codes_and_the_registry_file(world: World) -> None:
    codes = scene.units(4)
    day = datetime.date(2027, 6, 1)
    graduates = [
        make_job(world, unit_code=code, unit_name=f"虚构单位{n}", signed_on=day)
        for n, code in enumerate(codes)
    ]
    bad = make_job(world, unit_code=codes[0][:-1] + ("0" if codes[0][-1] != "0" else "1"))
    unlike = make_job(world, unit_code=codes[3], unit_name="虚构单位3", unit_property="10")
    header = ["统一社会信用代码", "单位名称", "成立日期", "登记状态", "注销日期"]
    rows = [
        [codes[0], "虚构单位0", "2001-01-01", "存续", ""],
        [codes[1], "另一个名称", "2001-01-01", "存续", ""],
        [codes[2], "虚构单位2", "2001-01-01", "注销", "2027-06-01"],
        [codes[3], "虚构单位3", "2001-01-01", "吊销", "2027-06-02"],
        ["", "没有代码", "", "", ""],
        [codes[1][:-1], "代码太短", "", "", ""],
    ]  # fmt: skip
    done = compare(
        world, book(rows, header), RunKind.UNITS, school=None, by=world.user(Role.PROVINCE)
    )
    assert done.state == RunState.DONE, done.problem
    assert {row["row"] for row in done.bad_rows} == {6, 7}
    assert RegistryUnit.objects.get(pk=codes[2]).status == UnitStatus.CANCELLED
    assert found("unit_code") == {bad.pk}
    assert found("unit_name") == {graduates[1].pk}
    assert found("unit_closed") == {graduates[2].pk}
    assert found("unit_kind") == {unlike.pk}


def test_a_school_brings_no_registry_file(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        compare(world, book([["1"]], ["统一社会信用代码"]), RunKind.UNITS)
    assert "由省级导入" in refused.value.message
    Destination.objects.update(unit_code="91340100MA2N0ABCX1")
    assert run(world, RunKind.UNITS).state == RunState.DONE
