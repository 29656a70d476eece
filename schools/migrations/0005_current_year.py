from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("schools", "0004_defaults_for_old_code"),
    ]

    operations = [
        migrations.AddField(
            model_name="staffmember",
            name="current_year",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="当前届别"
            ),
        ),
    ]
