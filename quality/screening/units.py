"""Suspicion rules about the units where graduates work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.screening.scope import OF_GRADUATE, Query, over_mine


def unit_cluster(values: Mapping[str, Any]) -> Query:
    """One unit that is not certified has very many graduates of a cohort, or of a class."""
    sql = over_mine(f"""
        certified AS (SELECT code FROM employers_unit WHERE certified_at IS NOT NULL),
        jobs AS (
            SELECT * FROM mine WHERE unit_code <> ''
              AND NOT EXISTS (SELECT 1 FROM certified WHERE code = unit_code)),
        in_cohort AS (
            SELECT cohort_id, unit_code, count(*) AS n FROM jobs GROUP BY 1, 2
            HAVING count(*) >= %(least)s),
        in_class AS (
            SELECT school_class_id, unit_code, count(*) AS n FROM jobs GROUP BY 1, 2
            HAVING count(*) >= %(class_least)s),
        sizes AS (
            SELECT school_class_id, count(*) AS size FROM graduates_graduate
            WHERE standing = 'enrolled'
              AND school_class_id IN (SELECT school_class_id FROM in_class) GROUP BY 1),
        crowded AS (
            SELECT i.*, s.size FROM in_class i JOIN sizes s USING (school_class_id)
            WHERE i.n * 100 >= s.size * %(class_percent)s)
        SELECT j.graduate_id, {OF_GRADUATE}, j.unit_code AS matter,
            concat(j.cohort_id, '|', j.unit_code) AS subject,
            concat('单位“', j.unit_name, '”未经认证，',
                CASE WHEN c.n IS NOT NULL THEN concat('本届有', c.n, '名毕业生登记在此单位')
                     ELSE concat('本班', r.size, '人中有', r.n, '人登记在此单位') END, '。') AS sentence,
            jsonb_strip_nulls(jsonb_build_object('unit', j.unit_name, 'unit_code', j.unit_code,
                'certified', '未认证', 'count', c.n, 'in_class', r.n, 'class_size', r.size)) AS evidence
        FROM jobs j
        LEFT JOIN in_cohort c ON c.cohort_id = j.cohort_id AND c.unit_code = j.unit_code
        LEFT JOIN crowded r ON r.school_class_id = j.school_class_id AND r.unit_code = j.unit_code
        WHERE c.n IS NOT NULL OR r.n IS NOT NULL""")
    return sql, {}


def unit_new_or_dead(values: Mapping[str, Any]) -> Query:
    """By the registry file the unit was founded shortly before the signing, or had ended by then. What
    the file does not have, nobody knows."""
    sql = over_mine(f"""
        signed AS (
            SELECT *, coalesce(signed_on, hired_from,
                (submitted_at AT TIME ZONE 'Asia/Shanghai')::date) AS day
            FROM mine WHERE unit_code <> ''),
        judged AS (
            SELECT s.*, r.registered_on, r.status, r.ended_on,
                r.status <> 'open' AND (r.ended_on IS NULL OR r.ended_on <= s.day) AS is_dead,
                coalesce(r.registered_on > s.day - %(days)s, false) AS is_new
            FROM signed s JOIN quality_registryunit r ON r.code = s.unit_code)
        SELECT graduate_id, {OF_GRADUATE}, unit_code AS matter, unit_code AS subject,
            concat('单位“', unit_name, '”',
                CASE WHEN is_dead THEN concat('在签约前已经',
                        CASE status WHEN 'cancelled' THEN '注销' ELSE '吊销' END)
                     ELSE concat(to_char(registered_on, 'YYYY-MM-DD'), '才成立，距签约不满',
                                 %(days)s::int, '天') END, '。') AS sentence,
            jsonb_strip_nulls(jsonb_build_object('unit', unit_name, 'unit_code', unit_code,
                'signed_on', day, 'registered_on', registered_on, 'ended_on', ended_on,
                'unit_status', CASE status WHEN 'open' THEN '存续' WHEN 'cancelled' THEN '注销'
                               ELSE '吊销' END)) AS evidence
        FROM judged WHERE is_dead OR is_new""")
    return sql, {}
