"""Names of up to 100 letters, as passports of some countries have them."""

from django.db import migrations, models

STAGING = "ALTER TABLE graduates_rosterrow ALTER COLUMN name TYPE varchar({length})"


class Migration(migrations.Migration):
    dependencies = [("graduates", "0002_guarantees")]

    operations = [
        migrations.AlterField("graduate", "name", models.CharField("姓名", max_length=100)),
        migrations.RunSQL(STAGING.format(length=100), STAGING.format(length=40)),
    ]
