"""Rows of a roster that contradict other records."""

from __future__ import annotations

import pytest
from django.utils import timezone

from core.models import Event
from graduates.actions import origin
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import Graduate, Person
from graduates.records import confirmation_hash, record_of
from schools.roles import Role
from tests import factories
from tests.core.spreadsheets.xls_files import Failed, xls_file
from tests.factories import World, make_world, typed_record
from tests.graduates.workbooks import (
    apply,
    check,
    import_book,
    import_rows,
    issue_codes,
    roster_book,
)

pytestmark = pytest.mark.django_db


def test_an_import_does_not_change_a_locked_record(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    imported = import_rows(world, record | {"politics": "群众"}, typed_record(world))
    issue = imported.issues.get(is_error=True)
    assert (issue.code, "已锁定" in issue.message, issue.row) == ("locked", True, 2)
    assert imported.counts == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    after = Graduate.objects.get(pk=graduate.pk)
    assert (after.politics, after.confirmation) == (graduate.politics, "locked")
    # A row with the same values changes nothing, so it is not refused.
    assert import_rows(world, record).counts["unchanged"] == 1


def test_a_student_number_of_another_cohort_is_refused(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    imported = import_rows(world, record | {"year": str(year), "graduates_on": f"{year}0630"})
    issue = imported.issues.get(is_error=True)
    assert issue.code == "student_no_other_cohort"
    assert str(world.cohort.year) in issue.message


def test_numbers_of_other_graduates_are_refused(world: World) -> None:
    first, second = typed_record(world), typed_record(world)
    import_rows(world, first)
    cases = {
        "exam_no_taken": second | {"exam_no": first["exam_no"]},
        "person_twice": second | {"id_number": first["id_number"]},
        "student_no_other_person": second | {"student_no": first["student_no"]},
    }
    for code, record in cases.items():
        imported = import_rows(world, record)
        assert code in issue_codes(imported, errors=True)
        assert imported.counts["rejected"] == 1
        assert Graduate.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize("key", ["student_no", "exam_no", "id_number"])
def test_a_number_that_occurs_twice_in_a_workbook_is_refused(key: str, world: World) -> None:
    first = typed_record(world)
    imported = import_rows(world, first, typed_record(world) | {key: first[key]})
    issue = imported.issues.get(is_error=True)
    assert (issue.row, issue.code, issue.column) == (3, "repeated", BY_KEY[key].label)
    assert "第2行" in issue.message
    assert imported.counts["created"] == 1


def test_a_number_of_a_refused_row_can_be_used_by_a_later_row(world: World) -> None:
    first = typed_record(world) | {"mobile": "1"}
    imported = import_rows(world, first, typed_record(world) | {"student_no": first["student_no"]})
    assert imported.counts["created"] == 1


def test_the_same_person_at_another_school_is_a_warning(world: World) -> None:
    other, record = make_world(), typed_record(world)
    import_rows(world, record)
    theirs = typed_record(other) | {"id_number": record["id_number"], "name": record["name"]}
    imported = import_rows(other, theirs)
    assert imported.counts["created"] == 1
    issue = imported.issues.get(code="person_elsewhere")
    assert not issue.is_error
    assert world.school.name in issue.message


def test_the_same_person_in_another_cohort_is_accepted(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    later = typed_record(world) | {
        "id_number": record["id_number"], "year": str(year), "graduates_on": f"{year}0630",
    }  # fmt: skip
    imported = import_rows(world, later)
    assert issue_codes(imported, errors=True) == set()
    assert Person.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize(("year", "code"), [("2001", "cohort_unknown"), ("", "empty")])
def test_a_row_of_an_unknown_cohort_is_refused(year: str, code: str, world: World) -> None:
    imported = import_rows(world, typed_record(world) | {"year": year}, typed_record(world))
    assert code in issue_codes(imported, errors=True)
    assert imported.counts["created"] == 1


def test_rows_of_a_sealed_cohort_are_refused(world: World) -> None:
    world.cohort.sealed_at = timezone.now()
    world.cohort.save()
    imported = import_rows(world, typed_record(world))
    assert issue_codes(imported, errors=True) == {"cohort_sealed"}


def test_a_changed_row_ends_the_confirmation_and_is_logged_by_field(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    mine = Graduate.objects.filter(student_no=record["student_no"])
    mine.update(archive_moved=True, household_moved=False)
    graduate = mine.select_related(*origin.RELATED).get()
    shown = confirmation_hash(record_of(graduate))
    origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=None)
    assert import_rows(world, record).counts["unchanged"] == 1
    graduate.refresh_from_db()
    assert graduate.confirmation == "confirmed"
    imported = import_rows(world, record | {"politics": "群众"})
    assert imported.counts["updated"] == 1
    graduate.refresh_from_db()
    assert (graduate.confirmation, graduate.confirmed_at) == ("unsubmitted", None)
    event = Event.objects.get(action="graduates.import_update", object_id=graduate.pk)
    assert list(event.data["changes"]) == ["politics"]
    assert event.actor_id == world.staff[Role.SCHOOL_ADMIN].pk


def test_fields_without_a_column_are_left_alone(world: World) -> None:
    record = typed_record(world)
    import_book(world, roster_book(record, keys=[*TEMPLATE_KEYS, "qq"]))
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.edit(graduate_id=graduate.pk, typed={"qq": "1234567"}, by=world.school_admin)
    assert import_rows(world, record).counts["unchanged"] == 1
    assert import_rows(world, record | {"politics": "群众"}).counts["updated"] == 1
    graduate.refresh_from_db()
    assert graduate.qq == "1234567"


def test_the_preview_names_new_departments_and_classes(world: World) -> None:
    record = typed_record(world) | {"department": "丙学院", "school_class": "丙一班"}
    imported = check(world, roster_book(record))
    assert imported.new_names["departments"] == ["丙学院"]
    assert imported.new_names["classes"] == ["丙学院 丙一班"]
    assert not world.school.departments.filter(name="丙学院").exists()
    apply(world, imported)
    assert world.school.departments.filter(name="丙学院").exists()


def test_a_row_with_a_failed_lookup_is_refused_and_erases_nothing(world: World) -> None:
    record = typed_record(world) | {"email": "a@example.com"}
    import_rows(world, record)
    imported = import_rows(world, record | {"email": "#N/A"})
    assert imported.counts["rejected"] == 1
    assert Graduate.objects.get(student_no=record["student_no"]).email == "a@example.com"


def test_a_name_of_a_hundred_letters_is_imported(world: World) -> None:
    name = "ABCDEFGHI " * 9 + "ABCDEFGHIJ"
    record = typed_record(world) | {"name": name}
    import_rows(world, record)
    # Changed once more, because the event of a change must have room for the name, too.
    import_rows(world, record | {"politics": "群众"})
    assert Graduate.objects.get(student_no=record["student_no"]).name == name


def test_the_zero_of_a_failed_lookup_erases_no_stored_value(world: World) -> None:
    texts = {"wechat": "shi_1", "home_address": "虚构路1号", "local_major": "示例方向"}
    keys = [*TEMPLATE_KEYS, "wechat", "home_address", "local_major"]
    known, locked = typed_record(world) | texts, typed_record(world) | texts
    import_book(world, roster_book(known, locked, keys=keys))
    origin.lock(
        graduate_id=Graduate.objects.get(student_no=locked["student_no"]).pk,
        by=world.user(Role.SCHOOL_ADMIN),
    )
    zeros = {"wechat": 0, "home_address": "0", "local_major": 0}
    new = typed_record(world) | zeros
    imported = check(world, roster_book(known | zeros, locked | zeros, new, keys=keys))
    assert imported.counts == {"created": 1, "updated": 0, "unchanged": 2, "rejected": 0}
    warned = set(imported.issues.filter(is_error=False).values_list("row", "column"))
    assert warned == {(row, BY_KEY[key].label) for row in (2, 3, 4) for key in zeros}
    # What is entered between the preview and the confirmation stays, too.
    Graduate.objects.filter(student_no=known["student_no"]).update(wechat="shi_2")
    assert apply(world, imported).counts["unchanged"] == 2
    stored = {
        g.student_no: (g.wechat, g.home_address, g.local_major) for g in Graduate.objects.all()
    }
    assert stored == {
        known["student_no"]: ("shi_2", "虚构路1号", "示例方向"),
        locked["student_no"]: ("shi_1", "虚构路1号", "示例方向"),
        new["student_no"]: ("", "", ""),
    }


def test_the_zero_of_a_failed_lookup_changes_no_type_of_document(world: World) -> None:
    residence_permit = {"id_type": "02", "id_number": factories.make_id_number(region="810000")}
    record = typed_record(world) | residence_permit
    keys = [*TEMPLATE_KEYS, "id_type"]
    import_book(world, roster_book(record, keys=keys))
    imported = import_book(world, roster_book(record | {"id_type": 0}, keys=keys))
    assert (imported.counts["unchanged"], issue_codes(imported)) == (1, {"failed_lookup"})
    assert Graduate.objects.get(student_no=record["student_no"]).person.id_type == "02"


def test_a_failed_formula_of_an_xls_is_refused_and_erases_nothing(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record | {"email": "a@example.com"})
    header = [BY_KEY[key].label for key in TEMPLATE_KEYS]
    cells = [Failed("#N/A") if key == "email" else record.get(key) for key in TEMPLATE_KEYS]
    imported = import_book(world, xls_file([header, cells]))
    assert imported.counts["rejected"] == 1
    assert "#N/A" in imported.issues.get(column="电子邮箱").message
    assert Graduate.objects.get(student_no=record["student_no"]).email == "a@example.com"


def test_a_name_without_a_glyph_is_a_warning_at_the_cell(world: World) -> None:
    """𠮷 is in the fonts of the set-up; U+30000 is in none."""
    imported = check(
        world,
        roster_book(
            typed_record(world, name="试𠮷"),
            typed_record(world, name="试\U00030000"),
        ),
    )
    issue = imported.issues.get()
    assert (issue.row, issue.column, issue.is_error) == (3, "姓名", False)
    assert "“\U00030000”（U+30000）" in issue.message
    assert "协议书将无法打印" in issue.message
