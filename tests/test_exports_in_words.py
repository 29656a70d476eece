"""Every export says in words what it says: no cell is a bare code of a code table or a key of ours, and
the province's lists and exports name the school."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from django.test import Client

from config.urls import console
from core import rate
from core.lists.page import ListPage
from destinations.actions import dispute, release
from destinations.states import State
from graduates.actions import archive, corrections
from recruiting.states import RecommendationState
from schools.lists import ConsoleList
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, make_world
from tests.recruiting import scene

pytestmark = pytest.mark.django_db

# Columns whose cells are numbers by nature. Everything else is said in words.
NUMBERS = re.compile(
    r"学号|考生号|号码|代码|编号|单号|电话|手机|邮编|QQ|传真|协议书号|届|年度|年限|月薪|日期|时间|版本|次数|人数|完整度|投递|面试"
)
# A code of the code tables, a place, or a key such as "waiting_school".
BARE = re.compile(r"[0-9]{1,6}(-[0-9])?|[a-z]+(_[a-z]+)*|True|False|None")


def exports() -> dict[str, str]:
    """Address → the class of its list, for each list of the console that exports, and each export in a
    layout of its own."""
    found = {}
    for pattern in console[0]:
        view = getattr(pattern.callback, "view_class", None)
        if view is None or not issubclass(view, ListPage) or "<" in str(pattern.pattern):
            continue
        found[f"/console/{pattern.pattern}"] = view.__name__
    return found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """A school with something in nearly every list."""
    monkeypatch.setattr(rate, "limit", lambda *_, **__: None)
    world = make_world()
    for state in (State.SCHOOL_APPROVED, State.PENDING, State.REJECTED):
        graduate = factories.make_graduate(world)
        factories.put_in_state(graduate, state, world, factories.activate(graduate))
    _ask_for_things(world)
    signing.sign_agreement(factories.make_graduate(world))
    _end_an_agreement(world)
    scene.make_recommendation(world, RecommendationState.WAITING_DEPARTMENT)
    return world


def _ask_for_things(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    for kind, field, proposed in (
        ("origin", "politics", "中共党员"), ("destination", "unit_industry", "教育"),
        ("destination", "unit_division", "安徽省合肥市蜀山区"), ("origin", "outstanding", "是"),
    ):  # fmt: skip
        corrections.ask(
            graduate=graduate, kind=kind, field=field, proposed=proposed, reason="有误", by=user
        )
    archive.save(graduate_id=graduate.pk, typed={"transfer_type": "keep"}, by=user)
    release.propose_release(
        graduate_id=graduate.pk, by=user, reason="已协商", pictures=[factories.make_photo()]
    )
    disputed = factories.make_graduate(world)
    owner = factories.activate(disputed)
    factories.put_in_state(disputed, State.SCHOOL_APPROVED, world, owner)
    dispute.raise_dispute(graduate_id=disputed.pk, reason="不是", by=owner)


def _end_an_agreement(world: World) -> None:
    from esign.actions import terminate
    from esign.states import Ground

    agreement = signing.sign_agreement(factories.make_graduate(world))
    terminate.start(
        agreement=agreement, by=signing.account_of(agreement.graduate), ground=Ground.MUTUAL,
        reason="另有安排",
    )  # fmt: skip


def rows_of(client: Client, path: str) -> list[tuple[Any, ...]] | None:
    """The rows of an export, header first; None where the person may not have it."""
    query = "?export=all&cohort=all&state=every" if "release" in path or "corr" in path else (
        "?export=all&cohort=all"
    )  # fmt: skip
    answer = client.get(path + query)
    if answer.status_code == 403 or "spreadsheet" not in answer.get("Content-Type", ""):
        return None
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values)


@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.PROVINCE])
def test_no_export_holds_a_bare_code(world: World, role: str) -> None:
    client, bare, filled = world.client(role), [], set()
    for path, name in exports().items():
        rows = rows_of(client, path)
        if rows is None:
            continue
        header, *lines = rows
        if lines:
            filled.add(name)
        bare += [
            (name, label, cell)
            for line in lines
            for label, cell in zip(header, line, strict=False)
            if not NUMBERS.search(str(label)) and BARE.fullmatch(str(cell or "words"))
            and cell is not None
        ]  # fmt: skip
    assert sorted(set(bare)) == []
    assert {
        "OriginList",
        "DestinationList",
        "CorrectionList",
        "ReleaseList",
        "DisputeList",
    } <= filled
    assert {"AgreementList", "TerminationList", "ArchiveList", "Ledger"} <= filled
    if role == Role.SCHOOL_ADMIN:
        assert {"RosterExport", "DestinationExport", "ArchiveExport"} <= filled


def test_the_search_finds_a_bare_code() -> None:
    """The test above could not fail otherwise."""
    assert all(BARE.fullmatch(cell) for cell in ("1", "01", "340111", "70-1", "waiting_school"))
    assert not any(BARE.fullmatch(cell) for cell in ("男", "安徽省合肥市", "2张", "S202700001"))


def test_lists_of_the_province_name_the_school(world: World) -> None:
    client, without = world.client(Role.PROVINCE), []
    other = factories.make_graduate(make_world())
    factories.put_in_state(other, State.PENDING, world, factories.activate(other))
    for path, name in exports().items():
        rows = rows_of(client, path)
        if rows is None or "学号" not in rows[0]:
            continue
        header, *lines = rows
        if "学校" not in header:
            without.append(name)
        elif lines:
            assert all(line[header.index("学校")] for line in lines), name
        page = client.get(path).content.decode()
        assert "学校" in re.sub(r"<nav.*?</nav>", "", page, flags=re.S), name
    assert without == []


def test_a_school_has_no_column_of_schools(world: World) -> None:
    rows = rows_of(world.client(Role.SCHOOL_ADMIN), "/console/graduates/")
    assert rows is not None
    assert "学校" not in rows[0]


def test_the_columns_of_the_manuals_are_there(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    rows = rows_of(client, "/console/destinations/")
    assert rows is not None
    wanted = {
        "专业", "学历", "毕业去向", "形式", "单位名称", "组织机构代码", "单位性质", "单位行业", "单位所在地",
        "工作职位类别", "协议书号", "联系人", "联系电话", "单位地址", "单位邮编", "联系人邮箱", "单位备注", "就业材料",
    }  # fmt: skip
    assert wanted - set(rows[0]) == set()
    origins = rows_of(client, "/console/graduates/")
    assert origins is not None
    wanted = {
        "学历", "学历类型", "师范生类别", "专业代码", "培养方式", "修业年限", "民族", "政治面貌", "生源所在地",
        "定向或委培单位", "入学日期", "毕业日期", "毕结业结论", "困难生类别", "优秀毕业生", "考生号",
        "档案是否转入学校", "户口是否转入学校",
    }  # fmt: skip
    assert wanted - set(origins[0]) == set()


def test_material_is_counted_for_the_present_category(world: World) -> None:
    graduate = factories.make_graduate(world)
    factories.put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
    factories.attach(graduate, world.counsellor)
    factories.attach(graduate, world.counsellor, category="801")
    rows = rows_of(world.client(Role.SCHOOL_ADMIN), "/console/destinations/")
    assert rows is not None
    header = rows[0]
    line = next(r for r in rows if graduate.student_no in r)
    pictures = graduate.evidence.filter(category="11", removed_at=None).count()
    assert line[header.index("就业材料")] == f"{pictures}张"


def test_every_list_of_graduates_offers_class_major_and_level() -> None:
    missing = [
        view.__name__
        for view in ConsoleList.__subclasses__()
        if any(c.key == "student_no" for c in getattr(view, "columns", ()))
        and not {"major", "school_class", "level"} <= _offered(view)
    ]  # fmt: skip
    assert missing == []


def _offered(view: type[ConsoleList]) -> set[str]:
    from schools.list_columns import with_shared_columns

    offered = with_shared_columns(view.columns, view.graduate_path, every_school=True)
    return {c.key for c in offered}
