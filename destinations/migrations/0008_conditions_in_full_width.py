"""The shipped conditions get full-width punctuation where nobody has edited them."""

from django.db import migrations

_CONDITIONS = {
    "境外单位、部队、国际组织没有统一社会信用代码, 可不填": "境外单位、部队、国际组织没有统一社会信用代码，可不填",
    "境外单位没有统一社会信用代码, 可不填": "境外单位没有统一社会信用代码，可不填",
    "例如: 自由撰稿, 为某杂志供稿": "例如：自由撰稿，为某杂志供稿",
}


def widen(apps, schema_editor):
    fields = apps.get_model("destinations", "CategoryField")
    for narrow, wide in _CONDITIONS.items():
        fields.objects.filter(condition=narrow).update(condition=wide)


class Migration(migrations.Migration):

    dependencies = [("destinations", "0007_release_proposals")]

    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
