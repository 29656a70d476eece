"""Each school's structure gets a stamp that changes with it, so that what was read once can be kept.

The numbers come from a sequence: one that was given is never given again, not even when its
transaction fails, so no two states of a structure ever share a stamp.
"""

from django.db import migrations, models

TABLES = ("cohort", "department", "schoolclass", "major")
# How each kind of statement names the rows it changed.
EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}

FUNCTIONS = """
CREATE SEQUENCE schools_structure_stamp;

CREATE FUNCTION schools_stamp_structure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE schools_school SET structure_stamp = nextval('schools_structure_stamp')
        WHERE id IN (SELECT school_id FROM changed);
    RETURN NULL;
END $$;

-- A school that is written back as it was read must not get its old stamp again.
CREATE FUNCTION schools_keep_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.structure_stamp := greatest(NEW.structure_stamp, OLD.structure_stamp);
    RETURN NEW;
END $$;

CREATE TRIGGER school_keeps_stamp BEFORE UPDATE ON schools_school
    FOR EACH ROW EXECUTE FUNCTION schools_keep_stamp();
"""

NO_FUNCTIONS = """
DROP TRIGGER school_keeps_stamp ON schools_school;
DROP FUNCTION schools_keep_stamp();
DROP FUNCTION schools_stamp_structure();
DROP SEQUENCE schools_structure_stamp;
"""


def _triggers(table: str) -> migrations.RunSQL:
    names = {event: f"{table}_stamps_{event.lower()}" for event in EVENTS}
    made = [
        f"CREATE TRIGGER {names[event]} AFTER {event} ON schools_{table}"
        f" REFERENCING {rows} TABLE AS changed"
        f" FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();"
        for event, rows in EVENTS.items()
    ]
    return migrations.RunSQL(
        "".join(made), "".join(f"DROP TRIGGER {n} ON schools_{table};" for n in names.values())
    )


class Migration(migrations.Migration):
    dependencies = [("schools", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="school",
            name="structure_stamp",
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *[_triggers(table) for table in TABLES],
    ]
