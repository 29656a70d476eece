"""How many failed sign-ins an account had lately, counted in PostgreSQL.

Failures count per subject, which is realm and login (for graduates school and student number), from
whatever address. Nothing is ever locked: an account with many failures is signed in to with a proof
(`accounts.proof`), because whoever can lock an account can keep its owner out.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Now
from django.http import HttpRequest

# After so many failures within a quarter of an hour each try takes a proof.
ACCOUNT_LIMIT = settings.AXES_FAILURE_LIMIT


def subject(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """The name under which failures are counted."""
    credentials = credentials or {}
    realm, login = credentials.get("realm"), credentials.get("login")
    return f"{realm}:{login}"[:200] if realm and login else ""


def client_address(request: HttpRequest) -> str:
    """The peer's address; behind N trusted proxies the N-th from the right of X-Forwarded-For."""
    if settings.TRUSTED_PROXIES:
        hops = [h.strip() for h in request.headers.get("X-Forwarded-For", "").split(",") if h]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")


def has_many_failures(request: HttpRequest, *, realm: str, login_name: str) -> bool:
    failures = Handler().get_failures(request, {"realm": realm, "login": login_name})
    return failures >= ACCOUNT_LIMIT


def use_once(name: str) -> bool:
    """Remember `name` for a quarter of an hour. False if it was remembered already."""
    with transaction.atomic():
        row, is_new = AccessAttempt.objects.get_or_create(
            # Any address will do, as long as it is the same: without one no two rows are equal.
            username=f"once:{name}"[:255],
            ip_address="::",
            user_agent="",
            defaults={"failures_since_start": 0},
        )
        if is_new:
            AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=Now())
    return is_new


class Handler(AxesDatabaseHandler):
    """Counts failures as rows of django-axes. The rows hold nothing that was typed."""

    def get_failures(self, request: HttpRequest, credentials: dict | None = None) -> int:
        recent = AccessAttempt.objects.filter(
            username=subject(request, credentials),
            attempt_time__gt=Now() - settings.AXES_COOLOFF_TIME,
        )
        return recent.aggregate(n=Sum("failures_since_start"))["n"] or 0

    def user_login_failed(
        self, sender: Any, credentials: dict, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        if request is None:
            return
        expired = Now() - settings.AXES_COOLOFF_TIME
        AccessAttempt.objects.filter(attempt_time__lte=expired).delete()
        with transaction.atomic():
            row, _ = AccessAttempt.objects.get_or_create(
                username=subject(request, credentials),
                ip_address=client_address(request) or None,
                user_agent="",
                defaults={"failures_since_start": 0},
            )
            AccessAttempt.objects.filter(pk=row.pk).update(
                failures_since_start=F("failures_since_start") + 1, attempt_time=Now()
            )

    def user_logged_in(
        self, sender: Any, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> None:
        """Forget the failures of the account that was signed in to. Axes itself would forget those
        of all accounts from the same address."""
        credentials = {"realm": getattr(user, "realm", ""), "login": user.get_username()}
        AccessAttempt.objects.filter(username=subject(request, credentials)).delete()
