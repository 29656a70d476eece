"""Access to the employer's pages: the user is signed in as an employer and acts for one unit at a
time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts import inbox
from accounts.models import Realm, User
from codes import lookup
from employers.models import UnitMember
from employers.queries import Row, memberships, visible_to_member

_CHOSEN = "unit_member_id"
View = Callable[..., HttpResponseBase]


class AccountRequest(HttpRequest):
    """A request of an employer. `member` is None for somebody who signs for no unit."""

    user: User
    member: UnitMember | None
    memberships: list[UnitMember]
    unread: int


class EmployerRequest(AccountRequest):
    """A request of an employer who acts for a unit: `member` is the person in the chosen unit."""

    member: UnitMember


def account_view(view: View) -> View:
    """Protect a page of the account itself, which also people without a unit may open."""
    return _protect(view, needs_unit=False)


def employer_view(view: View) -> View:
    """Protect a page of a unit. Somebody who has left the unit sees nothing of it."""
    return _protect(view, needs_unit=True)


def _protect(view: View, *, needs_unit: bool) -> View:
    @functools.wraps(view)
    def protected(request: AccountRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
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

    protected.required_permission = "employer"  # type: ignore[attr-defined]
    return protected


def _chosen(request: AccountRequest) -> UnitMember | None:
    """The person in the chosen unit, or in the newest one if none is chosen or they have left it."""
    chosen_id = request.session.get(_CHOSEN)
    members = request.memberships
    return next((m for m in members if m.pk == chosen_id), members[0] if members else None)


def choose_member(request: AccountRequest, member: UnitMember) -> None:
    """Act for this unit from now on."""
    request.session[_CHOSEN] = member.pk
    request.member = member


def find_in_units(
    request: EmployerRequest, pk: int, visible: Callable[[UnitMember], QuerySet[Row]]
) -> Row:
    """The row with this id that the person may see in one of their units; otherwise a 404.

    `visible` gives the rows that a person may see in one unit. A link in a message may lead to a row
    of another of the person's units. That unit is then chosen.
    """
    others = [m for m in request.memberships if m.pk != request.member.pk]
    for member in (request.member, *others):
        found = visible(member).filter(pk=pk).first()
        if found is not None:
            if member.pk != request.member.pk:
                choose_member(request, member)
            return found
    raise Http404


def own_or_404(request: EmployerRequest, rows: QuerySet[Row], pk: int, *, begun_at: str) -> Row:
    """The row with this id, if the person may see it in one of their units; otherwise a 404. `rows`
    have `unit` and `member`, `begun_at` is as in `visible_to_member`."""
    return find_in_units(
        request, pk, lambda member: visible_to_member(rows, member, begun_at=begun_at)
    )
