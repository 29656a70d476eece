"""Suspicion rules about the job itself: what it is, how long, how much it pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality.screening.scope import IS_WORK, OF_GRADUATE, Query, over_everybody, over_mine


def internship_like(values: Mapping[str, Any]) -> Query:
    """Words of internships in job, remark or the names of pictures, or a very short period of employment."""
    sql = over_mine(f"""
        texts AS (
            SELECT m.graduate_id, v.place, v.value FROM mine m
            CROSS JOIN LATERAL (VALUES ('职位名称', m.job_title), ('单位备注', m.remark),
                ('从事职业内容', m.occupation)) v(place, value)
            WHERE v.value <> '' AND {IS_WORK}
            UNION ALL
            SELECT e.graduate_id, '材料名称', f.name FROM mine m
            JOIN destinations_evidence e ON e.graduate_id = m.graduate_id AND e.removed_at IS NULL
            JOIN core_storedfile f ON f.id = e.file_id WHERE {IS_WORK}),
        worded AS (
            SELECT t.graduate_id, string_agg(DISTINCT t.place, '、') AS places,
                string_agg(DISTINCT w.word, '、') AS words
            FROM texts t JOIN unnest(%(word_list)s::text[]) w(word) ON strpos(t.value, w.word) > 0
            GROUP BY t.graduate_id),
        judged AS (
            SELECT m.*, w.places, w.words,
                coalesce(m.hired_to < m.hired_from + make_interval(months => %(months)s), false) AS is_short
            FROM mine m LEFT JOIN worded w USING (graduate_id) WHERE {IS_WORK})
        SELECT graduate_id, {OF_GRADUATE}, '' AS matter, graduate_id::text AS subject,
            concat(CASE WHEN words IS NOT NULL THEN concat(places, '中有“', words, '”') END,
                   CASE WHEN words IS NOT NULL AND is_short THEN '，' END,
                   CASE WHEN is_short THEN concat('聘用期限不满', %(months)s::int, '个月') END,
                   '，可能是实习、见习。') AS sentence,
            jsonb_strip_nulls(jsonb_build_object('unit', unit_name, 'words', words, 'where', places,
                'hired_from', hired_from, 'hired_to', hired_to)) AS evidence
        FROM judged WHERE words IS NOT NULL OR is_short""")
    return sql, {"word_list": str(values.get("words", "")).split()}


def wage_low(values: Mapping[str, Any]) -> Query:
    """The wage is below the minimum of the place on the day of employment, and nobody has said why."""
    sql = over_mine(f"""
        paid AS (
            SELECT *, coalesce(hired_from, graduates_on) AS day FROM mine
            WHERE monthly_wage IS NOT NULL AND wage_override = '' AND unit_division <> ''),
        judged AS (
            SELECT p.*, m.amount FROM paid p
            JOIN LATERAL (
                SELECT w.amount FROM destinations_minimumwage w
                WHERE w.valid_from <= p.day AND w.division IN (p.unit_division,
                    left(p.unit_division, 4) || '00', left(p.unit_division, 2) || '0000')
                ORDER BY w.division = p.unit_division DESC,
                    w.division = left(p.unit_division, 4) || '00' DESC, w.valid_from DESC LIMIT 1) m ON true)
        SELECT graduate_id, {OF_GRADUATE}, '' AS matter, graduate_id::text AS subject,
            concat('月薪', monthly_wage, '元，低于当地最低工资标准', amount, '元。') AS sentence,
            jsonb_build_object('unit', unit_name, 'wage', monthly_wage, 'minimum', amount,
                'place', unit_division) AS evidence
        FROM judged WHERE monthly_wage < amount""")
    return sql, {}


def wage_same(values: Mapping[str, Any]) -> Query:
    """Many graduates of one unit earn the same to the yuan, in all schools of the year."""
    sql = over_everybody(f"""
        same AS (
            SELECT unit_code, monthly_wage, count(*) AS n FROM everybodys
            WHERE unit_code <> '' AND monthly_wage IS NOT NULL
            GROUP BY 1, 2 HAVING count(*) >= %(least)s)
        SELECT e.graduate_id, {OF_GRADUATE}, concat(e.unit_code, '|', e.monthly_wage) AS matter,
            concat(e.unit_code, '|', e.monthly_wage) AS subject,
            concat('单位“', e.unit_name, '”的', s.n, '名毕业生月薪都是', e.monthly_wage, '元。') AS sentence,
            jsonb_build_object('unit', e.unit_name, 'unit_code', e.unit_code, 'wage', e.monthly_wage,
                'count', s.n) AS evidence
        FROM everybodys e JOIN same s USING (unit_code, monthly_wage)
        WHERE e.cohort_id = ANY(%(cohorts)s)""")
    return sql, {}


def job_mismatch(values: Mapping[str, Any]) -> Query:
    """Nobody else of the major, in all schools of the year, has this category of job."""
    sql = over_everybody(f"""
        jobs AS (
            SELECT major_code, job_category, count(*) AS n FROM everybodys
            WHERE job_category <> '' AND major_code <> '' GROUP BY 1, 2),
        majors AS (
            SELECT major_code, sum(n) AS total FROM jobs GROUP BY 1 HAVING sum(n) >= %(least)s)
        SELECT e.graduate_id, {OF_GRADUATE}, e.job_category AS matter,
            concat(e.major_code, '|', e.job_category) AS subject,
            concat('专业“', e.major_name, '”的', m.total, '名毕业生中只有此人的职位类别是“',
                   coalesce(c.name, e.job_category), '”。') AS sentence,
            jsonb_build_object('unit', e.unit_name, 'major', e.major_name,
                'job', coalesce(c.name, e.job_category), 'compared', m.total) AS evidence
        FROM everybodys e JOIN jobs j USING (major_code, job_category) JOIN majors m USING (major_code)
        LEFT JOIN codes_code c ON c."table" = 'job_category' AND c.code = e.job_category
        WHERE j.n = 1 AND e.cohort_id = ANY(%(cohorts)s)""")
    return sql, {}
