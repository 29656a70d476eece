"""Messages that the platform sends by itself, once: an invitation expires, a number was replaced."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts.models import Message
from core.models import OutboxMessage
from esign.actions import invite, reminders
from esign.models import Invitation, MobileChange
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(world: World) -> Invitation:
    return signing.send_invitation(factories.make_graduate(world))


def count_reminders(invitation: Invitation) -> tuple[int, int]:
    key = f"invitation:{invitation.pk}:ending"
    return (
        Message.objects.filter(dedupe_key__endswith=key).count(),
        OutboxMessage.objects.filter(dedupe_key=key).count(),
    )


def let_end_in(invitation: Invitation, days: int) -> None:
    """Change the invitation: it was sent three days ago, and its last day is in `days` days."""
    end = timezone.localtime().replace(hour=23, minute=59, second=59, microsecond=0)
    Invitation.objects.filter(pk=invitation.pk).update(
        sent_at=timezone.now() - datetime.timedelta(days=3),
        valid_until=end + datetime.timedelta(days=days),
    )


@pytest.mark.parametrize(("days", "expected"), [(3, 0), (2, 0), (1, 1), (0, 1)])
def test_the_graduate_is_reminded_once_from_the_day_before(
    invitation: Invitation, days: int, expected: int
) -> None:
    let_end_in(invitation, days)
    assert reminders.remind_ending() == expected
    assert reminders.remind_ending() == 0
    assert count_reminders(invitation) == (expected, expected)


def test_nobody_is_reminded_on_the_day_of_the_invitation(invitation: Invitation) -> None:
    let_end_in(invitation, 1)
    Invitation.objects.update(sent_at=timezone.now())
    assert reminders.remind_ending() == 0


def test_nobody_is_reminded_of_a_withdrawn_invitation(invitation: Invitation) -> None:
    let_end_in(invitation, 1)
    invite.withdraw(invitation=invitation, by=invitation.member.user)
    assert reminders.remind_ending() == 0


def test_the_old_number_is_told_once(world: World) -> None:
    graduate = factories.make_graduate(world)
    old = graduate.mobile
    Graduate.objects.filter(pk=graduate.pk).update(mobile="13600000001")
    assert reminders.tell_old_numbers() == 1
    assert reminders.tell_old_numbers() == 0
    sent = OutboxMessage.objects.get(dedupe_key__startswith="mobile-change:")
    assert sent.address == old
    assert "136****0001" in sent.text
    assert MobileChange.objects.get().told_at is not None


def test_a_first_number_is_told_to_nobody(world: World) -> None:
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(mobile="")
    MobileChange.objects.all().delete()
    Graduate.objects.filter(pk=graduate.pk).update(mobile="13600000001")
    assert reminders.tell_old_numbers() == 0
    assert MobileChange.objects.filter(told_at=None).count() == 0
    assert not OutboxMessage.objects.filter(dedupe_key__startswith="mobile-change:").exists()
