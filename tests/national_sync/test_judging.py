"""What the simulator refuses, text by text: all texts of the manual and those made up for it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from codes import validators
from national_sync.simulator import numbers
from national_sync.transport.base import OutgoingBatch
from tests.factories import make_unit_code
from tests.national_sync.simulator_process import (
    ARCHIVE,
    EMPLOYED,
    YEAR,
    Simulator,
    exam_no,
    line,
    origin,
    registered,
)

REGISTRATION = "34010000000001" + mod_11_10.calc_check_digit("34010000000001")
DATA = Path(settings.BASE_DIR) / "national_sync" / "simulator" / "data"
ORIGIN, REGISTERED, ARCHIVED = "生源信息错误", "登记信息错误", "档案信息错误"

# The manual for departments, section (5): 常见的错误和修改方法, word for word.
MANUAL = {
    "根据考生号未查询到毕业生信息，无法修改": ORIGIN,
    "生源所在地代码不是标准代码": ORIGIN,
    "生源所在地要填报到区/县": ORIGIN,
    "专业代码不是标准代码": ORIGIN,
    "考生号与学籍中数据不匹配": ORIGIN,
    "mobilePhone不得为空": ORIGIN,
    "单位名称不存在": REGISTERED,
    "组织机构代码不正确": REGISTERED,
    "单位行业不正确": REGISTERED,
    "单位性质不正确": REGISTERED,
    "工作岗位类别不正确": REGISTERED,
    "单位联系电话不能为空": REGISTERED,
    "单位联系人电子邮箱格式不正确": REGISTERED,
}

ORIGINS = [
    ({"syszddm": "349999"}, "生源所在地代码不是标准代码", "syszddm"),
    ({"syszddm": "341402"}, "生源所在地代码不是标准代码", "syszddm"),
    ({"syszddm": "340100"}, "生源所在地要填报到区/县", "syszddm"),
    ({"syszddm": "340000"}, "生源所在地要填报到区/县", "syszddm"),
    ({"mobilePhone": ""}, "mobilePhone不得为空", "mobilePhone"),
    ({"xm": "甲二"}, "考生号与学籍中数据不匹配", "ksh"),
    ({"sfzh": "340104200401019999"}, "考生号与学籍中数据不匹配", "ksh"),
    ({"xldm": "41"}, "考生号与学籍中数据不匹配", "ksh"),
    ({"zydm": "080902"}, "考生号与学籍中数据不匹配", "ksh"),
    ({"ksh": exam_no(2)}, "考生号与学籍中数据不匹配", "ksh"),
    ({"xm": ""}, "xm不得为空", "xm"),
    ({"mzdm": "99x"}, "mzdm不是标准代码", "mzdm"),
    ({"pyfsdm": "2"}, "dxhwpdw不得为空", "dxhwpdw"),
]
DESTINATIONS = [
    ({"dwmc": ""}, "单位名称不存在", "dwmc"),
    ({"dwmc": "12345"}, "单位名称不存在", "dwmc"),
    ({"dwmc": "示例装备制造公司"}, "单位名称不存在", "dwmc"),  # its code is another name's
    ({"dwmc": "示例旧日纺织有限公司", "dwzzjgdm": "91340500MA8N4UA42L"}, "单位名称不存在", "dwmc"),
    ({"dwzzjgdm": ""}, "组织机构代码不正确", "dwzzjgdm"),
    ({"dwzzjgdm": "91340100MA8N1QX17C"}, "组织机构代码不正确", "dwzzjgdm"),
    (
        {"dwzzjgdm": make_unit_code()},
        "组织机构代码不正确",
        "dwzzjgdm",
    ),  # only it knows the true one
    ({"dwzzjgdm": "12345678-9"}, "组织机构代码不正确", "dwzzjgdm"),
    ({"dwhydm": ""}, "单位行业不正确", "dwhydm"),
    ({"dwhydm": "99"}, "单位行业不正确", "dwhydm"),
    ({"dwhydm": "34"}, "单位行业不正确", "dwhydm"),  # the dictionary says 22
    ({"dwxzdm": ""}, "单位性质不正确", "dwxzdm"),
    ({"dwxzdm": "25"}, "单位性质不正确", "dwxzdm"),
    ({"dwxzdm": "31"}, "单位性质不正确", "dwxzdm"),
    ({"gzzwlbdm": ""}, "工作岗位类别不正确", "gzzwlbdm"),
    ({"gzzwlbdm": "09"}, "工作岗位类别不正确", "gzzwlbdm"),
    ({"lxrdh": ""}, "单位联系电话不能为空", "lxrdh"),
    ({"lxrdzyx": "nobody"}, "单位联系人电子邮箱格式不正确", "lxrdzyx"),
    ({"dwszddm": ""}, "单位所在地代码不是标准代码", "dwszddm"),
    ({"dwszddm": "340100"}, "单位所在地要填报到区/县", "dwszddm"),
    ({"byqxdm": "70-2"}, "毕业去向代码不是标准代码", "byqxdm"),
    ({"byqxdm": "12"}, "pyqsrq不得为空", "pyqsrq"),
    ({"dwlxr": ""}, "dwlxr不得为空", "dwlxr"),
    ({"lxgjdq": "XXX"}, "lxgjdq不是标准代码", "lxgjdq"),
]
ARCHIVES = [
    ({"dazdlx": "origin"}, "档案转递类型不正确", "dazdlx"),
    ({"dazjdwmc": ""}, "档案转寄单位名称不能为空", "dazjdwmc"),
    ({"dazjdwdz": ""}, "档案转寄单位地址不能为空", "dazjdwdz"),
    ({"dazjlxr": ""}, "档案接收联系人不能为空", "dazjlxr"),
    ({"dazjlxdh": ""}, "档案接收联系电话不能为空", "dazjlxdh"),
    ({"dazjdwyb": "2300"}, "档案转寄单位邮编不正确", "dazjdwyb"),
    ({"dazdlx": "2", "dazjdwmc": "示例商贸有限公司"}, "档案转寄单位无人事档案管理权限", "dazjdwmc"),
    ({"hkqylx": "9"}, "hkqylx不是标准代码", "hkqylx"),
]
CASES = [
    *(("origin", origin(1, **c), ORIGIN, t, f) for c, t, f in ORIGINS),
    *(("destination", EMPLOYED | c, REGISTERED, t, f) for c, t, f in DESTINATIONS),
    *(("archive", ARCHIVE | c, ARCHIVED, t, f) for c, t, f in ARCHIVES),
]


@pytest.mark.parametrize(("part", "record", "kind", "text", "field"), CASES)
def test_refusals(
    part: str, record: dict[str, str], kind: str, text: str, field: str, simulator: Simulator
) -> None:
    simulator.register(1, 2)
    result = simulator.verdict(line(1, part, record))
    assert not result.accepted
    assert result.fault is not None
    assert (result.fault.kind, result.fault.text, result.fault.field) == (kind, text, field)
    assert simulator.sql("SELECT count(*) FROM held") == [(0,)]


def test_update_of_somebody_it_does_not_hold(simulator: Simulator) -> None:
    simulator.register(1)
    for part in ("origin", "destination", "archive"):
        result = simulator.verdict(line(1, part, mode="update"))
        assert result.fault is not None
        assert result.fault.text == "根据考生号未查询到毕业生信息，无法修改"
        assert (result.fault.kind, result.fault.code) == (ORIGIN, "exam_no_unknown")
    assert simulator.verdict(line(1)).accepted
    assert simulator.verdict(line(1, "destination", mode="update")).accepted


def test_majors_that_are_no_more(simulator: Simulator) -> None:
    row = registered(1) | {"major_code": "080605"}
    simulator.transport().admin("registry", rows=[row])
    result = simulator.verdict(line(1, record=origin(1, zydm="080605")))
    assert result.fault is not None
    assert result.fault.text == "专业代码不是标准代码"


@pytest.mark.parametrize("part", ["origin", "destination", "archive"])
def test_somebody_the_registry_does_not_have(part: str, simulator: Simulator) -> None:
    result = simulator.verdict(line(7, part))
    assert result.fault is not None
    assert (result.fault.text, result.fault.kind) == ("考生号与学籍中数据不匹配", ORIGIN)


def test_somebody_of_another_school(simulator: Simulator) -> None:
    simulator.register(1)
    result = simulator.verdict(line(1, school="10358"))
    assert result.fault is not None
    assert result.fault.code == "registry_mismatch"


def test_all_faults_are_told(simulator: Simulator) -> None:
    simulator.register(1)
    record = EMPLOYED | {"dwhydm": "", "lxrdh": "", "lxrdzyx": "x"}
    result = simulator.verdict(line(1, "destination", record))
    assert [f.code for f in result.faults] == [
        "industry_wrong",
        "unit_phone_empty",
        "contact_email_wrong",
    ]


@pytest.mark.parametrize(
    "record",
    [
        {"byqxdm": "70"}, {"byqxdm": "702"}, {"byqxdm": "46"}, {"byqxdm": "71"},
        {"byqxdm": "801", "dwmc": "示例大学", "dwszddm": "441900"},
        {"byqxdm": "85", "lxgjdq": "GBR", "lxyxzw": "示例大学", "lxyxww": "Example"},
        {"byqxdm": "76", "zynr": "撰稿", "yx": "3000"},
        EMPLOYED | {"dwmc": "某某没有登记的公司", "dwzzjgdm": make_unit_code()},
        EMPLOYED | {"dwmc": "解放军某部", "dwxzdm": "40", "dwhydm": "80", "dwzzjgdm": ""},
        EMPLOYED | {"dwmc": "Example Ltd", "dwszddm": "GBR", "dwzzjgdm": ""},
        EMPLOYED | {"dwmc": "九位代码单位", "dwzzjgdm": "802100433"},
        EMPLOYED | {"dwmc": "注册号单位", "dwzzjgdm": REGISTRATION},
    ],
)  # fmt: skip
def test_destinations_it_takes(record: dict[str, str], simulator: Simulator) -> None:
    simulator.register(1)
    result = simulator.verdict(line(1, "destination", record))
    assert result.accepted, result.faults


def test_archives_that_stay_need_no_receiver(simulator: Simulator) -> None:
    simulator.register(1)
    for kind in ("5", "6"):
        assert simulator.verdict(line(1, "archive", {"dazdlx": kind})).accepted


def test_the_registry_differs_in_listed_rows(simulator: Simulator) -> None:
    simulator.transport().admin(
        "registry",
        rows=[registered(n) for n in (1, 2, 3)],
        differences=[
            {"year": YEAR, "exam_no": exam_no(1), "field": "name", "value": "别名"},
            {"year": YEAR, "exam_no": exam_no(2), "field": "missing"},
        ],
    )
    results = simulator.judged(OutgoingBatch("d", [line(n) for n in (1, 2, 3)])).results
    assert [r.accepted for r in results] == [False, False, True]


def test_its_lists_can_be_told_otherwise(simulator: Simulator) -> None:
    """A place too coarse, a unit whose true code only it knows: without a restart."""
    simulator.register(1)
    transport = simulator.transport()
    transport.admin("lists", list="division", standings={"340111": "coarse"})
    result = simulator.verdict(line(1))
    assert result.fault is not None
    assert result.fault.text == "生源所在地要填报到区/县"
    transport.admin("lists", list="division", standings={"340111": "leaf"})
    assert simulator.verdict(line(1, version=2)).accepted
    transport.admin("units", units=[{"name": "某某公司", "code": make_unit_code(body="MA2N0ABD")}])
    record = EMPLOYED | {"dwmc": "某某公司", "dwzzjgdm": make_unit_code()}
    result = simulator.verdict(line(1, "destination", record))
    assert result.fault is not None
    assert result.fault.text == "组织机构代码不正确"
    simulator.sql("DELETE FROM unit WHERE name = '某某公司'")


def test_every_text_of_the_manual_is_there_and_tried() -> None:
    with (DATA / "messages.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert {r["text"]: r["kind"] for r in rows if r["source"] == "national"} == MANUAL
    tried = {text for _, _, _, text, _ in CASES}
    tried |= {"根据考生号未查询到毕业生信息，无法修改", "专业代码不是标准代码"}
    assert set(MANUAL) <= tried
    made_up = {r["text"] for r in rows if r["source"] == "模拟" and "{" not in r["text"]}
    assert made_up <= tried


def test_its_divisions_are_the_leaves_in_force() -> None:
    with (DATA / "divisions.csv").open(encoding="utf-8", newline="") as f:
        standings = [r["standing"] for r in csv.DictReader(f)]
    assert standings.count("leaf") == 2849


_LETTERS = st.text("0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZ-", min_size=0, max_size=8)


@given(body=_LETTERS, digits=st.text("0123456789", min_size=14, max_size=14))
def test_its_check_digits_agree_with_ours(body: str, digits: str) -> None:
    """Written twice, from the standards; here they meet."""
    first = (body + digits)[:8]
    inner = validators.organisation_check_character(first)
    codes = [first + c for c in "0123456789X"] + [digits + c for c in "0123456789"]
    if inner is not None:
        head = "91340100" + first + inner
        check = validators.uscc_check_character(head)
        codes += [head + c for c in (check or "0", "0", "Y")]
    for code in codes:
        ours = not any(f.is_error for f in _shape_findings(code))
        assert numbers.is_unit_code(code) == ours, code


def _shape_findings(code: str) -> list[validators.Finding]:
    """Without the dictionary of places, which wants a database and only warns."""
    if len(code) != 18:
        return validators.check_unit_code(code)
    expected = validators.uscc_check_character(code[:17])
    return [] if expected == code[17] else [validators.Finding("unit_code_check", "")]
