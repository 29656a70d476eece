"""Nobody but the graduate can accept an invitation, even with everything that accepting takes.

The tests try every address with every kind of session, resets, and impersonation. The last test is
the control: the same form from the graduate is accepted.
"""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from accounts.proof import Entrance, new_challenge
from core import rate
from esign.actions.reading import keep_signature
from esign.models import Agreement, Draft, Invitation, Reading
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import client_of
from tests.test_access import ADDRESSES, Address

pytestmark = pytest.mark.django_db

EVERYBODY_ELSE = [*Role.values, "employer", "another employer", "another graduate", "nobody"]


class PreparedInvitation:
    """An invitation that can be accepted at once, with everything that accepting takes."""

    def __init__(self) -> None:
        self.world = factories.make_world()
        self.graduate = factories.make_graduate(self.world)
        self.invitation, self.user, self.code = signing.prepare_acceptance(self.graduate)
        reading = Reading.objects.get(graduate=self.graduate)
        self.drawn = signing.make_signature(1)
        self.kept = keep_signature(reading=reading, by=self.user, drawn=self.drawn).pk

    def person(self, who: str) -> User | None:
        match who:
            case "nobody":
                return None
            case "employer":
                return self.invitation.member.user
            case "another employer":
                return factories.make_member(factories.make_unit()).user
            case "another graduate":
                return signing.confirm_origin(factories.make_graduate(self.world))
        return self.world.user(who)

    def form(self) -> dict[str, Any]:
        """The form for accepting, with values for the fields of other forms added."""
        return {
            "terms_hash": self.invitation.terms_hash,
            "code": self.code,
            "kept": self.kept,
            "signature": io.BytesIO(self.drawn),
            "action": "accept", "do": "accept", "to": "accept", "state": "accepted",
            "reason": "代为接受", "answer": "代为接受", "note": "代为接受", "version": "1",
            "pick": self.graduate.pk, "graduate": self.graduate.pk, "confirm": "1",
        }  # fmt: skip

    def paths(self, address: Address) -> Iterator[str]:
        """The address with every value that belongs to the invitation or its graduate."""
        numbers = {self.graduate.pk, self.invitation.pk}
        draft = Draft.objects.filter(graduate=self.graduate).latest("pk")
        card = self.graduate.cards.latest("pk")  # type: ignore[attr-defined]
        words: dict[str, list[Any]] = {
            "pk": [*sorted(numbers), uuid.uuid4()],
            "token": [card.token],
            "key": [draft.key],
            "terms_hash": [self.invitation.terms_hash],
            "action": ["accept", "approve", "enter", "sign", "consent", "confirm"],
            "slot": ["signature"], "side": ["graduate"], "number": [1, 4],
            "code": ["10"], "form": ["agreement"],
            "staff_id": [self.world.staff[Role.SCHOOL_ADMIN].pk], "material_id": [1],
            "conclusion_id": [1], "file": [1], "challenge": [new_challenge(Entrance.STAFF)], "entrance": ["staff"],
            "kind": ["education", "single"], "image": [1], "record": [1],
        }  # fmt: skip
        names = sorted(address.takes)
        for values in itertools.product(*(words[n] for n in names)):
            try:
                yield reverse(address.name, kwargs=dict(zip(names, values, strict=True)))
            except NoReverseMatch:  # the address takes values of another type
                continue


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> PreparedInvitation:
    # Rate limits are off, so that the refusals show a missing permission.
    monkeypatch.setattr(rate, "limit", lambda *_, **__: None)
    return PreparedInvitation()


@pytest.mark.parametrize("who", EVERYBODY_ELSE)
def test_no_address_accepts_for_the_graduate_from_anybody_else(
    waiting: PreparedInvitation, who: str
) -> None:
    user = waiting.person(who)
    tried, broken, client = 0, [], Client()
    for address in ADDRESSES.values():
        for path in waiting.paths(address):
            if user and SESSION_KEY not in client.session:  # one of the addresses signs out
                client = client_of(user)
            client.raise_request_exception = False
            with transaction.atomic():
                response = client.post(path, waiting.form())
                tried += 1
                if response.status_code >= 500:
                    broken.append((path, response.status_code))
                assert not Agreement.objects.exists(), path
                transaction.set_rollback(True)
    assert tried > len(ADDRESSES)
    assert broken == []
    assert Agreement.objects.count() == 0


