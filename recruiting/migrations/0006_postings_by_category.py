"""The index of postings by category has the columns that graduates' lists read, as `posting_of_lists` has."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("recruiting", "0005_recommendation")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["job_category", "-published_at", "-id"], name="posting_of_category",
                include=["valid_until", "work_kind", "education", "search_places", "places", "pay_from",
                         "pay_to", "majors", "major_match", "school_ids", "hidden_from"],
                condition=Q(state="published"),
            ),
        ),
        migrations.RemoveIndex(model_name="posting", name="posting_by_category"),
    ]  # fmt: skip
