"""One index for the graduates' lists of postings, which has the columns they narrow and order by."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recruiting", "0002_guarantees")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["-published_at", "-id"], name="posting_of_lists",
                include=["valid_until", "work_kind", "education", "job_category", "search_places",
                         "places", "pay_from", "pay_to", "majors", "major_match", "school_ids",
                         "hidden_from"],
                condition=Q(state="published"),
            ),
        ),
        migrations.RemoveIndex(model_name="posting", name="posting_newest"),
    ]  # fmt: skip
