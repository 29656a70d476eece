from django.db import migrations

from core.db.migration_sql import APPEND_ONLY_FUNCTION, append_only


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(APPEND_ONLY_FUNCTION, "DROP FUNCTION core_append_only()"),
        append_only("core_event"),
    ]
