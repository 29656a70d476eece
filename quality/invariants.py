"""What must always hold for findings."""

from core.invariants import from_sql

OF_ITS_GRADUATE = from_sql(
    "finding_of_graduate",
    "核查问题的学校和届别与毕业生一致。",
    """
    SELECT f.id FROM quality_finding f JOIN graduates_graduate g ON g.id = f.graduate_id
    WHERE (f.school_id, f.cohort_id) IS DISTINCT FROM (g.school_id, g.cohort_id)
    """,
)
INVARIANTS = (OF_ITS_GRADUATE,)
