"""What the database itself guarantees: events of a destination are only ever added."""

from django.db import migrations

# The history of each destination.
EVENTS = """
CREATE TRIGGER destinations_destinationevent_append_only BEFORE UPDATE OR DELETE ON destinations_destinationevent
    FOR EACH ROW EXECUTE FUNCTION core_append_only();
CREATE TRIGGER destinations_destinationevent_no_truncate BEFORE TRUNCATE ON destinations_destinationevent
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""

UNDO = """
DROP TRIGGER destinations_destinationevent_no_truncate ON destinations_destinationevent;
DROP TRIGGER destinations_destinationevent_append_only ON destinations_destinationevent;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0001_initial"),
        ("core", "0002_guarantees"),
    ]

    operations = [migrations.RunSQL(EVENTS, UNDO)]
