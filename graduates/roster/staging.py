"""The part of a roster import that runs in the database: stage rows by COPY, classify and apply them.

Rows were checked one by one before. Here they are compared with the records of the school, in one
statement for all rows: whether a student is known, locked or in another 届, whether an exam number
is taken, and which values differ.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from codes.findings import Finding
from core.audit import Actor
from graduates import hooks
from graduates.fields import BY_KEY
from graduates.roster.checker import CheckedRow
from graduates.states import Confirmation, Standing

TABLE = "graduates_rosterrow"
# Columns of a graduate that hold a roster's value as it is, by field key. The values of the other
# fields name rows of other tables.
_DIRECT = [
    k for k in BY_KEY
    if k not in ("year", "department", "school_class", "id_type", "id_number")
]  # fmt: skip
_COLUMNS = [*_DIRECT, "name_sort"]


def delete_staged_rows(import_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE} WHERE import_id = %s", [import_id])


def count_staged_rows(import_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE} WHERE import_id = %s", [import_id])
        return cursor.fetchone()[0]


def stage_rows(import_id: int, rows: Iterable[CheckedRow], cohorts: dict[int, int]) -> None:
    """Write rows into the staging table. `cohorts` maps a year to the id of the school's cohort."""
    delete_staged_rows(import_id)
    head = ["import_id", "row", "cohort_id", "department", "school_class", "id_type", "id_number"]
    names = ", ".join(f'"{c}"' for c in [*head, *_COLUMNS])
    empty = _empty_values()
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {TABLE} ({names}) FROM STDIN") as copy:
            for row in rows:
                v = empty | row.values
                copy.write_row((import_id, row.number, cohorts[v["year"]], *_values_to_stage(v)))
        # Without new statistics PostgreSQL plans the joins that follow for an empty table.
        cursor.execute(f"ANALYZE {TABLE} (import_id, student_no, exam_no, id_number)")


# Picks all values of a record that are staged.
_values_to_stage = operator.itemgetter(
    "department", "school_class", "id_type", "id_number", *_COLUMNS
)


def _empty_values() -> dict[str, Any]:
    return {k: BY_KEY[k].empty for k in (*_DIRECT, "id_type") if not BY_KEY[k].required}


def _staged_value(key: str) -> str:
    """The SQL of the value that a staged row `s` gives the graduate `g`. What the graduate is asked for
    stays where the roster is empty, because only the graduate may have filled it in."""
    staged = f's."{key}"'
    return f'coalesce({staged}, g."{key}")' if BY_KEY[key].asked_of_graduate else staged


