"""The door of the employer's pages: signed in as an employer, for one unit at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts import inbox
from accounts.models import Realm, User
from codes import lookup
from employers.models import UnitMember
from employers.queries import memberships, seen_by

_CHOSEN = "unit_member_id"
Row = TypeVar("Row", bound=Model)
View = Callable[..., HttpResponseBase]


class AccountRequest(HttpRequest):
    """A request that passed the outer door; `member` is None for whoever signs for no unit."""

    user: User
    member: UnitMember | None
    memberships: list[UnitMember]
    unread: int


class EmployerRequest(AccountRequest):
    """A request that passed the inner door: `member` is the person in the chosen unit."""

    member: UnitMember


def account_view(view: View) -> View:
    """Pages of the account itself: they open without a unit, too."""
    return _door(view, needs_unit=False)


def employer_view(view: View) -> View:
    """Pages of a unit. Whoever left it finds nothing of it here."""
    return _door(view, needs_unit=True)


def _door(view: View, *, needs_unit: bool) -> View:
    @functools.wraps(view)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or user.realm != Realm.EMPLOYER:
            return redirect("employer")
        lookup.refresh()
        request.memberships = list(memberships(user))
        request.member = _chosen(request)
        request.unread = inbox.unread(user)
        if needs_unit and request.member is None:
            return redirect("employer-home")
        return view(request, *args, **kwargs)

    guarded.required_permission = "employer"  # type: ignore[attr-defined]
    return guarded


def _chosen(request: AccountRequest) -> UnitMember | None:
    """The chosen unit while the person still signs for it, by default the newest."""
    wanted = request.session.get(_CHOSEN)
    mine = request.memberships
    return next((m for m in mine if m.pk == wanted), mine[0] if mine else None)


def choose_member(request: AccountRequest, member: UnitMember) -> None:
    request.session[_CHOSEN] = member.pk
    request.member = member


def own_or_404(request: EmployerRequest, rows: QuerySet[Row], pk: int) -> Row:
    """One of `rows` (they have `unit` and `member`) that the person sees. A message may lead to
    another of their units: that one is then the chosen one."""
    others = [m for m in request.memberships if m.pk != request.member.pk]
    for member in (request.member, *others):
        found = seen_by(rows, member).filter(pk=pk).first()
        if found is not None:
            if member.pk != request.member.pk:
                choose_member(request, member)
            return found
    raise Http404
