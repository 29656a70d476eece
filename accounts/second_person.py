"""Who counts as another person, where a decision takes two.

Whoever resets a colleague's password could sign in as the colleague and agree with themselves. So for
72 hours after somebody else reset its password, an account counts neither as the one who began
something nor as the one who agrees. Meanwhile its owner, who is signed out by the reset, notices.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models.functions import Now

from accounts.models import User
from core.clock import database_now
from core.errors import DomainError, NotPermitted, Refused

PERIOD = datetime.timedelta(hours=72)

_SECOND_RESET = "您的密码在72小时内由他人重置过，暂不能作为另一人办理，请由其他人办理。"
_FIRST_RESET = "前一位经办人的密码在72小时内由他人重置过，满72小时后才能办理。"


def check_another_person(
    *, first: Iterable[int | None], second: User, same: str, needs_settled_account: bool = False
) -> None:
    """Raises `NotPermitted` or `Refused` unless `second` counts as another person than those with the
    ids `first`, of which None stands for nobody.

    `same` is the sentence for somebody who agrees with themselves. With `needs_settled_account` the
    account of `second` has to be 72 hours old, too.
    """
    if (refusal := why_not_another_person(first, second, same, needs_settled_account)) is not None:
        raise refusal


def why_not_another_person(
    first: Iterable[int | None], second: User, same: str, needs_settled_account: bool = False
) -> DomainError | None:
    """The refusal that `check_another_person` raises; None if there is none."""
    others = {pk for pk in first if pk is not None}
    if second.pk in others:
        return Refused("same_person", same)
    if needs_settled_account and second.created_at > database_now() - PERIOD:
        return NotPermitted("account_new", "您的帐号建立不满72小时，请由另一位老师确认。")
    reset = set(
        User.objects.filter(
            pk__in={*others, second.pk}, password_reset_at__gt=Now() - PERIOD
        ).values_list("pk", flat=True)
    )
    if second.pk in reset:
        return Refused("password_reset", _SECOND_RESET)
    if reset:
        return Refused("first_password_reset", _FIRST_RESET)
    return None
