"""Writing what a run found, whatever its size in a few statements, and closing what it no longer finds.

A finding is recognised by its fingerprint, so that a run that is begun again, or run once more, makes no
second one. Everything here runs inside the transaction of `jobs.writing`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from core.clock import database_now
from graduates.actions.corrections import due_on
from quality import holding
from quality.models import Rule, Run
from quality.states import HOLDING, FindingState

_S = FindingState
_OPENED_AGAIN = (_S.CORRECTED, _S.GONE)
_VANISHING = tuple(state for state in HOLDING if state != _S.DISPUTED)

_WRITE = """
    INSERT INTO quality_finding (rule_id, graduate_id, school_id, cohort_id, department_id, run_id,
        fingerprint, subject, sentence, evidence, state, owner, due_on, note, decided_by, version,
        created_at, seen_at)
    SELECT DISTINCT ON (fingerprint) %(rule)s, f.graduate_id, coalesce(g.school_id, f.school_id),
        coalesce(g.cohort_id, f.cohort_id), f.department_id, %(run)s, {fingerprint} AS fingerprint,
        {subject}, left(f.sentence, 400), f.evidence, 'open', %(owner)s, %(due_on)s, '', '', 1,
        %(now)s, %(now)s
    FROM ({found}) f LEFT JOIN graduates_graduate g ON g.id = f.graduate_id
    ON CONFLICT (fingerprint) DO UPDATE SET run_id = excluded.run_id, seen_at = excluded.seen_at,
        subject = excluded.subject, sentence = excluded.sentence, evidence = excluded.evidence,
        cohort_id = excluded.cohort_id
    RETURNING xmax = 0 AS is_new"""
_HASH = "encode(sha256(convert_to(concat_ws('|', {}), 'UTF8')), 'hex')"
_SQL_ROWS = """
    SELECT * FROM jsonb_to_recordset(%(found_rows)s::jsonb) AS r(graduate_id bigint, school_id bigint,
        cohort_id bigint, department_id bigint, matter text, subject text, sentence text, evidence jsonb)"""
_EVENTS = """
    INSERT INTO core_event (actor_realm, actor_label, school_id, action, object_type, object_id,
        object_label, reason, data)
    SELECT 'system', '系统', school_id, %(action)s, 'finding', id, concat('核查问题 ', id), '',
        jsonb_build_object('from', was, 'to', %(to)s::text, 'run', %(run)s::bigint) FROM changed"""


def write(run: Run, rule: Rule, sql: str, values: Mapping[str, Any]) -> Counter[str]:
    """Write what the query finds. Returns how many were found, how many of these are new, and how many
    were closed and are open again."""
    params = {**values, **_params(run, rule)}
    fingerprint = _HASH.format(
        "%(rule)s::text, coalesce(f.graduate_id, 0), "
        "CASE WHEN f.graduate_id IS NULL THEN concat(f.school_id, '|', f.cohort_id) END, f.matter"
    )
    subject = _HASH.format("%(rule)s::text, f.subject")
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH written AS ({_WRITE.format(found=sql, fingerprint=fingerprint, subject=subject)}) "
            "SELECT count(*), count(*) FILTER (WHERE is_new) FROM written",
            params,
        )
        found, new = cursor.fetchone()
        cursor.execute(
            f"""WITH before AS (
                    SELECT id, state AS was FROM quality_finding
                    WHERE run_id = %(run)s AND rule_id = %(rule)s AND state = ANY(%(again)s)
                    ORDER BY id FOR UPDATE),
                changed AS (
                    UPDATE quality_finding f SET state = 'open', closed_at = NULL, due_on = %(due_on)s,
                        note = '', decided_at = NULL, decided_by = '', version = version + 1
                    FROM before b WHERE b.id = f.id RETURNING f.id, f.school_id, b.was)
                {_EVENTS}""",
            params | {"again": list(_OPENED_AGAIN), "action": "quality.find_again", "to": "open"},
        )
        again = cursor.rowcount
    return Counter(found=found, new=new, again=again)


def write_rows(run: Run, rule: Rule, rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Write findings that were made one by one, with the columns of a rule's query."""
    if not rows:
        return Counter()
    return write(run, rule, _SQL_ROWS, {"found_rows": json.dumps(list(rows), ensure_ascii=False)})


def close_vanished(run: Run, rules: Sequence[str], cohorts: Sequence[int]) -> int:
    """Close the findings of these rules in the run's cohorts that nothing has found since the run began.
    Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH before AS (
                    SELECT id, state AS was FROM quality_finding
                    WHERE rule_id = ANY(%(rules)s) AND cohort_id = ANY(%(cohorts)s)
                      AND state = ANY(%(vanishing)s) AND seen_at < %(since)s ORDER BY id FOR UPDATE),
                changed AS (
                    UPDATE quality_finding f SET state = 'gone', closed_at = statement_timestamp(),
                        version = version + 1
                    FROM before b WHERE b.id = f.id
                    RETURNING f.id, f.school_id, f.graduate_id, b.was),
                logged AS ({_EVENTS} RETURNING 1)
                SELECT c.graduate_id FROM changed c""",
            {
                "rules": list(rules), "cohorts": list(cohorts), "vanishing": list(_VANISHING),
                "since": run.started_at, "run": run.pk, "action": "quality.vanish", "to": "gone",
            },
        )  # fmt: skip
        gone = [row[0] for row in cursor.fetchall()]
    holding.release(gone)
    return len(gone)


def _params(run: Run, rule: Rule) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "rule": rule.key, "run": run.pk, "owner": rule.owner, "now": database_now(),
        "due_on": due_on(today, rule.due_days),
    }  # fmt: skip
