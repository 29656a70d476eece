"""How units answered applications of the last 30 days, as graduates see it on a unit's postings."""

from __future__ import annotations

from django.db import connection, transaction

# An answer is an interview, a selection or a refusal; opening the résumé is none. Its time is that of
# the first interview, otherwise that of the unit's last step. Applications that lapsed were due, too.
_COMPUTE = """
INSERT INTO recruiting_unitfigures (unit_id, due, answered, median_days, computed_at)
SELECT unit_id, count(*), count(answered_at),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - created_at) / 86400),
       now()
FROM (
    SELECT a.unit_id, a.created_at,
           CASE WHEN a.state <> 'lapsed' THEN coalesce(
               (SELECT min(i.created_at) FROM recruiting_interview i WHERE i.application_id = a.id),
               a.unit_acted_at) END AS answered_at
    FROM recruiting_application a
    WHERE (a.state IN ('interviewing', 'selected', 'offered', 'signed', 'rejected')
           AND a.unit_acted_at >= now() - interval '30 days')
       OR (a.state = 'lapsed' AND a.decided_at >= now() - interval '30 days')
) AS recent
GROUP BY unit_id
"""


def compute_unit_figures() -> None:
    """Compute the figures of every unit anew; units without applications in the period have none."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM recruiting_unitfigures")
        cursor.execute(_COMPUTE)
