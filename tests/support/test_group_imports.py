"""困难群体导入: both modes, every refusal, who leaves, and that the same workbook again changes nothing."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from core.errors import Invalid, NotPermitted
from core.files import open_file
from graduates.models import Graduate
from schools.roles import Role
from support.actions import group_imports
from support.models import GroupImport, Listing, ListingHistory
from support.states import ImportMode, ListingChange, ListingState
from tests import factories
from tests.factories import World
from tests.support import scene
from tests.support.scene import row_of
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db


def make(world: World, number: int) -> list[Graduate]:
    return [factories.make_graduate(world) for _ in range(number)]


def messages(imported: GroupImport) -> list[tuple[int, str]]:
    return [(issue["row"], issue["message"].partition("：")[0]) for issue in imported.issues]


def listed() -> dict[int, list[str]]:
    rows = Listing.objects.filter(state=ListingState.LISTED)
    return dict(rows.values_list("graduate_id", "groups"))


def test_the_province_adds_people_and_groups(world: World) -> None:
    first, second = make(world, 2)
    imported = scene.import_rows(
        world, [row_of(first, "低保家庭；残疾"), row_of(second, "长期未就业", 考生号="",
                                                证件号码=second.person.id_number)]
    )  # fmt: skip
    assert imported.counts["able"] == 2
    assert listed() == {first.pk: ["low_income", "disabled"], second.pk: ["long_unemployed"]}
    scene.import_rows(world, [row_of(second, "零就业家庭")])
    assert listed()[second.pk] == ["zero_employment", "long_unemployed"], "added, none taken away"
    changes = ListingHistory.objects.filter(listing__graduate=second).order_by("pk")
    assert [row.change for row in changes] == [ListingChange.LISTED, ListingChange.CHANGED]
    assert {row.group_import_id for row in changes} == set(
        GroupImport.objects.values_list("pk", flat=True)
    )


def test_the_same_workbook_again_changes_nothing(world: World) -> None:
    rows = [row_of(g, "低保家庭;残疾") for g in make(world, 3)]
    for mode in (ImportMode.ADD, ImportMode.ADD, ImportMode.FULL):
        imported = scene.import_rows(world, rows, mode)
    assert imported.counts["unchanged"] == 3
    assert imported.counts["leaving"] == 0
    assert ListingHistory.objects.count() == 3


def test_every_refusal_is_said_at_its_row(world: World) -> None:
    good, other = make(world, 2)
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    classes = factories.make_classes(later, world.departments[0], "后届1班")
    elsewhen = factories.make_graduate(world)
    Graduate.objects.filter(pk=elsewhen.pk).update(cohort=later, school_class=classes[0])
    rows = [
        row_of(good),
        row_of(other, 考生号="99999999999999"),
        row_of(other, 姓名="试某某"),
        row_of(other, "贫困；低保家庭"),
        row_of(good),
        row_of(elsewhen),
        row_of(other, 届="2001"),
        row_of(other, 学校代码="00000"),
        row_of(other, ""),
        row_of(other, 考生号="", 证件号码=""),
        row_of(other, 证件号码=good.person.id_number),
    ]
    imported = scene.preview(world, rows)
    assert messages(imported) == [
        (3, "查无此人"), (4, "姓名不符"), (5, "类型无效"), (5, "重复"), (6, "重复"), (7, "非本届"),
        (8, "非本届"), (8, "重复"), (9, "查无此人"), (10, "类型无效"), (10, "重复"),
        (11, "考生号和证件号码至少填写一项"), (12, "查无此人"),
    ]  # fmt: skip
    assert imported.counts["able"] == 1
    assert imported.annotated is not None
    with open_file(imported.annotated) as file:
        sheet: Any = openpyxl.load_workbook(io.BytesIO(file.read())).active
    assert sheet.max_row == 11
    assert not Listing.objects.exists(), "nothing is written before it is confirmed"


def test_a_full_workbook_shows_who_leaves_and_keeps_them_in_history(world: World) -> None:
    people = make(world, 11)
    scene.import_rows(world, [row_of(g) for g in people])
    imported = scene.preview(world, [row_of(g) for g in people[1:]], ImportMode.FULL)
    assert imported.leaving == [Listing.objects.get(graduate=people[0]).pk]
    assert [row.graduate_id for row in group_imports.leaving_people(imported, 5)] == [people[0].pk]
    group_imports.confirm(imported, reason="", by=world.user(Role.PROVINCE))
    group_imports.apply(imported.pk)
    gone = Listing.objects.get(graduate=people[0])
    assert (gone.state, gone.removed_on is not None) == (ListingState.REMOVED, True)
    assert gone.history.first().change == ListingChange.REMOVED  # type: ignore[union-attr]
    again = scene.import_rows(world, [row_of(people[0], "残疾")])
    assert again.counts["able"] == 1
    gone.refresh_from_db()
    assert (gone.state, gone.groups) == (ListingState.LISTED, ["disabled"]), "not the old groups"
    assert gone.history.first().change == ListingChange.LISTED_AGAIN  # type: ignore[union-attr]


def test_more_than_a_tenth_leaving_needs_a_typed_reason(world: World) -> None:
    people = make(world, 9)
    scene.import_rows(world, [row_of(g) for g in people])
    imported = scene.preview(world, [row_of(g) for g in people[1:]], ImportMode.FULL)
    assert group_imports.needs_reason(imported)
    province = world.user(Role.PROVINCE)
    with pytest.raises(Invalid) as refused:
        group_imports.confirm(imported, reason=" ", by=province)
    assert list(refused.value.errors) == ["reason"]
    imported.refresh_from_db()
    assert imported.state == ImportState.PREVIEWED
    group_imports.confirm(imported, reason="民政部门更新了名单", by=province)
    group_imports.confirm(imported, reason="", by=province)
    group_imports.apply(imported.pk)
    gone = Listing.objects.get(graduate=people[0])
    assert gone.history.first().reason == "民政部门更新了名单"  # type: ignore[union-attr]


def test_exactly_a_tenth_needs_no_reason(world: World) -> None:
    people = make(world, 10)
    scene.import_rows(world, [row_of(g) for g in people])
    imported = scene.preview(world, [row_of(g) for g in people[1:]], ImportMode.FULL)
    assert not group_imports.needs_reason(imported)


def test_somebody_a_refused_row_is_about_does_not_leave(world: World) -> None:
    first, second = make(world, 2)
    scene.import_rows(world, [row_of(first), row_of(second)])
    imported = scene.preview(world, [row_of(first), row_of(second, 姓名="试错了")], ImportMode.FULL)
    assert (imported.leaving, imported.counts["rejected"]) == ([], 1)


def test_a_full_workbook_replaces_groups_and_leaves_other_years_alone(world: World) -> None:
    first = factories.make_graduate(world)
    later = factories.make_world()
    other_year = factories.make_cohort(later.school, later.cohort.year + 1)
    classes = factories.make_classes(other_year, later.departments[0], "后届1班")
    elsewhen = factories.make_graduate(later)
    Graduate.objects.filter(pk=elsewhen.pk).update(cohort=other_year, school_class=classes[0])
    elsewhen = Graduate.objects.select_related("cohort", "school").get(pk=elsewhen.pk)
    old = scene.preview(later, [row_of(elsewhen)], year=other_year.year)
    group_imports.confirm(old, reason="", by=later.user(Role.PROVINCE))
    group_imports.apply(old.pk)
    scene.import_rows(world, [row_of(first, "低保家庭；残疾")])
    scene.import_rows(world, [row_of(first, "残疾")], ImportMode.FULL)
    assert listed() == {first.pk: ["disabled"], elsewhen.pk: ["low_income"]}


def test_who_was_listed_after_the_preview_does_not_leave(world: World) -> None:
    first, second = make(world, 2)
    scene.import_rows(world, [row_of(first)])
    imported = scene.preview(world, [row_of(first)], ImportMode.FULL)
    scene.import_rows(world, [row_of(second)])
    group_imports.confirm(imported, reason="", by=world.user(Role.PROVINCE))
    group_imports.apply(imported.pk)
    assert set(listed()) == {first.pk, second.pk}


def test_only_the_province_imports(world: World) -> None:
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN):
        with pytest.raises(NotPermitted):
            group_imports.upload(content=b"", name="a.xlsx", year=world.cohort.year,
                                 mode=ImportMode.ADD, by=world.user(role))  # fmt: skip
    imported = scene.preview(world, [row_of(factories.make_graduate(world))])
    with pytest.raises(NotPermitted):
        group_imports.confirm(imported, reason="", by=world.school_admin)
    with pytest.raises(NotPermitted):
        group_imports.cancel(imported, by=world.school_admin)


def test_a_workbook_without_the_columns_fails_as_a_whole(world: World) -> None:
    uploaded = group_imports.upload(
        content=scene.spreadsheets.write(["届", "学校代码", "姓名", "类型"], [["2027", "1", "试", "残疾"]]),
        name="a.xlsx", year=world.cohort.year, mode=ImportMode.ADD, by=world.user(Role.PROVINCE),
    )  # fmt: skip
    group_imports.check(uploaded.pk)
    uploaded.refresh_from_db()
    assert uploaded.state == ImportState.FAILED
    assert "考生号" in uploaded.problem


def test_an_import_that_nobody_worked_on_is_found(world: World) -> None:
    graduate = factories.make_graduate(world)
    province = world.user(Role.PROVINCE)
    uploaded = group_imports.upload(
        content=scene.workbook([row_of(graduate)]), name="a.xlsx", year=world.cohort.year,
        mode=ImportMode.ADD, by=province,
    )  # fmt: skip
    GroupImport.objects.update(due_at="2020-01-01T00:00Z")
    group_imports.run_overdue()
    uploaded.refresh_from_db()
    assert uploaded.state == ImportState.PREVIEWED
    group_imports.confirm(uploaded, reason="", by=province)
    GroupImport.objects.update(due_at="2020-01-01T00:00Z")
    group_imports.run_overdue()
    assert set(listed()) == {graduate.pk}
