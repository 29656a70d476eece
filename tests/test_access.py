"""Every address is opened by every role with objects inside and outside its scope.

An object outside the scope gives 404, a page without permission 403, and people who are not signed
in are sent to the sign-in page.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from core import frame
from schools.roles import LEVELS, Role
from tests.access_esign import OTHER_BROWSER
from tests.access_table import BY_TOKEN, OBJECTS, OPEN, AddressCase, Objects
from tests.factories import client_of

# Two people of one unit: the employer is verified, the colleague is not.
EMPLOYERS = ("employer", "colleague")
OWN_REALM = {"graduate": ("graduate",), "employer": EMPLOYERS}
PEOPLE = ("anonymous", "graduate", *EMPLOYERS)


@dataclass(frozen=True)
class Address:
    name: str
    permission: str  # "graduate", "employer", a staff permission, or "" if the view names none
    takes: frozenset[str]


def addresses() -> dict[str, Address]:
    return {a.name: a for a in _walk(get_resolver(), "", frozenset())}


def _walk(resolver: URLResolver, space: str, taken: frozenset[str]) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        takes = taken | frozenset(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from _walk(entry, inner, takes)
        elif isinstance(entry, URLPattern):
            view: Any = entry.callback
            permission = getattr(view, "required_permission", "") or getattr(
                getattr(view, "view_class", None), "permission", ""
            )
            yield Address(f"{space}{entry.name}", permission, takes)


ADDRESSES = addresses()
# Addresses that are missing in the table fail in `test_every_address_is_accounted_for`.
KNOWN = [a for a in ADDRESSES.values() if (not a.takes or a.name in OBJECTS)
         and (a.permission or a.name in OPEN)]  # fmt: skip


def test_every_address_has_a_name() -> None:
    assert [n for n in ADDRESSES if n.endswith("None")] == []


def test_every_address_is_accounted_for() -> None:
    unguarded = {n for n, a in ADDRESSES.items() if not a.permission and n not in OPEN | BY_TOKEN}
    assert unguarded == set(), "neither guarded by a permission nor listed in OPEN"
    unknown = (
        {a.permission for a in ADDRESSES.values()} - {"", *OWN_REALM} - set(frame.permissions())
    )
    assert unknown == set(), "permissions that no app declares"
    no_objects = {n for n, a in ADDRESSES.items() if a.takes and n not in OBJECTS}
    assert no_objects == set(), "list in access_table.OBJECTS the objects to try them with"


def test_the_table_names_only_existing_addresses() -> None:
    assert (OPEN | set(OBJECTS)) - set(ADDRESSES) == set()


def test_open_addresses_require_no_permission() -> None:
    assert {n for n in OPEN if ADDRESSES[n].permission} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("roles", [PEOPLE, Role.values], ids=["people", "staff"])
def test_every_address_is_open_to_the_right_roles_only(roles: Sequence[str]) -> None:
    """Several roles share the objects, since making them takes longer than a role's requests."""
    objects = Objects()
    assert [line for role in roles for line in wrong_answers(role, objects)] == []


def wrong_answers(role: str, objects: Objects) -> Iterator[str]:
    """Open every address as `role` with every case; yields a line for each unexpected response."""
    visitor = Visitor(role, objects)
    for address in KNOWN:
        cases = objects.cases(address.name) if address.takes else [_PLAIN]
        for case in cases:
            expected = expect(role, address, case)
            for method, response in send_requests(visitor, address, case, post=expected in REFUSED):
                if not fits(expected, response):
                    was = f"{response.status_code} {response.headers.get('Location', '')}"
                    yield f"{role}: {method} {address.name} {case.name}: {expected}, was {was}"


_PLAIN = AddressCase("", {}, frozenset())


# With these expectations a POST is tried as well: it must be refused like the GET.
REFUSED = {"forbidden", *(f"{realm} sign-in" for realm in ("graduate", "employer", "console"))}


