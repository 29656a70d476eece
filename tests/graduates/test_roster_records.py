"""What other records say about a row of a roster."""

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
from tests.factories import World, make_world, typed_record
from tests.graduates.workbooks import apply, check, codes, import_book, import_rows, roster_book

pytestmark = pytest.mark.django_db


def test_a_locked_record_is_left_alone(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    made = import_rows(world, record | {"politics": "群众"}, typed_record(world))
    issue = made.issues.get(is_error=True)
    assert (issue.code, "已锁定" in issue.message, issue.row) == ("locked", True, 2)
    assert made.counts == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1}
    after = Graduate.objects.get(pk=graduate.pk)
    assert (after.politics, after.confirmation) == (graduate.politics, "locked")
    # The same values are no change, so nothing is to be refused.
    assert import_rows(world, record).counts["unchanged"] == 1


def test_a_student_number_of_another_cohort(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    made = import_rows(world, record | {"year": str(year), "graduates_on": f"{year}0630"})
    issue = made.issues.get(is_error=True)
    assert issue.code == "student_no_other_cohort"
    assert str(world.cohort.year) in issue.message


def test_numbers_that_are_taken(world: World) -> None:
    first, second = typed_record(world), typed_record(world)
    import_rows(world, first)
    cases = {
        "exam_no_taken": second | {"exam_no": first["exam_no"]},
        "person_twice": second | {"id_number": first["id_number"]},
        "student_no_other_person": second | {"student_no": first["student_no"]},
    }
    for code, record in cases.items():
        made = import_rows(world, record)
        assert code in codes(made, errors=True)
        assert made.counts["rejected"] == 1
        assert Graduate.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize("key", ["student_no", "exam_no", "id_number"])
def test_numbers_twice_in_one_workbook(key: str, world: World) -> None:
    first = typed_record(world)
    made = import_rows(world, first, typed_record(world) | {key: first[key]})
    issue = made.issues.get(is_error=True)
    assert (issue.row, issue.code, issue.column) == (3, "repeated", BY_KEY[key].label)
    assert "第2行" in issue.message
    assert made.counts["created"] == 1


def test_a_refused_row_does_not_keep_a_number(world: World) -> None:
    first = typed_record(world) | {"mobile": "1"}
    made = import_rows(world, first, typed_record(world) | {"student_no": first["student_no"]})
    assert made.counts["created"] == 1


def test_the_same_person_elsewhere_is_a_warning(world: World) -> None:
    other, record = make_world(), typed_record(world)
    import_rows(world, record)
    theirs = typed_record(other) | {"id_number": record["id_number"], "name": record["name"]}
    made = import_rows(other, theirs)
    assert made.counts["created"] == 1
    issue = made.issues.get(code="person_elsewhere")
    assert not issue.is_error
    assert world.school.name in issue.message


def test_the_same_person_in_another_cohort_is_normal(world: World) -> None:
    year = world.cohort.year + 1
    factories.make_cohort(world.school, year)
    record = typed_record(world)
    import_rows(world, record)
    later = typed_record(world) | {
        "id_number": record["id_number"], "year": str(year), "graduates_on": f"{year}0630",
    }  # fmt: skip
    made = import_rows(world, later)
    assert codes(made, errors=True) == set()
    assert Person.objects.filter(school=world.school).count() == 1


@pytest.mark.parametrize(("year", "code"), [("2001", "cohort_unknown"), ("", "empty")])
def test_cohorts_that_are_not_there(year: str, code: str, world: World) -> None:
    made = import_rows(world, typed_record(world) | {"year": year}, typed_record(world))
    assert code in codes(made, errors=True)
    assert made.counts["created"] == 1


def test_a_sealed_cohort_takes_nothing(world: World) -> None:
    world.cohort.sealed_at = timezone.now()
    world.cohort.save()
    made = import_rows(world, typed_record(world))
    assert codes(made, errors=True) == {"cohort_sealed"}


def test_a_change_lapses_the_confirmation_and_is_kept_field_by_field(world: World) -> None:
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
    made = import_rows(world, record | {"politics": "群众"})
    assert made.counts["updated"] == 1
    graduate.refresh_from_db()
    assert (graduate.confirmation, graduate.confirmed_at) == ("unsubmitted", None)
    event = Event.objects.get(action="graduates.import_update", object_id=graduate.pk)
    assert list(event.data["changes"]) == ["politics"]
    assert event.actor_id == world.staff[Role.SCHOOL_ADMIN].pk


def test_columns_the_workbook_has_not_are_left_alone(world: World) -> None:
    record = typed_record(world)
    import_book(world, roster_book(record, keys=[*TEMPLATE_KEYS, "qq"]))
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.edit(graduate_id=graduate.pk, typed={"qq": "1234567"}, by=world.school_admin)
    assert import_rows(world, record).counts["unchanged"] == 1
    assert import_rows(world, record | {"politics": "群众"}).counts["updated"] == 1
    graduate.refresh_from_db()
    assert graduate.qq == "1234567"


def test_new_departments_and_classes_are_named_first(world: World) -> None:
    record = typed_record(world) | {"department": "丙学院", "school_class": "丙一班"}
    made = check(world, roster_book(record))
    assert made.new_names["departments"] == ["丙学院"]
    assert made.new_names["classes"] == ["丙学院 丙一班"]
    assert not world.school.departments.filter(name="丙学院").exists()
    apply(world, made)
    assert world.school.departments.filter(name="丙学院").exists()


def test_a_failed_lookup_refuses_its_row_and_erases_nothing(world: World) -> None:
    record = typed_record(world) | {"email": "a@example.com"}
    import_rows(world, record)
    made = import_rows(world, record | {"email": "#N/A"})
    assert made.counts["rejected"] == 1
    assert Graduate.objects.get(student_no=record["student_no"]).email == "a@example.com"


def test_a_name_of_a_hundred_letters_is_imported(world: World) -> None:
    name = "ABCDEFGHI " * 9 + "ABCDEFGHIJ"
    record = typed_record(world) | {"name": name}
    import_rows(world, record)
    # The same again, so that the log of a change has to fit the name, too.
    import_rows(world, record | {"politics": "群众"})
    assert Graduate.objects.get(student_no=record["student_no"]).name == name
