"""What must always hold for origin records."""

from core.invariants import from_sql

SAME_SCHOOL = from_sql(
    "person_of_same_school",
    "生源与其本人、届别属于同一学校。",
    """
    SELECT g.id FROM graduates_graduate g
    JOIN graduates_person p ON p.id = g.person_id
    JOIN schools_cohort c ON c.id = g.cohort_id
    WHERE g.school_id <> p.school_id OR g.school_id <> c.school_id
    """,
)
INVARIANTS = (SAME_SCHOOL,)
