"""The staging table of roster imports (graduates/roster/staging.py).

Unlogged: what a crash loses is checked again from the workbook.
"""

from django.db import migrations

TABLE = """
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
)
"""


class Migration(migrations.Migration):
    dependencies = [("graduates", "0002_name_search")]

    operations = [migrations.RunSQL(TABLE, "DROP TABLE graduates_rosterrow")]
