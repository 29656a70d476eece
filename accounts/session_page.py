"""The page of the own sessions, the same in every realm but for the frame around it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.actions import end_sessions
from accounts.models import User
from accounts.own_sessions import end_other_sessions, end_session, list_sessions
from core.errors import DomainError
from core.forms import pressed


def answer(
    request: HttpRequest, template: str, *, page: str, sign_in: str, **context: Any
) -> HttpResponse:
    """Show the sessions, or end what a button names: one, all others, or all. `page` and `sign_in`
    are the names of this page and of the realm's sign-in."""
    if request.method != "POST":
        return render(request, template, {"sessions": list_sessions(request), **context})
    try:
        if mark := pressed(request, "session"):
            end_session(request, mark)
            messages.success(request, "已退出该设备上的登录。")
        elif pressed(request, "do") == "others":
            end_other_sessions(request)
            messages.success(request, "其他所有设备上的登录都已退出。")
        else:
            assert isinstance(request.user, User)
            end_sessions(user=request.user, by=request.user)
            logout(request)
            messages.success(request, "所有设备上的登录都已退出。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect(page if request.user.is_authenticated else sign_in)
