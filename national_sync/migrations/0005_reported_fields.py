"""The triggers of the ledger as the reported fields are declared now; frozen here.

Written by `bin/manage write_ledger_migration`, with one addition: the triggers of 0002 are taken
away first, because some of their names are no longer used."""

from django.db import migrations

# Those of 0002.
REMOVE = """
DROP TRIGGER IF EXISTS national_mark_archive_new ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_archive ON graduates_archivetransfer;
DROP FUNCTION IF EXISTS national_mark_archive();

DROP TRIGGER IF EXISTS national_mark_renamed ON schools_school;
DROP TRIGGER IF EXISTS national_mark_renamed ON schools_schoolclass;
DROP TRIGGER IF EXISTS national_mark_renamed ON schools_department;
DROP FUNCTION IF EXISTS national_mark_renamed();
DROP TRIGGER IF EXISTS national_mark_destination ON destinations_destination;
DROP TRIGGER IF EXISTS national_mark_person ON graduates_person;
DROP TRIGGER IF EXISTS national_mark_origin ON graduates_graduate;
DROP FUNCTION IF EXISTS national_mark_destination(), national_mark_person(), national_mark_origin();
DROP FUNCTION national_mark(bigint, text);
"""

LEDGER = r"""
DROP TRIGGER IF EXISTS national_mark_origin ON graduates_graduate;
DROP TRIGGER IF EXISTS national_mark_destination ON destinations_destination;
DROP TRIGGER IF EXISTS national_mark_archive ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_archive_new ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_joined ON graduates_person;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_school;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_department;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_schoolclass;
DROP TRIGGER IF EXISTS national_mark_key ON schools_cohort;
DROP TRIGGER IF EXISTS national_mark_key ON schools_school;

CREATE OR REPLACE FUNCTION national_mark(of_graduate bigint, of_part text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO national_sync_entry AS e
        (graduate_id, school_id, cohort_id, part, version, state, owner, attempts, problems,
         sent_hash, accepted_hash, returns)
    SELECT g.id, g.school_id, g.cohort_id, of_part, 1, 'waiting', 'system', 0, '[]', '', '', '{}'
    FROM graduates_graduate g WHERE g.id = of_graduate
    ON CONFLICT (graduate_id, part) DO UPDATE SET
        version = e.version + 1, state = 'waiting', owner = 'system', attempts = 0,
        problems = '[]', due_at = now(), changed_at = now(), cohort_id = excluded.cohort_id
$$;

CREATE OR REPLACE FUNCTION national_mark_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(NEW.id, 'origin');
    IF (OLD.cohort_id, OLD.exam_no, OLD.school_id) IS DISTINCT FROM (NEW.cohort_id, NEW.exam_no, NEW.school_id)
       OR OLD.confirmation NOT IN ('confirmed', 'locked') THEN
        PERFORM national_mark(e.graduate_id, e.part) FROM national_sync_entry e
            WHERE e.graduate_id = NEW.id AND e.part <> 'origin';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION national_mark_destination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'unsubmitted' OR EXISTS (SELECT 1 FROM national_sync_entry e
        WHERE e.graduate_id = NEW.graduate_id AND e.part = 'destination') THEN
        PERFORM national_mark(NEW.graduate_id, 'destination');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION national_mark_archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(NEW.graduate_id, 'archive');
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION national_mark_joined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT national_mark(e.graduate_id, e.part)'
        ' FROM graduates_graduate g JOIN national_sync_entry e ON e.graduate_id = g.id'
        ' WHERE g.%I = $1 AND g.confirmation IN (''confirmed'', ''locked'')'
        ' AND ($2 = '''' OR e.part = $2)', TG_ARGV[0]) USING NEW.id, TG_ARGV[1];
    RETURN NULL;
END $$;

CREATE TRIGGER national_mark_origin AFTER UPDATE ON graduates_graduate FOR EACH ROW WHEN
    (NEW.confirmation IN ('confirmed', 'locked') AND (OLD.confirmation NOT IN ('confirmed',
    'locked') OR OLD.standing IS DISTINCT FROM NEW.standing OR (OLD.cohort_id, OLD.exam_no,
    OLD.person_id, OLD.name, OLD.student_no, OLD.gender, OLD.ethnicity, OLD.politics,
    OLD.school_id, OLD.department_id, OLD.school_class_id, OLD.level, OLD.education_type,
    OLD.major_code, OLD.major_name, OLD.local_major, OLD.teacher_student, OLD.difficulty,
    OLD.training_mode, OLD.directed_unit, OLD.origin, OLD.duration, OLD.enrolled_on,
    OLD.graduates_on, OLD.conclusion, OLD.outstanding, OLD.archive_moved, OLD.household_moved,
    OLD.mobile, OLD.email, OLD.qq, OLD.home_address, OLD.home_phone, OLD.home_postcode) IS
    DISTINCT FROM (NEW.cohort_id, NEW.exam_no, NEW.person_id, NEW.name, NEW.student_no,
    NEW.gender, NEW.ethnicity, NEW.politics, NEW.school_id, NEW.department_id,
    NEW.school_class_id, NEW.level, NEW.education_type, NEW.major_code, NEW.major_name,
    NEW.local_major, NEW.teacher_student, NEW.difficulty, NEW.training_mode, NEW.directed_unit,
    NEW.origin, NEW.duration, NEW.enrolled_on, NEW.graduates_on, NEW.conclusion, NEW.outstanding,
    NEW.archive_moved, NEW.household_moved, NEW.mobile, NEW.email, NEW.qq, NEW.home_address,
    NEW.home_phone, NEW.home_postcode))) EXECUTE FUNCTION national_mark_origin();
CREATE TRIGGER national_mark_destination AFTER UPDATE ON destinations_destination FOR EACH ROW
    WHEN (NEW.state IN ('department_approved', 'school_approved', 'unsubmitted') AND (OLD.state IS
    DISTINCT FROM NEW.state OR OLD.flagged IS DISTINCT FROM NEW.flagged OR (OLD.category,
    OLD.unit_name, OLD.unit_code, OLD.unit_property, OLD.unit_industry, OLD.unit_division,
    OLD.agreement_ref, OLD.signed_on, OLD.job_category, OLD.job_title, OLD.hired_from,
    OLD.hired_to, OLD.monthly_wage, OLD.occupation, OLD.shop_url, OLD.admitted_major,
    OLD.study_form, OLD.country, OLD.abroad_school_zh, OLD.abroad_school, OLD.abroad_major_zh,
    OLD.abroad_major, OLD.contact_name, OLD.contact_phone, OLD.contact_mobile, OLD.contact_email,
    OLD.unit_address, OLD.unit_postcode, OLD.unit_fax, OLD.remark) IS DISTINCT FROM (NEW.category,
    NEW.unit_name, NEW.unit_code, NEW.unit_property, NEW.unit_industry, NEW.unit_division,
    NEW.agreement_ref, NEW.signed_on, NEW.job_category, NEW.job_title, NEW.hired_from,
    NEW.hired_to, NEW.monthly_wage, NEW.occupation, NEW.shop_url, NEW.admitted_major,
    NEW.study_form, NEW.country, NEW.abroad_school_zh, NEW.abroad_school, NEW.abroad_major_zh,
    NEW.abroad_major, NEW.contact_name, NEW.contact_phone, NEW.contact_mobile, NEW.contact_email,
    NEW.unit_address, NEW.unit_postcode, NEW.unit_fax, NEW.remark))) EXECUTE FUNCTION
    national_mark_destination();
CREATE TRIGGER national_mark_archive AFTER UPDATE ON graduates_archivetransfer FOR EACH ROW WHEN
    ((OLD.transfer_type, OLD.unit_name, OLD.unit_code, OLD.address, OLD.contact, OLD.phone,
    OLD.postcode, OLD.household_type, OLD.household_address, OLD.tracking_no, OLD.sent_on) IS
    DISTINCT FROM (NEW.transfer_type, NEW.unit_name, NEW.unit_code, NEW.address, NEW.contact,
    NEW.phone, NEW.postcode, NEW.household_type, NEW.household_address, NEW.tracking_no,
    NEW.sent_on)) EXECUTE FUNCTION national_mark_archive();
CREATE TRIGGER national_mark_archive_new AFTER INSERT ON graduates_archivetransfer FOR EACH ROW
    WHEN (NEW.transfer_type <> '') EXECUTE FUNCTION national_mark_archive();
CREATE TRIGGER national_mark_joined AFTER UPDATE OF id_number, id_type ON graduates_person FOR
    EACH ROW WHEN ((OLD.id_number, OLD.id_type) IS DISTINCT FROM (NEW.id_number, NEW.id_type))
    EXECUTE FUNCTION national_mark_joined('person_id', 'origin');
CREATE TRIGGER national_mark_joined AFTER UPDATE OF name ON schools_school FOR EACH ROW WHEN
    ((OLD.name) IS DISTINCT FROM (NEW.name)) EXECUTE FUNCTION national_mark_joined('school_id',
    'origin');
CREATE TRIGGER national_mark_joined AFTER UPDATE OF name ON schools_department FOR EACH ROW WHEN
    ((OLD.name) IS DISTINCT FROM (NEW.name)) EXECUTE FUNCTION
    national_mark_joined('department_id', 'origin');
CREATE TRIGGER national_mark_joined AFTER UPDATE OF name ON schools_schoolclass FOR EACH ROW WHEN
    ((OLD.name) IS DISTINCT FROM (NEW.name)) EXECUTE FUNCTION
    national_mark_joined('school_class_id', 'origin');
CREATE TRIGGER national_mark_key AFTER UPDATE OF year ON schools_cohort FOR EACH ROW WHEN
    ((OLD.year) IS DISTINCT FROM (NEW.year)) EXECUTE FUNCTION national_mark_joined('cohort_id',
    '');
CREATE TRIGGER national_mark_key AFTER UPDATE OF code ON schools_school FOR EACH ROW WHEN
    ((OLD.code) IS DISTINCT FROM (NEW.code)) EXECUTE FUNCTION national_mark_joined('school_id',
    '');
"""

