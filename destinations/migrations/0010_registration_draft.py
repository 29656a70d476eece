"""What graduates have typed and not submitted yet."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0009_what_is_alike"),
        ("graduates", "0008_corrections_passed_on"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegistrationDraft",
            fields=[
                (
                    "graduate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="graduates.graduate",
                    ),
                ),
                ("values", models.JSONField(default=dict)),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={"verbose_name": "登记草稿"},
        ),
    ]
