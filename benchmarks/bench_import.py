"""bin/bench import [ROUNDS]: a roster of 50,000 rows, from the upload to the confirmed result.

Both phases run with all checks. Each round starts in a new database and also measures, for
comparison: COPY of the same rows into a copy of the table with keys, foreign keys and indexes
(the fastest possible), COPY into a table without them, and django-import-export's default
ModelResource.

Last line: {"rows_per_s", "copy_ratio", "stock_ratio", "table_cost"}: our rows a second; COPY's
time ÷ ours; our rows a second ÷ those of django-import-export; time of COPY with keys and indexes ÷
without.
"""

from __future__ import annotations

import statistics
import sys
from io import BytesIO
from typing import TYPE_CHECKING

from benchmarks import made_up, measure

if TYPE_CHECKING:
    from openpyxl import Workbook

    from schools.models import School

ROWS, STOCK_ROWS, ROUNDS, COPIES = 50_000, 2_000, 5, 5
_TABLE = "graduates_graduate"


def main() -> None:
    measure.start_django()
    rows = made_up.roster_rows(ROWS)
    content = made_up.workbook(rows)
    print(f"workbook of {ROWS} rows, {len(content) / 1e6:.1f} MB", flush=True)
    figures: dict[str, list[float]] = {}
    for round_ in range(int(sys.argv[1]) if sys.argv[1:] else ROUNDS):
        name = f"import_{round_}"
        measure.clone(name)
        measure.use(measure.connection_to(name))
        times = _round(name, content)
        print({key: round(seconds, 2) for key, seconds in times.items()}, flush=True)
        for key, seconds in times.items():
            figures.setdefault(key, []).append(seconds)
    for key, values in figures.items():
        measure.show(key, values, "" if key == "table cost" else "s")
    middle = {key: statistics.median(values) for key, values in figures.items()}
    ours = ROWS / middle["import"]
    measure.finish(
        rows_per_s=ours,
        copy_ratio=middle["copy"] / middle["import"],
        stock_ratio=ours / (STOCK_ROWS / middle["stock"]),
        table_cost=middle["table cost"],
    )


def _round(name: str, content: bytes) -> dict[str, float]:
    """Seconds of each part, in the database `name`."""
    from schools.models import Cohort, School

    school = School.objects.create(code="10001", name="第一大学")
    Cohort.objects.create(
        school=school, year=made_up.YEAR, opens_on="2020-01-01", ends_on="2090-12-31"
    )
    seconds = _import(school, content)
    seconds |= _copy_times(name)
    seconds["stock"] = _stock(school)
    return seconds


def _import(school: School, content: bytes) -> dict[str, float]:
    from core.audit import SYSTEM
    from core.models import Event
    from destinations.models import Destination
    from graduates.actions import roster
    from graduates.models import Graduate

    with measure.stopwatch() as whole:
        with measure.stopwatch() as first:
            row = roster.upload(school=school, content=content, name="名册.xlsx", by=SYSTEM)
            row = roster.check(row.pk)
        with measure.stopwatch() as second:
            roster.confirm(roster_import=row, by=SYSTEM)
            row = roster.apply(row.pk)
    assert row.state == "done", (row.state, row.problem)
    assert row.counts == {"created": ROWS, "updated": 0, "unchanged": 0, "rejected": 0}, (
        row.counts,
        list(row.issues.values_list("row", "column", "message")[:5]),
    )
    assert Graduate.objects.count() == Destination.objects.count() == ROWS
    assert Event.objects.filter(action="graduates.import_create").count() == ROWS
    return {"import": whole.seconds, "  check": first.seconds, "  apply": second.seconds}


def _copy_times(name: str) -> dict[str, float]:
    """Seconds of COPY of the graduates just made, into tables with and without keys and indexes.

    A COPY without keys takes a fifth of a second, and the machine's speed changes from one second
    to the next. So both are measured in turn several times, and the medians are returned. Vacuum
    and checkpoint run before, because the import leaves work for them.
    """
    with measure.owner(name) as c:
        c.execute("VACUUM ANALYZE")
        with c.cursor().copy(f"COPY (SELECT * FROM {_TABLE} ORDER BY id) TO STDOUT") as out:
            data = b"".join(out)
        keys = c.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            f" WHERE conrelid = '{_TABLE}'::regclass AND contype = 'f'"
        ).fetchall()
        times: dict[str, list[float]] = {"bare copy": [], "copy": []}
        for _ in range(COPIES):
            c.execute(f"CREATE TABLE bare (LIKE {_TABLE})")
            c.execute(f"CREATE TABLE whole (LIKE {_TABLE} INCLUDING ALL)")
            for (definition,) in keys:
                c.execute(f"ALTER TABLE whole ADD {definition}")
            for table, label in (("bare", "bare copy"), ("whole", "copy")):
                c.execute("CHECKPOINT")
                with measure.stopwatch() as watch, c.cursor().copy(f"COPY {table} FROM STDIN") as t:
                    t.write(data)
                times[label].append(watch.seconds)
            c.execute("DROP TABLE bare, whole")
    times["table cost"] = [b / a for a, b in zip(*times.values(), strict=True)]
    return {label: statistics.median(values) for label, values in times.items()}


def _stock(school: School) -> float:
    """Seconds of django-import-export without options: graduates only, related rows by their id."""
    from import_export import resources
    from import_export.formats.base_formats import XLSX

    from graduates.models import Graduate

    class Stock(resources.ModelResource):
        class Meta:
            model = Graduate

    content = BytesIO()
    book = _stock_workbook()
    book.save(content)
    with measure.stopwatch() as watch:
        dataset = XLSX().create_dataset(content.getvalue())
        result = Stock().import_data(dataset, dry_run=False)
    refused = [r.error for r in result.invalid_rows[:1]] + result.row_errors()[:1]
    assert result.totals["new"] == STOCK_ROWS, (result.totals, refused)
    return watch.seconds


def _stock_workbook() -> Workbook:
    """Copies of the first graduates as new persons: other numbers and no id."""
    from openpyxl import Workbook

    from graduates.models import Graduate, Person

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    names = [f.attname for f in Graduate._meta.concrete_fields]
    sheet.append([f.name for f in Graduate._meta.concrete_fields])
    first = list(Graduate.objects.select_related("school").order_by("id")[:STOCK_ROWS])
    persons = Person.objects.bulk_create(
        Person(school_id=g.school_id, id_number=f"S{g.pk:017}") for g in first
    )
    for graduate, person in zip(first, persons, strict=True):
        values = {n: getattr(graduate, n) for n in names}
        values |= {"id": None, "person_id": person.pk, "student_no": f"S{graduate.student_no}"}
        values |= {"exam_no": f"S{graduate.exam_no}", "support_types": ""}
        sheet.append([_plain(values[n]) for n in names])
    return book


def _plain(value: object) -> object:
    return value.replace(tzinfo=None) if getattr(value, "tzinfo", None) else value


if __name__ == "__main__":
    main()
