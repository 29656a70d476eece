"""What browsers and proxies may keep: static files for long, pages and private files never."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.signin import BACKEND
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db


def test_no_page_is_kept(world: World, graduate: Graduate) -> None:
    user = factories.activate(graduate)
    evidence = factories.attach(graduate, user)
    for client, addresses in (
        (Client(), ["/login/", "/console/login/", "/employer/", "/verify/", "/made-up-address/"]),
        (factories.client_of(user), ["/", "/me/", f"/destination/evidence/{evidence.pk}/"]),
        (world.client(Role.COUNSELLOR), ["/console/", "/console/graduates/",
                                         f"/console/evidence/{evidence.pk}/"]),
    ):  # fmt: skip
        for address in addresses:
            answer = client.get(address)
            assert answer["Cache-Control"] == "private, no-store", address


def test_a_refusal_leads_to_an_own_page_and_never_to_the_address_that_was_sent(
    world: World,
) -> None:
    staff, nobody = Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)
    staff.force_login(world.counsellor, backend=BACKEND)
    for client, home in ((staff, "/console/"), (nobody, "/")):
        answer = client.post(
            "/console/login/", {"login": "a"}, headers={"referer": "https://elsewhere.example/"}
        )
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "elsewhere" not in page
        assert f'href="{home}"' in page