@dataclass
class Plan:
    """The staged rows of one import, compared with the records of its school. `keys` are the fields
    that the workbook has; the import leaves all other fields alone."""

    import_id: int
    school_id: int
    keys: list[str]

    # --- comparing --------------------------------------------------------------------------

    def _compared(self) -> list[tuple[str, str, str]]:
        """For every field of the workbook: its key, the SQL of the stored value, and the SQL of the
        staged value."""
        pairs = []
        for key in self.keys:
            if key == "department":
                pairs.append((key, "gd.name", "s.department"))
            elif key == "school_class":
                pairs.append((key, "gc.name", "s.school_class"))
            elif key in ("id_type", "id_number"):
                pairs.append((key, f"p.{key}", f"s.{key}"))
            elif key in _DIRECT:
                pairs.append((key, f'g."{key}"', _staged_value(key)))
        return pairs

    _JOIN = """
        JOIN graduates_graduate g ON g.school_id = %(school)s AND g.student_no = s.student_no
        JOIN graduates_person p ON p.id = g.person_id
        JOIN schools_department gd ON gd.id = g.department_id
        JOIN schools_schoolclass gc ON gc.id = g.school_class_id
    """

    # The department, class and person that a staged row names, which have been added before.
    _NAMED = """
        JOIN schools_department d ON d.school_id = %(school)s AND d.name = s.department
        JOIN schools_schoolclass c ON c.school_id = %(school)s AND c.cohort_id = s.cohort_id
          AND c.department_id = d.id AND c.name = s.school_class
        JOIN graduates_person p ON p.school_id = %(school)s AND p.id_number = s.id_number
          AND p.id_type = s.id_type
    """

    def _differs(self) -> str:
        return " OR ".join(f"{g} IS DISTINCT FROM {s}" for _, g, s in self._compared()) or "false"

    @property
    def _values(self) -> dict[str, Any]:
        return {"school": self.school_id, "import": self.import_id}

    def keep_stored_values(self, cells: Iterable[tuple[int, str, str | None]]) -> None:
        """Stage the stored value again in these cells, given as (row number, key of a field, words), so
        that the import does not change it; with words only where the stored value is just these. A
        new record has none and stays as it was read."""
        by_key: dict[str, list[tuple[int, str | None]]] = {}
        for number, key, words in cells:
            by_key.setdefault(key, []).append((number, words))
        with connection.cursor() as cursor:
            for key, stored, _ in self._compared():
                if key not in by_key:
                    continue
                numbers, contents = zip(*by_key[key], strict=True)
                cursor.execute(
                    f"""UPDATE {TABLE} t SET "{key}" = {stored}
                        FROM {TABLE} s {self._JOIN}
                        JOIN unnest(%(rows)s::int[], %(words)s::text[]) AS w (row, words)
                          ON w.row = s.row AND (w.words IS NULL OR w.words = {stored}::text)
                        WHERE s.import_id = %(import)s
                          AND t.import_id = s.import_id AND t.row = s.row""",
                    self._values | {"rows": list(numbers), "words": list(contents)},
                )

    # --- conflicts with other records --------------------------------------------------------

    def conflicts(self) -> list[tuple[int, Finding]]:
        """(row number, finding) for staged rows that contradict another record."""
        findings: list[tuple[int, Finding]] = []
        with connection.cursor() as cursor:
            for sql, code, field, is_error, message in self._conflict_queries():
                cursor.execute(sql, self._values)
                for row, *values in cursor.fetchall():
                    text = message.format(*values)
                    finding = Finding(code, text, is_error=is_error, field=field)
                    findings.append((row, finding))
        return findings

    def _conflict_queries(self) -> list[tuple[str, str, str, bool, str]]:
        base = f"FROM {TABLE} s {self._JOIN} WHERE s.import_id = %(import)s"
        return [
            (
                f"""SELECT s.row, c.year FROM {TABLE} s
                    JOIN graduates_graduate g
                      ON g.school_id = %(school)s AND g.student_no = s.student_no
                    JOIN schools_cohort c ON c.id = g.cohort_id
                    WHERE s.import_id = %(import)s AND g.cohort_id <> s.cohort_id""",
                "student_no_other_cohort", "student_no", True,
                "学号已在{}届中，如为延期请在该生源信息中办理",
            ),
            (
                f"""SELECT s.row, c.year FROM {TABLE} s JOIN schools_cohort c ON c.id = s.cohort_id
                    WHERE s.import_id = %(import)s AND c.sealed_at IS NOT NULL""",
                "cohort_sealed", "year", True, "{}届已封存，不再接受导入",
            ),
            (
                f"""SELECT s.row, g.name {base} AND g.cohort_id = s.cohort_id
                    AND g.name <> s.name AND p.id_number <> s.id_number""",
                "student_no_other_person", "student_no", True,
                "学号已属于另一人（{}），姓名和证件号码都不一致",
            ),
            (
                f"""SELECT s.row {base} AND g.cohort_id = s.cohort_id
                    AND g.confirmation = '{Confirmation.LOCKED}' AND ({self._differs()})""",
                "locked", "student_no", True, "已锁定，未作修改；需要修改请先解锁",
            ),
            (
                f"""SELECT s.row, g.student_no FROM {TABLE} s
                    JOIN graduates_graduate g ON g.school_id = %(school)s
                      AND g.cohort_id = s.cohort_id AND g.exam_no = s.exam_no
                    WHERE s.import_id = %(import)s AND g.student_no <> s.student_no""",
                "exam_no_taken", "exam_no", True, "考生号已属于学号{}的毕业生",
            ),
            (
                f"""SELECT s.row, g.student_no FROM {TABLE} s
                    JOIN graduates_person p ON p.school_id = %(school)s
                      AND p.id_number = s.id_number AND p.id_type = s.id_type
                    JOIN graduates_graduate g ON g.person_id = p.id AND g.cohort_id = s.cohort_id
                    WHERE s.import_id = %(import)s AND g.student_no <> s.student_no""",
                "person_twice", "id_number", True, "同一证件号码在本届已有学号{}的记录",
            ),
            (
                f"""SELECT s.row, min(sch.name) FROM {TABLE} s
                    JOIN schools_cohort mine ON mine.id = s.cohort_id
                    JOIN graduates_person p ON p.id_number = s.id_number
                      AND p.id_type = s.id_type AND p.school_id <> %(school)s
                    JOIN graduates_graduate g ON g.person_id = p.id
                      AND g.standing = '{Standing.ENROLLED}'
                    JOIN schools_cohort theirs ON theirs.id = g.cohort_id
                      AND theirs.year = mine.year
                    JOIN schools_school sch ON sch.id = p.school_id
                    WHERE s.import_id = %(import)s GROUP BY s.row""",
                "person_elsewhere", "id_number", False,
                "信息重复：同一证件号码在{}的同届中也有记录，由省级核定",
            ),
        ]  # fmt: skip

    def refuse(self, rows: Iterable[int]) -> None:
        """Delete staged rows by their numbers, so that they are not imported."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {TABLE} WHERE import_id = %s AND row = ANY(%s)",
                [self.import_id, list(rows)],
            )

    def classify(self) -> dict[str, int]:
        """Note for each staged row whether it is new, changes a record, or changes nothing. Returns
        how many there are of each."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE {TABLE} t SET status = m.status, graduate_id = m.graduate_id
                    FROM (
                        SELECT s.row, g.id AS graduate_id,
                               CASE WHEN {self._differs()} THEN 'updated' ELSE 'unchanged' END
                                 AS status
                        FROM {TABLE} s {self._JOIN} WHERE s.import_id = %(import)s
                    ) m WHERE t.import_id = %(import)s AND t.row = m.row""",
                self._values,
            )
            cursor.execute(
                f"SELECT coalesce(status, 'created'), count(*) FROM {TABLE}"
                " WHERE import_id = %(import)s GROUP BY 1",
                self._values,
            )
            counts = {"created": 0, "updated": 0, "unchanged": 0}
            counts.update(dict(cursor.fetchall()))
        return counts

    def new_names(self) -> dict[str, list[str]]:
        """The departments, classes and majors that the roster names and the school does not have."""
        queries = {
            "departments": f"""
                SELECT DISTINCT s.department FROM {TABLE} s WHERE s.import_id = %(import)s
                AND NOT EXISTS (SELECT 1 FROM schools_department d
                    WHERE d.school_id = %(school)s AND d.name = s.department) ORDER BY 1""",
            "classes": f"""
                SELECT DISTINCT s.department || ' ' || s.school_class FROM {TABLE} s
                WHERE s.import_id = %(import)s AND NOT EXISTS (
                    SELECT 1 FROM schools_schoolclass c JOIN schools_department d
                      ON d.id = c.department_id
                    WHERE c.school_id = %(school)s AND c.cohort_id = s.cohort_id
                      AND d.name = s.department AND c.name = s.school_class) ORDER BY 1""",
            "majors": f"""
                SELECT DISTINCT s.major_code || ' ' || s.major_name FROM {TABLE} s
                WHERE s.import_id = %(import)s AND s.status IS DISTINCT FROM 'unchanged'
                AND NOT EXISTS (SELECT 1 FROM schools_major m
                    WHERE m.school_id = %(school)s AND m.code = s.major_code
                      AND m.name = s.major_name) ORDER BY 1""",
        }
        names = {}
        with connection.cursor() as cursor:
            for name, sql in queries.items():
                cursor.execute(sql, self._values)
                names[name] = [row[0] for row in cursor.fetchall()]
        return names

    # --- applying ----------------------------------------------------------------------------

    def apply(self, actor: Actor) -> None:
        """Write what `classify` noted. Runs in the caller's transaction."""
        values = self._values | {
            "actor": actor.id, "realm": actor.realm, "label": actor.label,
        }  # fmt: skip
        with connection.cursor() as cursor:
            for statement in (*self._dictionary_statements(), *self._history_statements()):
                cursor.execute(statement, values)  # before the old values are overwritten
            # The planner has no statistics of rows that were just written and would look up each
            # by an index. All joined rows are of one school, so the tables to hash stay small.
            cursor.execute("SET LOCAL enable_nestloop = off")
            for statement in (
                *self._person_statements(),
                *self._update_statements(),
                *self._create_statements(),
            ):
                cursor.execute(statement, values)
            cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
        hooks.imported.run(school_id=self.school_id, import_id=self.import_id)

    def _dictionary_statements(self) -> list[str]:
        return [
            f"""INSERT INTO schools_department (school_id, name, is_active)
                SELECT DISTINCT %(school)s, department, true FROM {TABLE}
                WHERE import_id = %(import)s AND status IS DISTINCT FROM 'unchanged'
                ORDER BY 2 ON CONFLICT DO NOTHING""",
            f"""INSERT INTO schools_schoolclass (school_id, cohort_id, department_id, name)
                SELECT DISTINCT %(school)s, s.cohort_id, d.id, s.school_class
                FROM {TABLE} s JOIN schools_department d
                  ON d.school_id = %(school)s AND d.name = s.department
                WHERE s.import_id = %(import)s AND s.status IS DISTINCT FROM 'unchanged'
                ORDER BY 2, 3, 4 ON CONFLICT DO NOTHING""",
            f"""INSERT INTO schools_major (school_id, code, name, is_active)
                SELECT DISTINCT %(school)s, major_code, major_name, true FROM {TABLE}
                WHERE import_id = %(import)s AND status IS DISTINCT FROM 'unchanged'
                ORDER BY 2, 3 ON CONFLICT DO NOTHING""",
            f"""INSERT INTO graduates_person (school_id, id_type, id_number, code_counter)
                SELECT %(school)s, id_type, id_number, 0 FROM {TABLE}
                WHERE import_id = %(import)s AND status IS NULL
                ON CONFLICT DO NOTHING""",
        ]

    def _person_statements(self) -> list[str]:
        """Change the document's number of a person, unless another person of the school has the new
        one."""
        return [
            f"""UPDATE graduates_person p SET id_type = s.id_type, id_number = s.id_number
                FROM {TABLE} s JOIN graduates_graduate g
                  ON g.school_id = %(school)s AND g.id = s.graduate_id
                WHERE s.import_id = %(import)s AND s.status = 'updated' AND p.id = g.person_id
                  AND p.school_id = %(school)s
                  AND (p.id_number, p.id_type) IS DISTINCT FROM (s.id_number, s.id_type)
                  AND NOT EXISTS (SELECT 1 FROM graduates_person other
                    WHERE other.school_id = %(school)s AND other.id_number = s.id_number
                      AND other.id_type = s.id_type)""",
        ]

    def _history_statements(self) -> list[str]:
        changes = ", ".join(
            f"'{key}', CASE WHEN {g} IS DISTINCT FROM {s} THEN jsonb_build_array({g}, {s}) END"
            for key, g, s in self._compared()
        )
        ids = f"SELECT graduate_id FROM {TABLE} WHERE import_id = %(import)s AND status = 'updated'"
        return [
            f"""SELECT id FROM graduates_graduate WHERE id IN ({ids})
                ORDER BY id FOR NO KEY UPDATE""",
            f"""INSERT INTO core_event (actor_id, actor_realm, actor_label, school_id, action,
                    object_type, object_id, object_label, reason, data)
                SELECT %(actor)s, %(realm)s, %(label)s, %(school)s, 'graduates.import_update',
                    'graduate', g.id, left(g.name || '(' || g.student_no || ')', 120), '',
                    jsonb_build_object('import', %(import)s, 'changes',
                        jsonb_strip_nulls(jsonb_build_object({changes})))
                FROM {TABLE} s {self._JOIN}
                WHERE s.import_id = %(import)s AND s.status = 'updated' ORDER BY s.row""",
        ]

    def _update_statements(self) -> list[str]:
        """Write changed values and end the graduate's confirmation (DOMAIN §2). Rows of locked records
        were refused before."""
        sets = "".join(f'"{k}" = {_staged_value(k)}, ' for k in self.keys if k in _DIRECT)
        return [
            f"""UPDATE graduates_graduate g SET {sets} name_sort = s.name_sort,
                    department_id = d.id, school_class_id = c.id, person_id = p.id,
                    confirmation = '{Confirmation.UNSUBMITTED}',
                    confirmed_at = NULL, confirmed_hash = '',
                    version = g.version + 1, updated_at = now()
                FROM {TABLE} s {self._NAMED}
                WHERE s.import_id = %(import)s AND s.status = 'updated'
                  AND g.school_id = %(school)s AND g.id = s.graduate_id""",
        ]

    def _create_statements(self) -> list[str]:
        columns = ", ".join(f'"{c}"' for c in _COLUMNS)
        staged = ", ".join(f's."{c}"' for c in _COLUMNS)
        return [
            f"""WITH new AS (
                    INSERT INTO graduates_graduate (school_id, cohort_id, person_id,
                        department_id, school_class_id, standing, confirmation, confirmed_hash,
                        locked_by, version, season, support_types, {columns})
                    SELECT %(school)s, s.cohort_id, p.id, d.id, c.id,
                        '{Standing.ENROLLED}', '{Confirmation.UNSUBMITTED}', '', '', 1, '', '{{}}',
                        {staged}
                    FROM {TABLE} s {self._NAMED}
                    WHERE s.import_id = %(import)s AND s.status IS NULL ORDER BY s.row
                    RETURNING id, name, student_no
                )
                INSERT INTO core_event (actor_id, actor_realm, actor_label, school_id, action,
                    object_type, object_id, object_label, reason, data)
                SELECT %(actor)s, %(realm)s, %(label)s, %(school)s, 'graduates.import_create',
                    'graduate', id, left(name || '(' || student_no || ')', 120), '',
                    jsonb_build_object('import', %(import)s)
                FROM new""",
        ]


def lock_school(school_id: int) -> None:
    """One import at a time writes to a school; released at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('roster'), %s)", [school_id])
