"""What a year brings around the registration, for a province that `made_up.fill` has made: every graduate
has a job with a unit, a piece of evidence with its print, and a history."""

from __future__ import annotations

import psycopg

# Graduates of one unit, and every how many graduates something is planted.
_OF_UNIT = 9
PLANTED = 1000


def fill(connection: psycopg.Connection) -> None:
    """`connection` is the owner's: triggers are off while rows are written."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'")
        cursor.execute("DROP TABLE IF EXISTS made_up_unit")
        _jobs(cursor)
        _evidence(cursor)
        _history(cursor)
        cursor.execute("RESET session_replication_role")
        for table in (
            "destinations_destination", "destinations_evidence", "core_storedfile",
            "quality_evidenceprint", "destinations_destinationevent",
        ):  # fmt: skip
            cursor.execute(f"VACUUM (FREEZE, ANALYZE) {table}")


def _jobs(cursor: psycopg.Cursor) -> None:
    """A job for everybody. Of each thousand graduates a few have what the rules look for."""
    cursor.execute(
        f"""
        UPDATE destinations_destination d SET category = '11', state = 'school_approved',
            unit_name = '第' || u.n || '有限公司', unit_code = u.code, unit_division = '340111',
            job_category = (ARRAY['13', '24', '21', '27'])[1 + d.graduate_id % 4],
            job_title = CASE WHEN d.graduate_id % {PLANTED} = 1 THEN '实习生' ELSE '工程师' END,
            contact_phone = '0551-' || lpad((u.n + 1000000)::text, 8, '0'),
            contact_mobile = CASE WHEN d.graduate_id % {PLANTED} = 2 THEN g.mobile
                             WHEN d.graduate_id % {PLANTED} IN (100, 110, 120) THEN
                             '159' || lpad((d.graduate_id / {PLANTED})::text, 8, '0') ELSE '' END,
            monthly_wage = CASE WHEN d.graduate_id % {PLANTED} = 3 THEN 900
                           ELSE 4000 + (d.graduate_id::bigint * 7919 % 6000) END,
            school_at = timestamptz '2027-03-01' + (d.graduate_id % 100) * interval '1 day',
            school_by = '试用'
        FROM graduates_graduate g
        CROSS JOIN LATERAL (
            SELECT g.id / {_OF_UNIT} AS n,
                '91340100MA' || upper(substr(md5((g.id / {_OF_UNIT})::text), 1, 8)) AS code) u
        WHERE g.id = d.graduate_id
        """
    )


def _evidence(cursor: psycopg.Cursor) -> None:
    """One picture each. Every thousandth is that of its neighbour, once the same bytes, once a copy that
    differs in three bits."""
    same = f"CASE WHEN id % {PLANTED} = 7 THEN id - 1 ELSE id END"
    seen = f"CASE WHEN id % {PLANTED} = 9 THEN id - 1 ELSE {same} END"
    hashed = f"('x' || substr(md5(({seen})::text), 1, 16))::bit(64)::bigint"
    cursor.execute(
        f"""
        INSERT INTO core_storedfile (id, key, sha256, size, content_type, name, purpose, school_id, created_at)
          SELECT id, 'evidence/made-up/' || id, encode(sha256(({same})::text::bytea), 'hex'), 1000,
                 'image/jpeg', '合同.jpg', 'evidence', school_id, now() FROM graduates_graduate;
        INSERT INTO destinations_evidence (id, graduate_id, file_id, category, created_at)
          SELECT id, id, id, '11', now() FROM graduates_graduate;
        INSERT INTO quality_evidenceprint (sha256, dhash, state, attempts, due_at, token, progress, problem)
          SELECT encode(sha256(({same})::text::bytea), 'hex'),
                 min({hashed} # CASE WHEN id % {PLANTED} = 9 THEN 4398046511617 ELSE 0 END),
                 'done', 1, now(), 1, 100, ''
          FROM graduates_graduate GROUP BY 1;
        """
    )


def _history(cursor: psycopg.Cursor) -> None:
    """An entry for everybody by one account a department, a quarter of an hour apart."""
    cursor.execute(
        """
        INSERT INTO destinations_destinationevent (graduate_id, school_id, at, action, actor_id,
            actor_realm, actor_label, from_state, to_state, reason, snapshot)
          SELECT id, school_id, timestamptz '2027-01-01' +
                 row_number() OVER (PARTITION BY department_id ORDER BY id) * interval '15 minutes',
                 'enter', department_id, 'staff', '试用', 'unsubmitted', 'school_approved', '', '{}'
          FROM graduates_graduate
        """
    )
