"""Archive data mark the ledger, too."""

from django.db import migrations

from national_sync import ledger_sql

ARCHIVE = (
    "transfer_type", "unit_name", "unit_code", "address", "contact", "phone", "postcode",
    "household_type", "household_address", "tracking_no", "sent_on",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("national_sync", "0003_copies"),
        ("graduates", "0005_archive_and_corrections"),
    ]

    operations = [
        migrations.RunSQL(ledger_sql.archive_triggers(ARCHIVE), ledger_sql.DROP_ARCHIVE)
    ]
