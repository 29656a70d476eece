"""Names of up to 100 letters, as passports of some countries have them.

PostgreSQL does not change the type of a column that a trigger names in its condition. Triggers of
higher apps may be there already or not, so those that exist are remembered, dropped and made again.
"""

from django.db import migrations, models

STAGING = "ALTER TABLE graduates_rosterrow ALTER COLUMN name TYPE varchar({length})"
DROP_TRIGGERS = """
CREATE TEMPORARY TABLE graduates_kept_triggers ON COMMIT DROP AS
    SELECT tgname, pg_get_triggerdef(oid) AS definition FROM pg_trigger
    WHERE tgrelid = 'graduates_graduate'::regclass AND NOT tgisinternal AND tgconstraint = 0;
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN SELECT * FROM graduates_kept_triggers LOOP
        EXECUTE format('DROP TRIGGER %I ON graduates_graduate', kept.tgname);
    END LOOP;
END $$;
"""
MAKE_TRIGGERS = """
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN SELECT * FROM graduates_kept_triggers LOOP
        EXECUTE kept.definition;
    END LOOP;
END $$;
DROP TABLE graduates_kept_triggers;
"""


class Migration(migrations.Migration):
    dependencies = [("graduates", "0002_guarantees")]

    operations = [
        migrations.RunSQL(DROP_TRIGGERS, MAKE_TRIGGERS),
        migrations.AlterField("graduate", "name", models.CharField("姓名", max_length=100)),
        migrations.RunSQL(STAGING.format(length=100), STAGING.format(length=40)),
        migrations.RunSQL(MAKE_TRIGGERS, DROP_TRIGGERS),
    ]
