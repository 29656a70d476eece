"""The suspicion rule about evidence: the same picture at several graduates.

Two pictures look alike if at most `bits` of their 64 bits differ. Comparing each with each would take
the square of their number. The 64 bits are dealt out to six bands instead: if at most four bits differ,
at least two bands are equal in both (the pigeonhole principle). So each print has a key for each of the
15 pairs of bands, and only prints that have one of these keys in common are compared bit by bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from quality.screening.scope import OF_GRADUATE, Query

BANDS = 6
# The most bits that may differ for which two bands are certain to be equal.
MOST_BITS = BANDS - 2
# A key that more prints have than this leads to no comparisons: pictures of one layout crowd there, and
# those that are really alike have other keys in common.
_CROWD = 400


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _mask(*bands: int) -> int:
    """The bits of these bands. Every sixth bit belongs to one band, so that a blank margin, which makes
    neighbouring bits equal, fills no band by itself."""
    return _signed(sum(1 << bit for bit in range(64) if bit % BANDS in bands))


def _pairs(mask: int) -> str:
    """Pairs of prints that are equal in the bits of `mask` and differ in few others. Each pair of bands is
    a join of its own, which fits into memory however large the province is."""
    return f"""
            SELECT a.dhash, b.dhash AS other FROM prints a
            JOIN prints b ON (a.dhash & ({mask})) = (b.dhash & ({mask})) AND a.dhash < b.dhash
            WHERE bit_count((a.dhash # b.dhash)::bit(64)) <= %(bits)s
              AND (a.dhash & ({mask})) NOT IN (
                SELECT dhash & ({mask}) FROM prints GROUP BY 1 HAVING count(*) > {_CROWD})"""


_NEAR = " UNION ".join(_pairs(_mask(*pair)) for pair in combinations(range(BANDS), 2))


def file_same(values: Mapping[str, Any]) -> Query:
    """A picture that other persons have, too: the same bytes, or one that looks alike. Pictures that look
    like very many others are forms of one layout and count for their bytes alone."""
    sql = f"""
        WITH pictures AS MATERIALIZED (
            SELECT e.id AS evidence_id, e.graduate_id, g.person_id, g.cohort_id, g.standing,
                f.sha256, p.dhash
            FROM destinations_evidence e
            JOIN core_storedfile f ON f.id = e.file_id
            JOIN graduates_graduate g ON g.id = e.graduate_id
            LEFT JOIN quality_evidenceprint p ON p.sha256 = f.sha256
            WHERE e.removed_at IS NULL),
        mine AS MATERIALIZED (
            SELECT graduate_id, person_id, sha256, dhash, min(evidence_id) AS evidence_id
            FROM pictures WHERE cohort_id = ANY(%(cohorts)s) AND standing = 'enrolled'
            GROUP BY 1, 2, 3, 4),
        equal AS (
            SELECT sha256, count(DISTINCT person_id) AS n, (array_agg(evidence_id ORDER BY evidence_id))[1:6]
                AS ids
            FROM pictures GROUP BY sha256 HAVING count(DISTINCT person_id) > 1),
        prints AS MATERIALIZED (
            SELECT dhash, count(DISTINCT person_id) AS n FROM pictures WHERE dhash IS NOT NULL GROUP BY dhash),
        near AS ({_NEAR}),
        around AS (
            SELECT dhash, other FROM near UNION ALL SELECT other, dhash FROM near
            UNION ALL SELECT dhash, dhash FROM prints),
        -- Those that look like nobody else's have nothing to be counted.
        busy AS (
            SELECT a.dhash, min(a.other) AS least FROM around a JOIN prints p ON p.dhash = a.other
            GROUP BY a.dhash HAVING sum(p.n) > 1 AND sum(p.n) <= 4 * %(most_alike)s),
        alike AS (
            SELECT b.dhash, b.least, count(DISTINCT p.person_id) AS n,
                (array_agg(p.evidence_id ORDER BY p.evidence_id))[1:6] AS ids
            FROM busy b JOIN around a USING (dhash) JOIN pictures p ON p.dhash = a.other
            GROUP BY 1, 2 HAVING count(DISTINCT p.person_id) BETWEEN 2 AND %(most_alike)s)
        SELECT m.graduate_id, {OF_GRADUATE}, m.sha256 AS matter,
            coalesce(a.least::text, m.sha256) AS subject,
            concat('证明材料',
                CASE WHEN e.n > 1 THEN concat('与另外', e.n - 1, '名毕业生的完全相同') END,
                CASE WHEN e.n > 1 AND a.n > e.n THEN '，' END,
                CASE WHEN a.n > coalesce(e.n, 1) THEN
                    concat('与另外', a.n - coalesce(e.n, 1), '名毕业生的看上去相同') END, '。') AS sentence,
            jsonb_strip_nulls(jsonb_build_object('same_count', e.n,
                'alike_count', CASE WHEN a.n > coalesce(e.n, 1) THEN a.n END,
                'own_picture', m.evidence_id,
                'pictures', to_jsonb(coalesce(a.ids, e.ids)))) AS evidence
        FROM mine m LEFT JOIN equal e USING (sha256) LEFT JOIN alike a ON a.dhash = m.dhash
        WHERE e.n > 1 OR a.n > 1"""
    return sql, {}
