"""Import and export of destinations by workbook."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.urls import reverse

from core import files, spreadsheets
from destinations.actions import evidence, imports, review
from destinations.catalogue import catalogue
from destinations.fields import TEMPLATE
from destinations.models import Destination, DestinationEvent, DestinationImport
from destinations.states import State
from destinations.steps import NATIONAL, SystemActor
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from workbooks.actions import imports as workbook_imports
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db


def book(rows: list[dict[str, Any]], header: list[str] | None = None) -> bytes:
    labels = header or TEMPLATE
    return spreadsheets.write(labels, [[row.get(label, "") for label in labels] for row in rows])


def contract(graduate: Graduate, **changes: Any) -> dict[str, Any]:
    return {
        "学号": graduate.student_no,
        "姓名": graduate.name,
        "毕业去向": "签劳动合同形式就业",
        "单位名称": "示例信息技术有限公司",
        "组织机构代码": factories.make_unit_code(),
        "单位性质": "其他企业（含民营企业等）",
        "单位行业": "34",
        "单位所在地": "安徽省合肥市包河区",
        "工作职位类别": "工程技术人员",
        "联系人": "示例经理",
        "联系电话": "0551-60000000",
    } | changes


def run(world: factories.World, content: bytes, role: str = Role.SCHOOL_ADMIN) -> DestinationImport:
    by = factories.make_staff(role, world)
    imported = imports.upload(school=world.school, content=content, name="去向.xlsx", by=by)
    imports.check(imported.pk)
    imported.refresh_from_db()
    if imported.state == ImportState.PREVIEWED:
        workbook_imports.confirm(imported, by=by)
        imports.apply(imported.pk)
        imported.refresh_from_db()
    return imported


def test_good_rows_are_kept_and_bad_ones_come_back_marked(world: factories.World) -> None:
    good, bad = factories.make_graduate(world), factories.make_graduate(world)
    imported = run(world, book([contract(good), contract(bad, 联系人="")]))
    assert imported.state == ImportState.DONE
    assert imported.counts == {"rows": 2, "able": 1, "unchanged": 0, "rejected": 1}
    assert factories.destination_of(good).state == State.SCHOOL_APPROVED
    assert factories.destination_of(good).unit_division == "340111"
    assert factories.destination_of(bad).state == State.UNSUBMITTED
    assert imported.issues == [{"row": 3, "column": "联系人", "message": "联系人不能为空"}]
    assert imported.annotated is not None
    with files.open_file(imported.annotated) as f:
        sheet = openpyxl.load_workbook(io.BytesIO(f.read())).worksheets[0]
    comments = [c.comment.text for row in sheet.iter_rows() for c in row if c.comment]
    assert comments == ["联系人不能为空"]


def test_a_second_import_changes_nothing(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    content = book([contract(graduate)])
    run(world, content)
    version = factories.destination_of(graduate).version
    assert run(world, content).counts["unchanged"] == 1
    assert factories.destination_of(graduate).version == version


def test_an_exported_workbook_can_be_imported(world: factories.World, tmp_path: Path) -> None:
    graduate = factories.make_graduate(world)
    run(world, book([contract(graduate)]))
    client = factories.client_of(factories.make_staff(Role.SCHOOL_ADMIN, world))
    answer = client.get(reverse("console:destinations-export"))
    assert run(world, answer.content).counts["unchanged"] == 1


def _stored_rows() -> dict[str, list[dict[str, Any]]]:
    models = (
        Graduate,
        Destination,
        DestinationEvent,
        *apps.get_app_config("national_sync").get_models(),
    )
    return {m._meta.label: list(m._base_manager.order_by("pk").values()) for m in models}


def test_importing_an_untouched_export_changes_nothing_in_any_state(world: factories.World) -> None:
    states = (*State.values, State.UNSUBMITTED)
    for state in states:
        graduate = factories.make_graduate(world)
        user = factories.activate(graduate)
        factories.put_in_state(graduate, state, world, user, agreement=state == State.ESIGNED)
    signed = (State.DEPARTMENT_APPROVED, State.SCHOOL_APPROVED)
    for state in signed:
        graduate = factories.make_graduate(world)
        user = factories.activate(graduate)
        factories.put_in_state(graduate, state, world, user, agreement=True)
    rejected = factories.make_graduate(world)
    run(world, book([contract(rejected)]))
    review.reject_national(graduate_id=rejected.pk, reason="单位名称不符", by=SystemActor(NATIONAL))
    seeking = factories.make_graduate(world)
    run(world, book([{"学号": seeking.student_no, "姓名": seeking.name, "毕业去向": "70-2"}]))
    odd = factories.make_graduate(world)
    run(world, book([contract(odd)]))
    Destination.objects.filter(pk=odd.pk).update(
        unit_name="“虚构”公司", remark="第一行\n第二行", contact_name="'虚构", job_title="0"
    )
    client = factories.client_of(factories.make_staff(Role.SCHOOL_ADMIN, world))
    exported = client.get(reverse("console:destinations-export"))
    before = _stored_rows()

    imported = run(world, exported.content)

    assert imported.state == ImportState.DONE
    rows = len(states) + len(signed) + len((rejected, seeking, odd))
    assert imported.counts == {"rows": rows, "able": 0, "unchanged": rows, "rejected": 0}
    assert _stored_rows() == before


def test_the_template_offers_categories_and_codes_to_choose_from(world: factories.World) -> None:
    template = world.client(Role.SCHOOL_ADMIN).get(reverse("console:destination-import-template"))
    options = openpyxl.load_workbook(io.BytesIO(template.content))["选项"]
    words = {cell.value for row in options for cell in row}
    assert {"录用接收函", "工程技术人员"} <= words
    assert any(catalogue().by_text(str(word)) for word in words)
    labels = [leaf.label for leaf in catalogue().leaves.values()]
    assert set(labels) <= words and all(catalogue().by_text(label) for label in labels)


def test_a_row_that_repeats_a_rejected_destination_does_not_approve_it(
    world: factories.World,
) -> None:
    graduate = factories.make_graduate(world)
    content = book([contract(graduate)])
    run(world, content)
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.school_admin)

    assert run(world, content).counts["unchanged"] == 1

    assert factories.destination_of(graduate).state == State.REJECTED


@pytest.mark.parametrize(
    ("changes", "column", "part"),
    [
        ({"姓名": "别人"}, "姓名", "与学号不符"),
        ({"毕业去向": "火星就业"}, "毕业去向", "类别表"),
        ({"学号": "0000000"}, "学号", "不存在或不在"),
        ({"组织机构代码": "91340100MA2N0ABC00"}, "组织机构代码", "校验位"),
        ({"单位所在地": "341402"}, "单位所在地", "340181"),
    ],
)
def test_a_wrong_cell_is_refused_with_a_reason(
    world: factories.World, changes: dict[str, str], column: str, part: str
) -> None:
    graduate = factories.make_graduate(world)
    imported = run(world, book([contract(graduate, **changes)]))
    assert imported.counts["rejected"] == 1
    assert imported.issues[0]["column"] == column
    assert part in imported.issues[0]["message"]


def test_a_row_outside_the_scope_is_refused(world: factories.World) -> None:
    other = factories.make_graduate(factories.make_world())
    imported = run(world, book([contract(other)]))
    assert "不在您的管理范围" in imported.issues[0]["message"]
    assert factories.destination_of(other).state == State.UNSUBMITTED


def test_an_import_by_a_department_gives_the_first_approval(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    run(world, book([contract(graduate)]), Role.DEPARTMENT_ADMIN)
    assert factories.destination_of(graduate).state == State.DEPARTMENT_APPROVED


def test_a_file_that_is_no_workbook_is_refused_with_a_sentence(world: factories.World) -> None:
    imported = run(world, b"not a workbook")
    assert imported.state == ImportState.FAILED
    assert "Excel" in imported.problem


def test_a_header_without_the_key_columns_is_refused(world: factories.World) -> None:
    imported = run(world, book([{"学号": "1"}], ["学号", "单位名称", "联系人"]))
    assert "毕业去向" in imported.problem


def test_an_import_of_another_school_is_not_found(world: factories.World) -> None:
    imported = run(world, book([contract(factories.make_graduate(world))]))
    stranger = factories.make_staff(Role.SCHOOL_ADMIN, factories.make_world())
    address = reverse("console:destination-import", args=[imported.pk])
    assert factories.client_of(stranger).get(address).status_code == 404


def test_the_cell_of_a_failed_lookup_comes_back_marked(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    imported = run(world, book([contract(graduate, 联系人="#N/A")]))
    assert imported.counts["rejected"] == 1
    assert [(i["column"], "#N/A" in i["message"]) for i in imported.issues] == [("联系人", True)]
    assert imported.annotated is not None
    assert factories.destination_of(graduate).state == State.UNSUBMITTED


@pytest.mark.parametrize("month", ["2027-12", "202711", "2027.11", "2027111"])
def test_a_month_without_a_day_is_refused(world: factories.World, month: str) -> None:
    graduate = factories.make_graduate(world)
    imported = run(
        world, book([contract(graduate, 毕业去向="其他录用形式就业", 聘用起始日期=month)])
    )
    assert imported.counts["rejected"] == 1
    assert any(i["column"] == "聘用起始日期" for i in imported.issues)


def test_a_category_may_be_written_as_a_number(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    run(world, book([contract(graduate, 毕业去向=11)]))
    assert factories.destination_of(graduate).category == "11"


@pytest.mark.parametrize("zero", ["0", 0])
def test_the_zero_of_a_failed_lookup_erases_no_stored_value(
    world: factories.World, zero: str | int
) -> None:
    graduate = factories.make_graduate(world)
    row = contract(graduate)
    run(world, book([row | {"单位备注": "待核对", "职位名称": "设计师"}]))
    imported = run(world, book([row | {"单位备注": zero, "职位名称": zero, "联系人": "新联系人"}]))
    assert imported.counts["able"] == 1
    d = factories.destination_of(graduate)
    assert (d.remark, d.job_title, d.contact_name) == ("待核对", "设计师", "新联系人")


def test_the_preview_warns_of_the_zero_of_a_failed_lookup(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    row = contract(graduate)
    run(world, book([row | {"单位备注": "待核对", "联系人邮箱": "hr@example.com"}]))
    imported = run(world, book([row | {"单位备注": 0, "联系人邮箱": 0, "联系人": "新联系人"}]))
    assert imported.counts == {"rows": 1, "able": 1, "unchanged": 0, "rejected": 0}
    assert imported.errors == []
    assert {(i["row"], i["column"]) for i in imported.warnings} == {
        (2, "单位备注"),
        (2, "联系人邮箱"),
    }
    d = factories.destination_of(graduate)
    assert (d.remark, d.contact_email) == ("待核对", "hr@example.com")
    page = world.client(Role.SCHOOL_ADMIN).get(
        reverse("console:destination-import", args=[imported.pk])
    )
    assert "请留意" in page.content.decode() and "不导入的行" not in page.content.decode()


@pytest.mark.parametrize("column", ["学号", "姓名", "毕业去向", "形式"])
def test_a_failed_formula_in_a_key_column_is_named(world: factories.World, column: str) -> None:
    graduate = factories.make_graduate(world)
    imported = run(world, book([contract(graduate, **{column: "#REF!"})]))
    assert imported.counts["rejected"] == 1
    assert [(i["column"], "#REF!" in i["message"]) for i in imported.errors] == [(column, True)]


def test_the_zero_of_a_failed_lookup_leaves_the_local_form_as_it_is(
    world: factories.World,
) -> None:
    graduate = factories.make_graduate(world)
    row = contract(graduate, 毕业去向="10", 形式="录用接收函", 签约日期="20270601")
    run(world, book([row]))
    assert factories.destination_of(graduate).form == "letter"
    imported = run(world, book([row | {"形式": 0, "联系人": "新联系人"}]))
    assert (imported.counts["able"], [i["column"] for i in imported.warnings]) == (1, ["形式"])
    d = factories.destination_of(graduate)
    assert (d.form, d.contact_name) == ("letter", "新联系人")


def test_a_row_that_changes_the_category_of_a_graduate_with_pictures_is_refused(
    world: factories.World,
) -> None:
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    imported = run(
        world, book([contract(graduate, 毕业去向="科研助理、管理助理") | {"月薪（元）": 6000}])
    )
    assert imported.counts["rejected"] == 1
    assert [i["column"] for i in imported.errors] == ["毕业去向"]
    assert (
        "1张证明材料" in imported.errors[0]["message"] and "录入" in imported.errors[0]["message"]
    )
    d = factories.destination_of(graduate)
    assert (d.category, d.state) == ("11", State.PENDING)


def test_a_row_that_changes_to_unemployed_keeps_the_pictures_with_their_category(
    world: factories.World,
) -> None:
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    seeking = {"学号": graduate.student_no, "姓名": graduate.name, "毕业去向": "70-2"}
    imported = run(world, book([seeking], ["学号", "姓名", "毕业去向"]))
    assert imported.counts == {"rows": 1, "able": 1, "unchanged": 0, "rejected": 0}
    assert "1张证明材料" in imported.warnings[0]["message"]
    d = factories.destination_of(graduate)
    assert d.category == "70-2"
    assert not evidence.standing_evidence(d.pk, d.category).exists()
    assert evidence.standing_evidence(d.pk, "11").count() == 1


def test_pictures_that_count_again_are_mentioned(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    seeking = {"学号": graduate.student_no, "姓名": graduate.name, "毕业去向": "70-2"}
    run(world, book([seeking], ["学号", "姓名", "毕业去向"]))
    imported = run(world, book([contract(graduate)]))
    assert imported.counts["able"] == 1
    assert ["1张证明材料重新生效" in i["message"] for i in imported.warnings] == [True]
    assert evidence.standing_evidence(graduate.pk, "11").count() == 1


def test_a_row_with_the_same_category_needs_no_word_about_pictures(
    world: factories.World,
) -> None:
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    imported = run(world, book([contract(graduate)]))
    assert (imported.counts["able"], imported.issues) == (1, [])
    assert evidence.standing_evidence(graduate.pk, "11").count() == 1


def test_a_column_that_stands_there_twice_is_refused(world: factories.World) -> None:
    imported = run(world, book([], [*TEMPLATE, "联系人"]))
    assert imported.state == ImportState.FAILED
    assert imported.problem == "工作簿中这些列出现了两次：联系人"
