"""Each reported value, as declared: a change of it is marked, sent, compared and shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from psycopg import sql

from codes import lookup
from graduates.actions import archive
from graduates.models import Graduate
from national_sync import triggers
from national_sync.actions import copies
from national_sync.fields import ALL, CODE_TABLES, FIELDS, KEY_FIELDS, MODELS, Reported
from national_sync.mapping import CATEGORY, Mapped, load_simulated
from national_sync.models import Entry, NationalCode, NationalCopy
from national_sync.reconciliation import fields_that_differ
from national_sync.records import Built, build
from national_sync.states import Part
from national_sync.views.console import TABLE_NAMES
from tests import factories
from tests.factories import World
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db

RECEIVER = {
    "transfer_type": "origin", "unit_name": "虚构市人才中心", "address": "虚构路1号",
    "contact": "收件人", "phone": "0551-60000000",
}  # fmt: skip


@pytest.fixture
def graduate(world: World) -> Graduate:
    """All three parts of this graduate are reported."""
    load_simulated()
    NationalCode.objects.update(simulated=False)  # so that the graduate's page uses them too
    graduate = reporting.approved(world)
    archive.save(graduate_id=graduate.pk, typed=RECEIVER, by=world.school_admin)
    assert set(reporting.states(graduate)) == set(Part.values)
    return graduate


def built(graduate: Graduate) -> dict[str, Built]:
    entries = list(Entry.objects.filter(graduate=graduate))
    found = build(entries, Mapped.load(simulated=False))
    return {entry.part: found[entry.pk] for entry in entries}


def another_value(field: Reported, graduate: Graduate, mapped: Mapped) -> Any:
    """A value that the column takes and that is written otherwise than the present one."""
    same_source = [f for f in FIELDS[field.part] if f.source == field.source]
    kinds = {f.kind for f in same_source}
    now = _row(field, graduate)
    if "code" in kinds:
        (table,) = {f.table for f in same_source if f.table}
        names = ["12", "46"] if table == CATEGORY else lookup.table(table).names
        return next(c for c in names if c != now and mapped.national(table, c) is not None)
    if "place" in kinds:
        return next(c for c, p in lookup.places().items() if p.selectable and c != now)
    if "date" in kinds:
        return "2020-09-03"
    if "bool" in kinds:
        return not now
    if field.source == "id_number":
        return factories.make_id_number()
    return (now or 0) + 1 if field.source in ("year", "monthly_wage", "duration") else "9"


def _row(field: Reported, graduate: Graduate) -> Any:
    return field.value_of(MODELS[field.part]._default_manager.get(pk=graduate.pk))


def change_by_plain_sql(field: Reported, graduate: Graduate, value: Any) -> None:
    model: Any = MODELS[field.part]
    pk = graduate.pk
    if field.join:
        link = model._meta.get_field(field.join)
        model, pk = link.related_model, getattr(graduate, link.attname)
    statement = sql.SQL("UPDATE {} SET {} = %s WHERE {} = %s").format(
        sql.Identifier(model._meta.db_table),
        sql.Identifier(field.column),
        sql.Identifier(model._meta.pk.column),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value, pk])
        assert cursor.rowcount == 1


@pytest.mark.parametrize("field", ALL, ids=lambda f: f"{f.part}-{f.national}")
def test_a_changed_value_is_marked_sent_compared_and_shown(
    graduate: Graduate, field: Reported
) -> None:
    before = {part: one.record for part, one in built(graduate).items()}
    versions = dict(Entry.objects.filter(graduate=graduate).values_list("part", "version"))
    value = another_value(field, graduate, Mapped.load(simulated=False))
    # Rolled back in the end: a department alone, say, would not be the class's any more.
    with transaction.atomic():
        change_by_plain_sql(field, graduate, value)

        changed = {
            entry.part
            for entry in Entry.objects.filter(graduate=graduate)
            if entry.version > versions[entry.part]
        }
        assert changed == (set(Part.values) if field.key else {field.part}), "marked"

        now = built(graduate)[field.part].record
        assert now[field.national] != before[field.part].get(field.national, ""), "sent"

        difference = (field.label, now[field.national], before[field.part].get(field.national, ""))
        assert difference in fields_that_differ(field.part, now, before[field.part]), "compared"

        fresh = Graduate.objects.get(pk=graduate.pk)
        page = copies.shown(fresh, NationalCopy(graduate=fresh, parts=before))
        lines = {part: lines for part, _, lines in page.parts}[field.part]
        shown = [(line.label, line.ours, line.theirs) for line in lines if line.differs]
        assert difference in shown, "shown to the graduate"
        transaction.set_rollback(True)


@pytest.mark.parametrize("column", ["department_id", "school_class_id", "cohort_id"])
def test_another_department_class_or_cohort_is_marked(world: World, column: str) -> None:
    graduate = reporting.approved(world)
    before = reporting.entry(graduate, Part.ORIGIN).version
    other = {
        "cohort_id": lambda: factories.make_cohort(world.school, world.cohort.year + 1).pk,
        "department_id": lambda: world.departments[1].pk,
        "school_class_id": lambda: world.classes[0][1].pk,
    }[column]()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("UPDATE graduates_graduate SET {} = %s WHERE id = %s").format(
                    sql.Identifier(column)
                ),
                [other, graduate.pk],
            )
        assert reporting.entry(graduate, Part.ORIGIN).version == before + 1
        transaction.set_rollback(True)


def test_what_names_a_graduate_to_the_national_system_is_school_year_and_number() -> None:
    assert {f.national for f in KEY_FIELDS} == {"nd", "yxdm", "ksh"}


def test_the_province_can_register_a_code_for_every_reported_code_table() -> None:
    assert set(TABLE_NAMES) == set(CODE_TABLES)


# --- what is installed is what is declared ------------------------------------------------------


def _definitions(schema: str) -> set[str]:
    """The triggers of the ledger on the tables of a schema, as PostgreSQL writes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE 'national\\_%%'"
            " AND (n.nspname = %s OR n.oid = CASE WHEN %s = 'temporary' THEN pg_my_temp_schema() END)",
            [schema, schema],
        )
        return {text.replace("pg_temp.", "public.") for (text,) in cursor.fetchall()}


def test_the_installed_triggers_are_those_declared() -> None:
    """Exactly: none missing, none more, the same columns. Those declared are made on empty
    temporary tables of the same columns, so that PostgreSQL writes both."""
    declared = triggers.triggers()
    with connection.cursor() as cursor:
        for table in sorted({trigger.table for trigger in declared}):
            cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE public.{table}) ON COMMIT DROP")
        for trigger in declared:
            cursor.execute(trigger.create)
    assert _definitions("public") == _definitions("temporary")


def test_the_installed_functions_are_those_declared() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'national\\_%'")
        installed = dict(cursor.fetchall())
    assert installed == {function.name: function.body for function in triggers.functions()}
