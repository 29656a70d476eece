"""Indexes for what else a unit's code, its numbers and the pictures appear on."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_guarantees"),
        ("destinations", "0008_conditions_in_full_width"),
    ]

    operations = [
        migrations.AddIndex(
            "destination",
            models.Index(
                fields=["unit_code"], name="destination_unit_code", condition=~Q(unit_code="")
            ),
        ),
        migrations.AddIndex(
            "destination",
            models.Index(
                fields=["contact_phone"], name="destination_phone", condition=~Q(contact_phone="")
            ),
        ),
        migrations.AddIndex(
            "destination",
            models.Index(
                fields=["contact_mobile"],
                name="destination_mobile",
                condition=~Q(contact_mobile=""),
            ),
        ),
        # Files are of another app, but only pictures of destinations are looked for by their hash.
        migrations.RunSQL(
            "CREATE INDEX evidence_file_hash ON core_storedfile (sha256)",
            "DROP INDEX evidence_file_hash",
        ),
    ]
