"""The graduate's card (二维码名片): a new one is made, the old one revoked, and scanned ones are found."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from esign.models import Card
from graduates.models import Graduate

LIFETIME = timedelta(days=30)


def live_card(graduate: Graduate) -> Card | None:
    rows = Card.objects.filter(graduate=graduate, revoked_at=None, expires_at__gt=Now())
    return rows.first()


def new_card(*, graduate: Graduate, by: User) -> Card:
    """Make a new card. The one before stops working at once."""
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).only("id").get(pk=graduate.pk)
        revoke_cards(graduate=graduate, by=by)
        card = Card.objects.create(
            graduate=graduate,
            token=secrets.token_urlsafe(24),
            expires_at=database_now() + LIFETIME,
        )
        audit.record("esign.new_card", by=by, obj=card, school_id=graduate.school_id)
    return card


def revoke_cards(*, graduate: Graduate, by: User) -> None:
    with transaction.atomic():
        for card in Card.objects.select_for_update().filter(graduate=graduate, revoked_at=None):
            card.revoked_at = timezone.now()
            card.save(update_fields=["revoked_at"])
            audit.record("esign.revoke_card", by=by, obj=card, school_id=graduate.school_id)


def find_card(token: str) -> Card | None:
    """The valid card with this token; None for a guessed, expired or revoked one."""
    rows = Card.objects.select_related("graduate__school", "graduate__cohort")
    card = rows.filter(token=token, revoked_at=None, expires_at__gt=Now()).first()
    if card is None or not card.graduate.school.is_open:
        return None
    return card
