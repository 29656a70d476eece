"""Search by parts of names: a GIN index over one- and two-character grams.

pg_trgm can't help two characters and sees no Chinese under the C locale. Each gram stands twice,
bare (the province's search) and with the school before it, so a school's search touches only its
own rows.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION graduates_name_grams(school bigint, name text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    grams text[] := '{}';
    gram text;
    n int := length(name);
BEGIN
    FOR i IN 1..n LOOP
        gram := substr(name, i, 1);
        grams := grams || gram || (school || ':' || gram);
        IF i < n THEN
            gram := substr(name, i, 2);
            grams := grams || gram || (school || ':' || gram);
        END IF;
    END LOOP;
    RETURN grams;
END $$
"""
INDEX = """
CREATE INDEX graduate_name_grams ON graduates_graduate
USING gin (graduates_name_grams(school_id, name)) WITH (fastupdate = on)
"""


class Migration(migrations.Migration):
    dependencies = [("graduates", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION graduates_name_grams(bigint, text)"),
        migrations.RunSQL(INDEX, "DROP INDEX graduate_name_grams"),
    ]
