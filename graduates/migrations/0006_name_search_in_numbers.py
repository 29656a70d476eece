"""The grams of names as numbers instead of text: half the time to keep, a smaller index.

A gram is 21 bits a character, and the school's number above them for the copy that only that
school's search reads (`graduates.filters.grams_of` makes the same numbers). The function of
migration 0002 stays until the release after this one: processes of the old code still name it.
"""

from django.db import migrations

FUNCTION = """
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
END $$
"""
INDEX = """
CREATE INDEX CONCURRENTLY graduate_name_codes ON graduates_graduate
USING gin (graduates_name_codes(school_id, name)) WITH (fastupdate = on)
"""
OLD_INDEX = """
CREATE INDEX CONCURRENTLY graduate_name_grams ON graduates_graduate
USING gin (graduates_name_grams(school_id, name)) WITH (fastupdate = on)
"""


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY: nobody waits while the index is made
    dependencies = [("graduates", "0005_archive_and_corrections")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION graduates_name_codes(bigint, text)"),
        migrations.RunSQL(INDEX, "DROP INDEX CONCURRENTLY graduate_name_codes"),
        migrations.RunSQL("DROP INDEX CONCURRENTLY graduate_name_grams", OLD_INDEX),
    ]
