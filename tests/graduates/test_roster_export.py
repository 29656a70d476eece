"""Importing an untouched export of origin records changes nothing, whatever their state is."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.apps import apps
from django.urls import reverse

from core.models import Event
from graduates.actions import origin, standing
from graduates.fields import TEMPLATE_KEYS
from graduates.models import Graduate, Person, RosterImport
from graduates.states import Standing
from schools.models import Department, Major, SchoolClass
from schools.roles import Role
from tests import factories
from tests.esign.signing import confirm_origin
from tests.factories import World
from tests.graduates.workbooks import apply, check, import_book, roster_book

pytestmark = pytest.mark.django_db

# What may be stored though a workbook's cell would be read as something else.
ODD_TEXTS = {
    "home_address": "“虚构小区”",
    "wechat": "'shi_1",
    "local_major": "=示例方向",
    "directed_unit": "0",
}
KEPT_AS_NUMBERS = {"qq": "100200300", "home_postcode": "030000", "home_phone": "+86-551-60000000"}
FOREIGN = {"id_type": "04", "id_number": "C1234567", "name": "NGUYEN Van An"}


def export(world: World) -> bytes:
    return (
        world.client(Role.SCHOOL_ADMIN)
        .get(reverse("console:roster-export") + "?cohort=all")
        .content
    )


def stored() -> dict[str, list[dict[str, Any]]]:
    models = (
        Graduate, Person, Department, SchoolClass, Major,
        *apps.get_app_config("destinations").get_models(),
        *apps.get_app_config("national_sync").get_models(),
    )  # fmt: skip
    rows = {m._meta.label: list(m._base_manager.order_by("pk").values()) for m in models}
    events = Event.objects.exclude(action__startswith="graduates.import_")
    return rows | {"events": list(events.exclude(action="core.export").values("pk"))}


def populate(world: World) -> int:
    """Graduates in every state and with unusual values; returns how many."""
    admin = world.school_admin
    plain, confirmed, locked, left, deferred, reopened, signed, foreign = (
        factories.make_graduate(world, **changes)
        for changes in ({}, {}, {}, {}, {}, {}, {}, FOREIGN)
    )
    confirm_origin(confirmed)
    origin.lock(graduate_id=locked.pk, by=admin)
    standing.end_enrolment(
        graduate_id=left.pk, standing=Standing.WITHDRAWN, reason="本人申请", by=admin
    )
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    standing.defer(graduate_id=deferred.pk, to=later, reason="延长学制", by=admin)
    Graduate.objects.filter(pk=reopened.pk).update(reopened_until=factories.today())
    factories.sign_agreement(signed)
    # As forms keep them, and as earlier versions may have stored them.
    Graduate.objects.filter(pk=plain.pk).update(**ODD_TEXTS, **KEPT_AS_NUMBERS)
    Graduate.objects.filter(pk=foreign.pk).update(archive_moved=None, household_moved=None)
    return 8


def test_importing_an_untouched_export_changes_nothing(world: World) -> None:
    count = populate(world)
    content, before = export(world), stored()

    imported = check(world, content)
    assert imported.counts == {"created": 0, "updated": 0, "unchanged": count, "rejected": 0}
    assert imported.new_names["majors"] == []
    imported = apply(world, imported)

    assert imported.counts == {"created": 0, "updated": 0, "unchanged": count, "rejected": 0}
    assert stored() == before


def test_an_export_that_a_spreadsheet_program_saved_changes_nothing(world: World) -> None:
    """openpyxl writes the cells anew, as programs do: empty cells are left out."""
    count = populate(world)
    book = openpyxl.load_workbook(io.BytesIO(export(world)))
    before = stored()
    buffer = io.BytesIO()
    book.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["unchanged"] == count
    assert stored() == before


def test_stored_values_that_are_refused_today_do_not_refuse_an_untouched_export(
    world: World,
) -> None:
    old, changed, twice = (factories.make_graduate(world) for _ in range(3))
    outdated = {"home_postcode": "12", "wechat": "#N/A", "ethnicity": "??", "politics": ""}
    Graduate.objects.filter(pk__in=[old.pk, changed.pk]).update(**outdated)
    before = stored()
    assert check(world, export(world)).counts == {
        "created": 0, "updated": 0, "unchanged": 3, "rejected": 0,
    }  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(export(world)))
    sheet = book.worksheets[0]
    header = [cell.value for cell in sheet[1]]
    rows = {row[header.index("学号")].value: row for row in sheet.iter_rows(min_row=2)}
    rows[changed.student_no][header.index("电子邮箱")].value = "new@example.com"
    sheet.append([cell.value for cell in rows[twice.student_no]])
    buffer = io.BytesIO()
    book.save(buffer)
    imported = import_book(world, buffer.getvalue())
    assert imported.counts == {"created": 0, "updated": 0, "unchanged": 2, "rejected": 2}
    assert stored() == before


def test_one_changed_cell_of_an_export_changes_that_cell_only(world: World) -> None:
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(**ODD_TEXTS)
    book = openpyxl.load_workbook(io.BytesIO(export(world)))
    sheet = book.worksheets[0]
    column = [cell.value for cell in sheet[1]].index("电子邮箱") + 1
    sheet.cell(2, column, "new@example.com")
    buffer = io.BytesIO()
    book.save(buffer)
    assert import_book(world, buffer.getvalue()).counts["updated"] == 1
    after = Graduate.objects.get(pk=graduate.pk)
    assert after.email == "new@example.com"
    assert {key: getattr(after, key) for key in ODD_TEXTS} == ODD_TEXTS


def test_a_quoted_value_of_another_workbook_loses_its_quotes(world: World) -> None:
    record = factories.typed_record(world) | {"wechat": "shi_1"}
    keys = [*TEMPLATE_KEYS, "wechat"]
    import_book(world, roster_book(record, keys=keys))
    imported = import_book(world, roster_book(record | {"wechat": "'shi_2"}, keys=keys))
    assert imported.counts["updated"] == 1
    assert Graduate.objects.get(student_no=record["student_no"]).wechat == "shi_2"


def test_quoted_values_stay_when_the_staged_rows_were_lost(world: World) -> None:
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(wechat="'shi_1")
    imported = check(world, export(world))
    from graduates.roster import staging

    staging.delete_staged_rows(imported.pk)  # as PostgreSQL does after a crash
    apply(world, imported)
    assert RosterImport.objects.get(pk=imported.pk).counts["unchanged"] == 1
    assert Graduate.objects.get(pk=graduate.pk).wechat == "'shi_1"


def test_the_template_and_the_export_offer_codes_to_choose_from(world: World) -> None:
    factories.make_graduate(world)
    template = world.client(Role.SCHOOL_ADMIN).get(reverse("console:import-template")).content
    for content in (template, export(world)):
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert book.worksheets[0].data_validations.dataValidation
        words = {cell.value for row in book["选项"] for cell in row}
        assert {"汉族", "共青团员", "本科生毕业"} <= words
