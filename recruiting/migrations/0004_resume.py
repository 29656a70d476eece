import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which of the facts that the graduate shows a résumé leaves out."""

    dependencies = [("recruiting", "0003_lists_of_postings")]

    operations = [
        migrations.AddField(
            model_name="resume",
            name="hidden_facts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20), blank=True, db_default=[], default=list, size=None
            ),
        ),
    ]
