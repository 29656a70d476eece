from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('national_sync', '0005_comparisons'),
    ]

    operations = [
        migrations.AddField(
            model_name='feedback',
            name='answer',
            field=models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='答复'),
        ),
    ]
