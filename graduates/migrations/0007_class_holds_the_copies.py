"""A graduate's school, cohort and department are its class's: one foreign key over all four.

Added unproven and proven after, so that no row waits for the look at all of them; only then do the
two keys go that it replaces.
"""

import django.db.models.deletion
from django.db import migrations, models

ADD = """
ALTER TABLE graduates_graduate ADD CONSTRAINT graduate_of_class
FOREIGN KEY (school_class_id, school_id, cohort_id, department_id)
REFERENCES schools_schoolclass (id, school_id, cohort_id, department_id)
DEFERRABLE INITIALLY DEFERRED NOT VALID
"""
PROVE = "ALTER TABLE graduates_graduate VALIDATE CONSTRAINT graduate_of_class"
DROP = "ALTER TABLE graduates_graduate DROP CONSTRAINT graduate_of_class"


class Migration(migrations.Migration):
    atomic = False  # the proof of old rows must not hold the lock that adding took
    dependencies = [
        ("graduates", "0006_name_search_in_numbers"),
        ("schools", "0003_class_with_its_place"),
    ]

    operations = [
        migrations.RunSQL(ADD, DROP),
        migrations.RunSQL(PROVE, migrations.RunSQL.noop),
        migrations.AlterField(
            "graduate",
            "cohort",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.cohort",
            ),
        ),
        migrations.AlterField(
            "graduate",
            "school_class",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.schoolclass",
            ),
        ),
    ]
