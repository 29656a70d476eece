"""What the tests of conclusions (转为劳动合同) share."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from core.errors import DomainError
from destinations.actions import review
from esign.actions import conclude
from esign.models import Agreement, Conclusion
from tests import factories
from tests.esign import signing
from tests.factories import World


def approved(world: World) -> Agreement:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    return made


def graduate_user(agreement: Agreement) -> User:
    return signing.account_of(agreement.graduate)


def refused(code: str, call: Any, *args: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code
    return refusal.value


def confirm(conclusion: Conclusion, by: User, **changes: Any) -> Conclusion:
    call = {"seen": conclusion.pk, "has_read": True} | changes
    return conclude.confirm(agreement=conclusion.agreement, by=by, **call)


def let_answer_period_pass() -> None:
    Conclusion.objects.update(answer_by=timezone.now() - datetime.timedelta(seconds=1))


def state(agreement: Agreement) -> str:
    return Agreement.objects.get(pk=agreement.pk).state
