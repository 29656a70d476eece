from django.db import migrations

from core.db.migration_sql import append_only


class Migration(migrations.Migration):
    dependencies = [("destinations", "0002_initial"), ("core", "0002_append_only")]

    operations = [append_only("destinations_destinationevent")]