def expect(role: str, address: Address, case: AddressCase) -> str:
    """What should happen: "open", "… sign-in", "forbidden", "hidden" or "allowed"."""
    if address.name in OPEN:
        return OTHER_BROWSER.get(address.name, "open")
    if address.permission in OWN_REALM:
        if role not in OWN_REALM[address.permission]:
            return f"{address.permission} sign-in"
        return "allowed" if not address.takes or role in case.seen_by else "hidden"
    if role == "anonymous":
        return "console sign-in"
    if LEVELS.get(role) not in frame.permissions()[address.permission]:
        return "forbidden"
    return "allowed" if not address.takes or role in case.seen_by else "hidden"


def user_of(role: str, objects: Objects) -> User | None:
    special = {
        "anonymous": None, "graduate": objects.graduate_user, "employer": objects.employer,
        "colleague": objects.colleague,
    }  # fmt: skip
    return special[role] if role in special else objects.world.staff[role]


class Visitor:
    """Opens every address with one session, signed in once."""

    def __init__(self, role: str, objects: Objects) -> None:
        user = user_of(role, objects)
        self._cookies = client_of(user).cookies if user else SimpleCookie()

    def client(self) -> Client:
        client = Client(raise_request_exception=False)
        client.cookies = copy.deepcopy(self._cookies)
        return client


def send_requests(
    visitor: Visitor, address: Address, case: AddressCase, *, post: bool
) -> Iterator[tuple[str, HttpResponseBase]]:
    """Send a GET, and also a POST if the address accepts no GET or `post` is true. Yields method and
    response. Afterwards all changes are rolled back."""
    path = reverse(address.name, kwargs=case.kwargs)
    with transaction.atomic():
        response = visitor.client().get(path)
        if response.status_code != 405:
            yield "GET", response
        if post or response.status_code == 405:
            yield "POST", visitor.client().post(path)
        transaction.set_rollback(True)


def fits(expected: str, response: HttpResponseBase) -> bool:
    status, where = response.status_code, response.headers.get("Location", "")
    match expected:
        case "open":  # a rate limit or a wrong value may still be refused
            return status < 500 and status not in (401, 403, 404)
        case "graduate sign-in":
            return status == 302 and where == "/login/"
        case "employer sign-in":
            return status == 302 and where == "/employer/"
        case "console sign-in":
            return status == 302 and where.startswith("/console/login/")
        case "forbidden":
            return status == 403
        case "hidden":
            return status == 404
    # Refusals because of the state (409) or missing values (422, 400) come after the access check.
    to_sign_in = status == 302 and "/login/" in where
    return status in (200, 302, 400, 409, 422) and not to_sign_in


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN])
def test_lists_show_the_scope_only(role: str) -> None:
    objects = Objects()
    client = objects.world.client(role)
    for path in ("/console/graduates/", "/console/destinations/", "/console/graduates/changes/"):
        page = client.get(path).content.decode()
        assert objects.inside.student_no in page, path
        assert objects.outside.student_no not in page, path
        assert objects.elsewhere.student_no not in page, path
    for hidden in (objects.outside, objects.elsewhere):
        for asked in (hidden.student_no, hidden.name, hidden.exam_no, hidden.person.id_number):
            found = client.get("/console/graduates/", {"q": asked}).content.decode()
            assert f"/console/graduates/{hidden.pk}/" not in found


@pytest.mark.django_db
def test_a_closed_school_shows_nothing() -> None:
    objects = Objects()
    school = objects.world.school
    school.is_open, school.closed_at = False, school.created_at
    school.save()
    client = objects.world.client(Role.SCHOOL_ADMIN)
    assert client.get(f"/console/graduates/{objects.inside.pk}/").status_code in (403, 404)
    assert objects.inside.student_no not in client.get("/console/graduates/").content.decode()
    response = client_of(objects.graduate_user).get("/")
    assert (response.status_code, response["Location"]) == (302, "/login/")


@pytest.mark.django_db
def test_an_account_that_must_change_its_password_can_open_no_other_page() -> None:
    objects = Objects()
    user = objects.world.school_admin
    user.must_change_password = True
    user.save()
    client = client_of(user)
    for path in ("/console/", "/console/graduates/", f"/console/graduates/{objects.inside.pk}/"):
        assert client.get(path)["Location"] == "/console/password/"
    assert client.get("/console/password/").status_code == 200