# Takes them away and puts back those that were there before.
BEFORE = r"""
DROP TRIGGER IF EXISTS national_mark_origin ON graduates_graduate;
DROP TRIGGER IF EXISTS national_mark_destination ON destinations_destination;
DROP TRIGGER IF EXISTS national_mark_archive ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_archive_new ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_joined ON graduates_person;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_school;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_department;
DROP TRIGGER IF EXISTS national_mark_joined ON schools_schoolclass;
DROP TRIGGER IF EXISTS national_mark_key ON schools_cohort;
DROP TRIGGER IF EXISTS national_mark_key ON schools_school;
DROP FUNCTION IF EXISTS national_mark(bigint, text), national_mark_origin(), national_mark_destination(), national_mark_archive(), national_mark_joined();


CREATE FUNCTION national_mark(of_graduate bigint, of_part text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO national_sync_entry AS e
        (graduate_id, school_id, cohort_id, part, version, state, owner, attempts, problems,
         sent_hash, accepted_hash, returns)
    SELECT g.id, g.school_id, g.cohort_id, of_part, 1, 'waiting', 'system', 0, '[]', '', '', '{}'
    FROM graduates_graduate g WHERE g.id = of_graduate
    ON CONFLICT (graduate_id, part) DO UPDATE SET
        version = e.version + 1, state = 'waiting', owner = 'system', attempts = 0,
        problems = '[]', due_at = now(), changed_at = now(), cohort_id = excluded.cohort_id
$$;

CREATE FUNCTION national_mark_origin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(NEW.id, 'origin');
    IF NEW.exam_no <> OLD.exam_no OR NEW.cohort_id <> OLD.cohort_id
       OR OLD.confirmation NOT IN ('confirmed', 'locked') THEN
        PERFORM national_mark(e.graduate_id, e.part) FROM national_sync_entry e
            WHERE e.graduate_id = NEW.id AND e.part <> 'origin';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_origin AFTER UPDATE ON graduates_graduate FOR EACH ROW
    WHEN (NEW.confirmation IN ('confirmed', 'locked') AND (OLD.confirmation NOT IN ('confirmed',
        'locked')
          OR OLD.standing IS DISTINCT FROM NEW.standing OR ((OLD.cohort_id, OLD.department_id,
        OLD.school_class_id, OLD.name, OLD.student_no, OLD.exam_no, OLD.gender, OLD.ethnicity,
        OLD.politics, OLD.level, OLD.education_type, OLD.major_code, OLD.major_name,
        OLD.local_major, OLD.teacher_student, OLD.difficulty, OLD.training_mode,
        OLD.directed_unit, OLD.origin, OLD.duration, OLD.enrolled_on, OLD.graduates_on,
        OLD.conclusion, OLD.outstanding, OLD.archive_moved, OLD.household_moved, OLD.mobile,
        OLD.email, OLD.qq, OLD.home_address, OLD.home_phone, OLD.home_postcode) IS DISTINCT FROM
        (NEW.cohort_id, NEW.department_id, NEW.school_class_id, NEW.name, NEW.student_no,
        NEW.exam_no, NEW.gender, NEW.ethnicity, NEW.politics, NEW.level, NEW.education_type,
        NEW.major_code, NEW.major_name, NEW.local_major, NEW.teacher_student, NEW.difficulty,
        NEW.training_mode, NEW.directed_unit, NEW.origin, NEW.duration, NEW.enrolled_on,
        NEW.graduates_on, NEW.conclusion, NEW.outstanding, NEW.archive_moved, NEW.household_moved,
        NEW.mobile, NEW.email, NEW.qq, NEW.home_address, NEW.home_phone, NEW.home_postcode))))
    EXECUTE FUNCTION national_mark_origin();

CREATE FUNCTION national_mark_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(g.id, 'origin') FROM graduates_graduate g
        WHERE g.person_id = NEW.id AND g.confirmation IN ('confirmed', 'locked');
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_person AFTER UPDATE ON graduates_person FOR EACH ROW
    WHEN ((OLD.id_type, OLD.id_number) IS DISTINCT FROM (NEW.id_type, NEW.id_number))
    EXECUTE FUNCTION national_mark_person();

CREATE FUNCTION national_mark_destination() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'unsubmitted' OR EXISTS (SELECT 1 FROM national_sync_entry e
        WHERE e.graduate_id = NEW.graduate_id AND e.part = 'destination') THEN
        PERFORM national_mark(NEW.graduate_id, 'destination');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_destination AFTER UPDATE ON destinations_destination FOR EACH ROW
    WHEN (NEW.state IN ('department_approved', 'school_approved', 'unsubmitted')
          AND (OLD.state IS DISTINCT FROM NEW.state OR OLD.flagged IS DISTINCT FROM NEW.flagged
               OR ((OLD.category, OLD.unit_name, OLD.unit_code, OLD.unit_property,
        OLD.unit_industry, OLD.unit_division, OLD.agreement_ref, OLD.signed_on, OLD.job_category,
        OLD.job_title, OLD.hired_from, OLD.hired_to, OLD.monthly_wage, OLD.occupation,
        OLD.shop_url, OLD.admitted_major, OLD.study_form, OLD.country, OLD.abroad_school_zh,
        OLD.abroad_school, OLD.abroad_major_zh, OLD.abroad_major, OLD.contact_name,
        OLD.contact_phone, OLD.contact_mobile, OLD.contact_email, OLD.unit_address,
        OLD.unit_postcode, OLD.unit_fax, OLD.remark) IS DISTINCT FROM (NEW.category,
        NEW.unit_name, NEW.unit_code, NEW.unit_property, NEW.unit_industry, NEW.unit_division,
        NEW.agreement_ref, NEW.signed_on, NEW.job_category, NEW.job_title, NEW.hired_from,
        NEW.hired_to, NEW.monthly_wage, NEW.occupation, NEW.shop_url, NEW.admitted_major,
        NEW.study_form, NEW.country, NEW.abroad_school_zh, NEW.abroad_school, NEW.abroad_major_zh,
        NEW.abroad_major, NEW.contact_name, NEW.contact_phone, NEW.contact_mobile,
        NEW.contact_email, NEW.unit_address, NEW.unit_postcode, NEW.unit_fax, NEW.remark))))
    EXECUTE FUNCTION national_mark_destination();

CREATE FUNCTION national_mark_archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(NEW.graduate_id, 'archive');
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_archive AFTER UPDATE ON graduates_archivetransfer FOR EACH ROW
    WHEN (((OLD.transfer_type, OLD.unit_name, OLD.unit_code, OLD.address, OLD.contact, OLD.phone,
        OLD.postcode, OLD.household_type, OLD.household_address, OLD.tracking_no, OLD.sent_on) IS
        DISTINCT FROM (NEW.transfer_type, NEW.unit_name, NEW.unit_code, NEW.address, NEW.contact,
        NEW.phone, NEW.postcode, NEW.household_type, NEW.household_address, NEW.tracking_no,
        NEW.sent_on))) EXECUTE FUNCTION national_mark_archive();
CREATE TRIGGER national_mark_archive_new AFTER INSERT ON graduates_archivetransfer
    FOR EACH ROW WHEN (NEW.transfer_type <> '') EXECUTE FUNCTION national_mark_archive();

CREATE FUNCTION national_mark_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(g.id, 'origin') FROM graduates_graduate g
        JOIN national_sync_entry e ON e.graduate_id = g.id AND e.part = 'origin'
        WHERE g.confirmation IN ('confirmed', 'locked') AND CASE TG_TABLE_NAME
            WHEN 'schools_department' THEN g.department_id = NEW.id
            WHEN 'schools_schoolclass' THEN g.school_class_id = NEW.id
            ELSE g.school_id = NEW.id END;
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_department FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_schoolclass FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_school FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0002_guarantees"),
        ("graduates", "0003_longer_names"),
        ("national_sync", "0004_leased_batches"),
        ("schools", "0002_guarantees"),
    ]

    operations = [migrations.RunSQL(REMOVE + LEDGER, BEFORE)]
