"""The list of what the province reopened: a handful among all graduates."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("graduates", "0003_roster_staging")]

    operations = [
        migrations.AddIndex(
            model_name="graduate",
            index=models.Index(
                fields=["school", "id"],
                name="graduate_reopened",
                condition=models.Q(reopened_until__isnull=False),
            ),
        ),
    ]
