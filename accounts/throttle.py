"""Sign-in throttling: which failures count together, and how many lock a sign-in.

Failures count per subject, which is realm and login (for graduates school and student number). A
subject is locked after a few failures from one address and after more failures from many addresses.
An address alone is never locked, because a whole campus shares one: it is asked for proofs
(`accounts.proof`).
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_lockout_parameters
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PAIR_LIMIT = settings.AXES_FAILURE_LIMIT
SUBJECT_LIMIT = 30


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


class Handler(AxesDatabaseHandler):
    """django-axes has one limit. Each count is scaled so that its own limit equals that one."""

    def get_failures(self, request: HttpRequest, credentials: dict | None = None) -> int:
        worst = 0.0
        parameters = get_lockout_parameters(request, credentials)
        for parameter, attempts in zip(
            parameters, self.get_user_attempts(request, credentials), strict=True
        ):
            count = attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0
            worst = max(worst, count / _limit(parameter))
        return int(worst * settings.AXES_FAILURE_LIMIT)

    def user_logged_in(
        self, sender: Any, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any
    ) -> None:
        """Forget the failures of the account that was signed in to. Axes itself would forget those
        of all accounts from the same address."""
        credentials = {"realm": getattr(user, "realm", ""), "login": user.get_username()}
        AccessAttempt.objects.filter(username=subject(request, credentials)).delete()


def _limit(parameter: str | list[str]) -> int:
    return SUBJECT_LIMIT if parameter == "username" else PAIR_LIMIT


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {
        "message": f"尝试次数过多，请 {minutes} 分钟后再试。忘记密码请联系辅导员或管理员重置。",
        "code": "throttled",
    }
    return render(request, "core/refused.html", context, status=429)
