"""Evidence belongs to the category that it was uploaded for."""

from django.db import migrations, models

# Pictures that are shown prove the present destination. 待就业 (70) carries no evidence, so nobody
# knows what pictures beside it were uploaded for: their graduates are asked when they register.
FILL = """
UPDATE destinations_evidence SET category = destination.category
FROM destinations_destination AS destination
WHERE destination.graduate_id = destinations_evidence.graduate_id
    AND destinations_evidence.removed_at IS NULL
    AND split_part(destination.category, '-', 1) <> '70'
"""


class Migration(migrations.Migration):
    dependencies = [("destinations", "0003_punctuation")]

    operations = [
        migrations.AddField(
            model_name="evidence",
            name="category",
            field=models.CharField(
                blank=True, db_default="", max_length=6, verbose_name="毕业去向"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
