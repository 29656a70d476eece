"""Suspicion rules about when and by whom destinations were entered and approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.screening.scope import OF_GRADUATE, Query


def burst(values: Mapping[str, Any]) -> Query:
    """One staff account entered many destinations one by one within minutes. What an import wrote between
    its confirmation and its end does not count."""
    sql = f"""
        WITH imports AS (
            SELECT i.by_id, min(v.at) AS began, coalesce(i.finished_at, now()) AS ended
            FROM destinations_destinationimport i JOIN core_event v
              ON v.object_type = 'destinationimport' AND v.object_id = i.id
             AND v.action = 'destinations.import_confirm'
            GROUP BY i.id),
        entered AS (
            SELECT e.id, e.at, e.actor_id, e.actor_label, e.graduate_id
            FROM destinations_destinationevent e JOIN graduates_graduate g ON g.id = e.graduate_id
            WHERE e.action = 'enter' AND e.actor_realm = 'staff' AND g.cohort_id = ANY(%(cohorts)s)
              AND g.standing = 'enrolled'
              AND NOT EXISTS (SELECT 1 FROM imports i WHERE i.by_id = e.actor_id
                              AND e.at BETWEEN i.began AND i.ended)),
        numbered AS (
            SELECT *, row_number() OVER account AS n,
                lead(at, %(least)s - 1) OVER account - at <= make_interval(mins => %(minutes)s) AS begins
            FROM entered WINDOW account AS (PARTITION BY actor_id ORDER BY at, id)),
        reached AS (
            SELECT *, max(CASE WHEN begins THEN n + %(least)s - 1 END)
                OVER (PARTITION BY actor_id ORDER BY n) AS until
            FROM numbered),
        inside AS (
            SELECT *, n - row_number() OVER (PARTITION BY actor_id ORDER BY n) AS island
            FROM reached WHERE until >= n),
        bursts AS (
            SELECT actor_id, island, count(*) AS n, min(at) AS began, max(at) AS ended, min(id) AS first
            FROM inside GROUP BY 1, 2)
        SELECT DISTINCT ON (i.graduate_id, b.first) i.graduate_id, {OF_GRADUATE},
            concat(b.actor_id, '|', b.first) AS matter, concat(b.actor_id, '|', b.first) AS subject,
            concat('帐号“', i.actor_label, '”在',
                greatest(1, ceil(extract(epoch FROM b.ended - b.began) / 60))::int, '分钟内逐条录入了',
                b.n, '条去向。') AS sentence,
            jsonb_build_object('staff', i.actor_label, 'staff_ids', jsonb_build_array(i.actor_id),
                'count', b.n,
                'first_at', to_char(b.began AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'),
                'last_at', to_char(b.ended AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS'))
                AS evidence
        FROM inside i JOIN bursts b USING (actor_id, island)
        ORDER BY i.graduate_id, b.first, i.id"""
    return sql, {}


def share_jump(values: Mapping[str, Any]) -> Query:
    """The share of 12 and 76 in a department is far from that of the year before."""
    sql = """
        WITH counted AS (
            SELECT c.school_id, c.year, g.department_id, count(*) AS total,
                count(*) FILTER (WHERE d.category IN ('12', '76') AND d.state IN
                    ('department_approved', 'school_approved')) AS flexible
            FROM graduates_graduate g
            JOIN schools_cohort c ON c.id = g.cohort_id
            JOIN destinations_destination d ON d.graduate_id = g.id
            WHERE g.standing = 'enrolled' AND c.year IN (%(year)s, %(year)s - 1)
              AND c.school_id IN (SELECT school_id FROM schools_cohort WHERE id = ANY(%(cohorts)s))
            GROUP BY 1, 2, 3 HAVING count(*) >= %(least)s),
        compared AS (
            SELECT n.*, round(n.flexible * 100.0 / n.total, 2) AS share,
                round(o.flexible * 100.0 / o.total, 2) AS share_before
            FROM counted n JOIN counted o ON o.school_id = n.school_id
             AND o.department_id = n.department_id AND o.year = n.year - 1
            WHERE n.year = %(year)s)
        SELECT NULL::bigint AS graduate_id, c.school_id, k.id AS cohort_id, c.department_id,
            c.department_id::text AS matter, c.department_id::text AS subject,
            concat(p.name, '的灵活就业占比由上一届的', c.share_before, '%%变为', c.share, '%%。') AS sentence,
            jsonb_build_object('name', p.name, 'share', concat(c.share, '%%'),
                'before', concat(c.share_before, '%%'), 'count', c.flexible, 'compared', c.total)
                AS evidence
        FROM compared c JOIN schools_department p ON p.id = c.department_id
        JOIN schools_cohort k ON k.school_id = c.school_id AND k.year = c.year
        WHERE abs(c.share - c.share_before) >= %(points)s AND k.id = ANY(%(cohorts)s)"""
    return sql, {}


def late_wave(values: Mapping[str, Any]) -> Query:
    """A large part of a school's approvals came in the last days before the cohort's end."""
    sql = """
        WITH approved AS (
            SELECT d.school_id, d.cohort_id, c.ends_on,
                (coalesce(d.school_at, d.department_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM destinations_destination d JOIN schools_cohort c ON c.id = d.cohort_id
            JOIN graduates_graduate g ON g.id = d.graduate_id
            WHERE d.cohort_id = ANY(%(cohorts)s) AND g.standing = 'enrolled'
              AND d.state IN ('department_approved', 'school_approved')),
        counted AS (
            SELECT school_id, cohort_id, ends_on, count(*) AS total,
                count(*) FILTER (WHERE day > ends_on - %(days)s AND day <= ends_on) AS late
            FROM approved GROUP BY 1, 2, 3 HAVING count(*) >= %(least)s)
        SELECT NULL::bigint AS graduate_id, school_id, cohort_id, NULL::bigint AS department_id,
            '' AS matter, cohort_id::text AS subject,
            concat('审核通过的', total, '人中有', late, '人是在截止前', %(days)s::int, '天内审核的，占',
                   round(late * 100.0 / total, 2), '%%。') AS sentence,
            jsonb_build_object('late', late, 'approved', total, 'ends_on', ends_on,
                'share', concat(round(late * 100.0 / total, 2), '%%')) AS evidence
        FROM counted WHERE late * 100 >= total * %(percent)s"""
    return sql, {}