@pytest.mark.parametrize("role", Role.values)
def test_a_staff_session_opens_none_of_the_graduates_pages(
    waiting: PreparedInvitation, role: str
) -> None:
    """Neither a staff session with the graduate's record chosen nor signing in as staff in the
    graduate's browser opens the graduate's pages."""
    named = waiting.world.client(role)
    _choose(named, waiting.graduate)
    over = client_of(waiting.user)
    staff = waiting.world.user(role)
    over.post("/console/login/", {"login": staff.login, "password": factories.PASSWORD})
    assert over.get("/console/").status_code == 200
    for client in (named, over):
        for answer in (_accept(client, waiting), _ask_for_code(client, waiting.invitation)):
            assert (answer.status_code, answer["Location"]) == (302, "/login/")
    assert Agreement.objects.count() == 0


def test_another_graduate_cannot_choose_the_record(waiting: PreparedInvitation) -> None:
    client = client_of(_somebody(waiting))
    _choose(client, waiting.graduate)
    assert _accept(client, waiting).status_code == 404
    assert Agreement.objects.count() == 0


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_after_a_reset_neither_the_old_session_nor_the_new_account_accepts(
    waiting: PreparedInvitation, role: str
) -> None:
    """Staff resets the account, reads the new initial code and activates the account with it."""
    kept_open = client_of(waiting.user)
    assert kept_open.get("/").status_code == 200
    staff = waiting.world.client(role)
    staff.post(f"/console/graduates/{waiting.graduate.pk}/reset/")
    ended = kept_open.get("/")
    assert (ended.status_code, ended["Location"]) == (302, "/login/")
    assert _accept(kept_open, waiting)["Location"] == "/login/"

    graduate = Graduate.objects.select_related("school", "person").get(pk=waiting.graduate.pk)
    impersonating = Client()
    form = factories.activation_form(graduate)
    assert impersonating.post("/activate/", form).status_code == 302
    assert impersonating.get("/").status_code == 200
    refused = _accept(impersonating, waiting)
    assert refused.status_code == 409
    assert "帐号刚刚重置" in refused.content.decode()
    assert _ask_for_code(impersonating, waiting.invitation).status_code == 409
    assert Agreement.objects.count() == 0


@pytest.mark.parametrize("way", ["staff", "as the graduate"])
def test_no_code_is_sent_to_a_number_that_somebody_else_entered(way: str) -> None:
    """Staff activates an account that nobody used yet, and has everything but the graduate's phone.
    After a new number nobody can sign for 72 hours."""
    world = factories.make_world()
    graduate = factories.make_graduate(world)
    impersonating = Client()
    assert impersonating.post("/activate/", factories.activation_form(graduate)).status_code == 302
    factories.let_activation_age(graduate)
    user = signing.confirm_origin(graduate)
    invitation = signing.send_invitation(graduate)
    if way == "staff":
        _save(world.client(Role.SCHOOL_ADMIN), f"/console/graduates/{graduate.pk}/", graduate)
        signing.confirm_origin(graduate)
    else:
        _save(impersonating, "/contact/", graduate)
    graduate.refresh_from_db()
    assert graduate.mobile == "13700000009"
    signing.read_notice(invitation, user)
    assert _ask_for_code(impersonating, invitation).status_code == 409
    refused = impersonating.post(
        f"/invitations/{invitation.pk}/accept/",
        {"terms_hash": invitation.terms_hash, "code": "000000",
         "signature": io.BytesIO(signing.make_signature(1))},
    )  # fmt: skip
    assert refused.status_code == 409
    assert "手机号码刚刚变更" in refused.content.decode()
    assert Agreement.objects.count() == 0


def test_control_the_same_form_from_the_graduate_is_accepted(waiting: PreparedInvitation) -> None:
    answer = _accept(client_of(waiting.user), waiting)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/agreements/")
    assert Agreement.objects.count() == 1


def _accept(client: Client, waiting: PreparedInvitation) -> Any:
    return client.post(f"/invitations/{waiting.invitation.pk}/accept/", waiting.form())


def _ask_for_code(client: Client, invitation: Invitation) -> Any:
    signing.allow_new_codes()
    return client.post(f"/invitations/{invitation.pk}/code/")


def _choose(client: Client, graduate: Graduate) -> None:
    session = client.session
    session["graduate_id"] = graduate.pk
    session.save()


def _somebody(waiting: PreparedInvitation) -> User:
    found = waiting.person("another graduate")
    assert found is not None
    return found


def _save(client: Client, path: str, graduate: Graduate) -> None:
    version = Graduate.objects.get(pk=graduate.pk).version
    answer = client.post(
        path, {"mobile": "13700000009", "version": version, "password": factories.PASSWORD}
    )
    assert answer.status_code == 302, answer.content.decode()
