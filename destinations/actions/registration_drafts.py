"""What a graduate has typed into the registration, kept until it is submitted: while they go to upload a
signed 登记表, choose another category, or come back another day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db.models.functions import Now

from destinations.fields import BY_KEY
from destinations.models import RegistrationDraft

# An older draft is not shown any more.
LIFETIME = timedelta(days=30)
_MOST_CHARACTERS = 1000  # kept of each field; the rules check lengths when it is submitted


def keep(*, graduate_id: int, typed: Mapping[str, str]) -> None:
    """Keep the text of these fields, right or wrong, beside what was kept of others."""
    new = {key: str(text)[:_MOST_CHARACTERS] for key, text in typed.items() if key in BY_KEY}
    if not new:
        return
    RegistrationDraft.objects.update_or_create(
        graduate_id=graduate_id,
        defaults={"values": kept_values(graduate_id) | new, "updated_at": Now()},
    )


def kept_values(graduate_id: int) -> dict[str, str]:
    """The kept text by field; nothing if it is too old."""
    rows = RegistrationDraft.objects.filter(pk=graduate_id, updated_at__gt=Now() - LIFETIME)
    return rows.values_list("values", flat=True).first() or {}


def forget(graduate_id: int) -> None:
    RegistrationDraft.objects.filter(pk=graduate_id).delete()
