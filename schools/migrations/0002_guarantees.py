"""The stamp of a school's structure, set by triggers (docs/adr/0012)."""

from django.db import migrations

# The numbers come from a sequence: a number is never given twice, not even when its transaction fails.
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

# Any statement on the four tables sets the stamp of the schools it touched.
TRIGGERS = """
CREATE TRIGGER cohort_stamps_insert AFTER INSERT ON schools_cohort REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER cohort_stamps_update AFTER UPDATE ON schools_cohort REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER cohort_stamps_delete AFTER DELETE ON schools_cohort REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER department_stamps_insert AFTER INSERT ON schools_department REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER department_stamps_update AFTER UPDATE ON schools_department REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER department_stamps_delete AFTER DELETE ON schools_department REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER schoolclass_stamps_insert AFTER INSERT ON schools_schoolclass REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER schoolclass_stamps_update AFTER UPDATE ON schools_schoolclass REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER schoolclass_stamps_delete AFTER DELETE ON schools_schoolclass REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER major_stamps_insert AFTER INSERT ON schools_major REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER major_stamps_update AFTER UPDATE ON schools_major REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
CREATE TRIGGER major_stamps_delete AFTER DELETE ON schools_major REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION schools_stamp_structure();
"""

UNDO = """
DROP TRIGGER cohort_stamps_insert ON schools_cohort;
DROP TRIGGER cohort_stamps_update ON schools_cohort;
DROP TRIGGER cohort_stamps_delete ON schools_cohort;
DROP TRIGGER department_stamps_insert ON schools_department;
DROP TRIGGER department_stamps_update ON schools_department;
DROP TRIGGER department_stamps_delete ON schools_department;
DROP TRIGGER schoolclass_stamps_insert ON schools_schoolclass;
DROP TRIGGER schoolclass_stamps_update ON schools_schoolclass;
DROP TRIGGER schoolclass_stamps_delete ON schools_schoolclass;
DROP TRIGGER major_stamps_insert ON schools_major;
DROP TRIGGER major_stamps_update ON schools_major;
DROP TRIGGER major_stamps_delete ON schools_major;
DROP TRIGGER school_keeps_stamp ON schools_school;
DROP FUNCTION schools_keep_stamp();
DROP FUNCTION schools_stamp_structure();
DROP SEQUENCE schools_structure_stamp;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("schools", "0001_initial"),
    ]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO)]
