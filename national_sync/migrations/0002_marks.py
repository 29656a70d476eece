"""Every change of what is reported marks the ledger in its own transaction."""

from django.db import migrations

from national_sync import ledger_sql

# As the field map had them when this was written; a later map comes with a later migration.
GRADUATE = (
    "cohort_id", "department_id", "school_class_id", "name", "student_no", "exam_no", "gender",
    "ethnicity", "politics", "level", "education_type", "major_code", "major_name", "local_major",
    "teacher_student", "difficulty", "training_mode", "directed_unit", "origin", "duration",
    "enrolled_on", "graduates_on", "conclusion", "outstanding", "archive_moved", "household_moved",
    "mobile", "email", "qq", "home_address", "home_phone", "home_postcode",
)  # fmt: skip
DESTINATION = (
    "category", "unit_name", "unit_code", "unit_property", "unit_industry", "unit_division",
    "agreement_ref", "signed_on", "job_category", "job_title", "hired_from", "hired_to",
    "monthly_wage", "occupation", "shop_url", "admitted_major", "study_form", "country",
    "abroad_school_zh", "abroad_school", "abroad_major_zh", "abroad_major", "contact_name",
    "contact_phone", "contact_mobile", "contact_email", "unit_address", "unit_postcode",
    "unit_fax", "remark",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("national_sync", "0001_initial"),
        ("destinations", "0004_destination_import"),
        ("graduates", "0003_roster_staging"),
    ]

    operations = [
        migrations.RunSQL(ledger_sql.MARK, ledger_sql.UNMARK),
        migrations.RunSQL(
            ledger_sql.origin_triggers(GRADUATE)
            + ledger_sql.destination_triggers(DESTINATION)
            + ledger_sql.RENAMED,
            ledger_sql.DROP,
        ),
    ]
