"""Name search, the staging table of rosters, and the class that holds a graduate's copies."""

from django.db import migrations

# Parts of names as numbers, for search (docs/adr/0013 and graduates/filters.py). A part is one or two
# characters of 21 bits each; the second copy has the school's number above them.
NAME_CODES = """
CREATE FUNCTION graduates_name_codes(school bigint, name text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    s bigint := school << 42;
    a bigint; b bigint; c bigint;
    codes bigint[] := '{}';
    n int := length(name);
BEGIN
    -- Nearly all names have two or three characters: spelt out, they cost half.
    IF n = 3 THEN
        a := ascii(name); b := ascii(substr(name, 2, 1)); c := ascii(substr(name, 3, 1));
        RETURN ARRAY[a, b, c, a<<21|b, b<<21|c,
                     s|a, s|b, s|c, s|(a<<21|b), s|(b<<21|c)];
    ELSIF n = 2 THEN
        a := ascii(name); b := ascii(substr(name, 2, 1));
        RETURN ARRAY[a, b, a<<21|b, s|a, s|b, s|(a<<21|b)];
    END IF;
    FOR i IN 1..n LOOP
        a := ascii(substr(name, i, 1));
        codes := codes || a || (s|a);
        IF i < n THEN
            b := a<<21 | ascii(substr(name, i + 1, 1));
            codes := codes || b || (s|b);
        END IF;
    END LOOP;
    RETURN codes;
END $$;
CREATE INDEX graduate_name_codes ON graduates_graduate
    USING gin (graduates_name_codes(school_id, name)) WITH (fastupdate = on);
"""

# The staging table of roster imports. Unlogged: rows that a crash loses are read again from the workbook.
ROSTER_ROWS = """
CREATE UNLOGGED TABLE graduates_rosterrow (
import_id bigint NOT NULL, row int NOT NULL, status varchar(10),
cohort_id bigint NOT NULL, department varchar(50) NOT NULL,
school_class varchar(50) NOT NULL, department_id bigint, school_class_id bigint,
id_type varchar(2) NOT NULL, id_number varchar(18) NOT NULL, person_id bigint,
graduate_id bigint,
"level" varchar(2),
"education_type" varchar(2),
"teacher_student" varchar(2),
"name" varchar(40),
"gender" varchar(1),
"student_no" varchar(20),
"exam_no" varchar(18),
"training_mode" varchar(1),
"directed_unit" varchar(100),
"major_code" varchar(10),
"major_name" varchar(50),
"local_major" varchar(50),
"duration" numeric(3, 1),
"ethnicity" varchar(2),
"politics" varchar(2),
"origin" varchar(6),
"enrolled_on" date,
"graduates_on" date,
"conclusion" varchar(1),
"difficulty" varchar(1),
"outstanding" boolean,
"archive_moved" boolean,
"household_moved" boolean,
"mobile" varchar(11),
"email" varchar(60),
"qq" varchar(12),
"wechat" varchar(40),
"home_address" varchar(100),
"home_postcode" varchar(6),
"home_phone" varchar(20),
"name_sort" varchar(120),
PRIMARY KEY (import_id, row)
);
"""

# A graduate's school, cohort and department are those of the class: one foreign key over all four.
CLASS = """
ALTER TABLE graduates_graduate ADD CONSTRAINT graduate_of_class
    FOREIGN KEY (school_class_id, school_id, cohort_id, department_id)
    REFERENCES schools_schoolclass (id, school_id, cohort_id, department_id)
    DEFERRABLE INITIALLY DEFERRED;
"""

UNDO = """
ALTER TABLE graduates_graduate DROP CONSTRAINT graduate_of_class;
DROP TABLE graduates_rosterrow;
DROP INDEX graduate_name_codes;
DROP FUNCTION graduates_name_codes(bigint, text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("graduates", "0001_initial"),
    ]

    operations = [migrations.RunSQL(NAME_CODES + ROSTER_ROWS + CLASS, UNDO)]
