"""What the database itself guarantees: events are only ever added."""

from django.db import migrations

# A trigger function for every table whose rows are only ever added.
APPEND_ONLY = """
CREATE FUNCTION core_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

# The audit log.
EVENTS = """
CREATE TRIGGER core_event_append_only BEFORE UPDATE OR DELETE ON core_event
    FOR EACH ROW EXECUTE FUNCTION core_append_only();
CREATE TRIGGER core_event_no_truncate BEFORE TRUNCATE ON core_event
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""

UNDO = """
DROP TRIGGER core_event_no_truncate ON core_event;
DROP TRIGGER core_event_append_only ON core_event;
DROP FUNCTION core_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [migrations.RunSQL(APPEND_ONLY + EVENTS, UNDO)]
