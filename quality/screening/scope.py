"""What every suspicion rule is made of: the SQL of the graduates that a run looks at.

A rule is a function of its thresholds that returns a query and further parameters. The query selects
`COLUMNS`: whom the finding is about, the `matter` by which a later run recognises it, the `subject` that
findings share which belong together, a Chinese sentence and the facts. It reads these views, each over
destinations that stand (neither empty nor rejected) of graduates 在籍:

- `mine`: those of the run's cohorts;
- `everybodys`: those of all schools in the run's year, for rules that compare across schools.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# (SQL, further parameters)
Query = tuple[str, dict[str, Any]]
RuleQuery = Callable[[Mapping[str, Any]], Query]

COLUMNS = (
    "graduate_id", "school_id", "cohort_id", "department_id", "matter", "subject", "sentence", "evidence",
)  # fmt: skip

_STANDING = "d.state IN ('pending', 'esigned', 'department_approved', 'school_approved')"
_READ = """
    SELECT d.graduate_id, d.school_id, d.cohort_id, g.department_id, g.school_class_id, g.person_id,
           g.major_code, g.major_name, g.graduates_on, g.mobile, g.home_phone, g.email,
           d.category, d.unit_name, d.unit_code, d.unit_division, d.job_category, d.job_title, d.remark,
           d.occupation, d.contact_phone, d.contact_mobile, d.contact_email, d.monthly_wage,
           d.wage_override, d.hired_from, d.hired_to, d.signed_on, d.submitted_at, d.state,
           d.department_at, d.school_at
    FROM destinations_destination d JOIN graduates_graduate g ON g.id = d.graduate_id"""
_MINE = f"""mine AS (
    {_READ} WHERE d.cohort_id = ANY(%(cohorts)s) AND g.standing = 'enrolled' AND {_STANDING})"""
_EVERYBODYS = f"""everybodys AS (
    {_READ} JOIN schools_cohort c ON c.id = d.cohort_id
    WHERE c.year = %(year)s AND g.standing = 'enrolled' AND {_STANDING})"""

# For findings about a graduate, whose school and cohort are read with the graduate.
OF_GRADUATE = "NULL::bigint AS school_id, NULL::bigint AS cohort_id, NULL::bigint AS department_id"
# Everything that is no job: these have no unit that employs.
IS_WORK = "m.category NOT IN ('71', '85') AND m.category !~ '^(70|72|80)'"


def over_mine(rest: str) -> str:
    return f"WITH {_MINE}, {rest}"


def over_everybody(rest: str) -> str:
    return f"WITH {_EVERYBODYS}, {rest}"
