"""Pages of the employer's account: home, choosing a unit, password, messages."""

from __future__ import annotations

import time
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts import inbox
from accounts.forms import OwnPasswordForm
from accounts.signin import change_own_password
from core.errors import DomainError
from core.forms import posted, pressed, read_number
from employers import hooks
from employers.access import AccountRequest, account_view, choose_member
from employers.pages import newest_page

CODE_SIGN_IN_AT = "came_by_code"
_FRESH_SECONDS = 600
_FORGOTTEN = "忘记的请退出后用验证码登录，再来设置。"


@account_view
def home(request: AccountRequest) -> HttpResponse:
    """Numbers of invitations and agreements, and what the unit should do."""
    member = request.member
    context: dict[str, Any] = {"tab": "home", "tiles": [], "todos": []}
    if member is not None:
        context["tiles"] = [t for tiles in hooks.home_tiles.run(member=member) for t in tiles]
        context["todos"] = [t for todos in hooks.home_todos.run(member=member) for t in todos]
    return render(request, "employers/home.html", context)


@account_view
@require_POST
def choose(request: AccountRequest) -> HttpResponse:
    member_id = read_number(pressed(request, "member"))
    member = next((m for m in request.memberships if m.pk == member_id), None)
    if member is None:
        messages.error(request, "您没有为此单位办理签约的权限。")
    else:
        choose_member(request, member)
        messages.success(request, f"已切换到{member.unit.name}。")
    return redirect("employer-home")


@account_view
def password(request: AccountRequest) -> HttpResponse:
    form = OwnPasswordForm(posted(request), ask_old=_must_type_old_password(request))
    if form.is_valid():
        try:
            change_own_password(request, forgotten=_FORGOTTEN, **form.cleaned_data)
            messages.success(request, "密码已保存，其他设备上的登录已退出。")
            return redirect("employer-unit")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form, "tab": "unit"}
    return render(request, "employers/password.html", context, status=form.status)


def _must_type_old_password(request: AccountRequest) -> bool:
    """Somebody who has just signed in by code, or never set a password, need not type the old one."""
    just_by_code = time.time() - request.session.get(CODE_SIGN_IN_AT, 0) < _FRESH_SECONDS
    return request.user.has_usable_password() and not just_by_code


@account_view
def inbox_page(request: AccountRequest) -> HttpResponse:
    if request.method == "POST":
        inbox.mark_read(request.user)
        return redirect("employer-messages")
    rows, following = newest_page(inbox.messages_of(request.user), request)
    context = {"rows": rows, "following": following, "tab": "messages"}
    return render(request, "employers/messages.html", context)


@account_view
@require_POST
def open_message(request: AccountRequest, pk: int) -> HttpResponse:
    """Mark a message as read and go to the page that it links to."""
    message = get_object_or_404(inbox.messages_of(request.user), pk=pk)
    inbox.mark_read(request.user, message.pk)
    if message.link and url_has_allowed_host_and_scheme(message.link, allowed_hosts=None):
        return redirect(message.link)
    return redirect("employer-messages")
