"""A school of graduates that are ready for upload: imported, locked and approved."""

from __future__ import annotations

import tempfile

from django.core.management import call_command
from django.db import connection

from benchmarks import made_up
from codes.validators import organisation_check_character, uscc_check_character
from schools.models import Cohort, School

CODE = "10999"


def reported_school(count: int) -> None:
    """Make `count` graduates with an approved labour contract, each with a unit of another name.

    The triggers mark origins and destinations for upload, as with any change.
    """
    school = School.objects.create(code=CODE, name="测试上报大学")
    Cohort.objects.create(
        school=school, year=made_up.YEAR, opens_on="2026-09-01", ends_on="2027-08-31"
    )
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(made_up.workbook(made_up.roster_rows(count)))
        file.flush()
        call_command("import_roster", CODE, file.name)
    body = "MA2N0ABC"
    first = f"91340100{body}{organisation_check_character(body)}"
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE graduates_graduate SET confirmation = 'locked', locked_at = now(),
                   locked_by = '测试', archive_moved = true, household_moved = false
               WHERE school_id = %s""",
            [school.pk],
        )
        cursor.execute(
            """UPDATE destinations_destination SET category = '11', state = 'school_approved',
                   unit_name = '测试单位' || graduate_id || '有限公司', unit_code = %s,
                   unit_property = '39', unit_industry = '34', unit_division = '340111',
                   job_category = '13', job_title = '工程师', contact_name = '联系人',
                   contact_phone = '0551-60000000', school_at = now(), school_by = '测试'
               WHERE school_id = %s""",
            [f"{first}{uscc_check_character(first)}", school.pk],
        )
        cursor.execute("ANALYZE")
