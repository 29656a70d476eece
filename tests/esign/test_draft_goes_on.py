"""Who scans the card again and proves the same phone goes on with what they had begun."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from employers.models import Membership, UnitMember
from esign.actions import invite
from esign.models import Draft, Invitation
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.esign.signing import last_code
from tests.factories import World
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
MOBILE, OTHER = "13900000001", "13900000002"


@pytest.fixture(autouse=True)
def fresh() -> None:
    clear_own_cache()


def scan(graduate: Graduate, mobile: str = MOBILE) -> tuple[Client, Any]:
    """A new browser scans the card and proves the phone; the client and the answer to the code."""
    draft = signing.begin_draft(graduate)
    client, address = Client(), f"/invite/{draft.key}/phone/"
    signing.allow_new_codes()
    client.post(address, {"mobile": mobile, "send": "1"})
    return client, client.post(address, {"mobile": mobile, "code": last_code(mobile), "prove": "1"})


def value_in(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found is not None, name
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def test_a_second_scan_goes_on_with_the_draft(graduate: Graduate) -> None:
    client, first = scan(graduate)
    (draft,) = Draft.objects.all()
    client.post(f"/invite/{draft.key}/save/", {"unit_name": "写了一半的公司"})
    other, second = scan(graduate)
    assert second["Location"] == first["Location"]
    assert list(Draft.objects.all()) == [draft]
    page = other.get(second["Location"])
    assert value_in(page.content.decode(), "unit_name") == "写了一半的公司"


def test_another_phone_or_another_graduate_begins_anew(graduate: Graduate, world: World) -> None:
    _, first = scan(graduate)
    draft = Draft.objects.get()
    _, other_phone = scan(graduate, OTHER)
    _, other_graduate = scan(factories.make_graduate(world))
    assert len({a["Location"] for a in (first, other_phone, other_graduate)}) == 3
    assert Draft.objects.exclude(pk=draft.pk).count() == 2


def test_after_sending_the_scan_leads_to_the_invitation_that_waits(graduate: Graduate) -> None:
    sent = invite.send(draft=signing.fill_draft(signing.begin_draft(graduate), MOBILE))
    client, answer = scan(graduate)
    draft = Draft.objects.get()
    assert answer["Location"] == f"/invite/{draft.key}/sent/"
    assert client.get(answer["Location"]).status_code == 200
    assert list(Invitation.objects.all()) == [sent]


def test_after_the_answer_a_scan_begins_a_new_invitation(graduate: Graduate) -> None:
    sent = invite.send(draft=signing.fill_draft(signing.begin_draft(graduate), MOBILE))
    Invitation.objects.filter(pk=sent.pk).update(state="withdrawn", decided_at=sent.sent_at)
    _, answer = scan(graduate)
    assert answer["Location"].endswith("/1/")
    assert Draft.objects.count() == 2


def test_a_draft_under_a_revoked_card_is_not_gone_on_with(graduate: Graduate) -> None:
    from esign.actions import cards

    scan(graduate)
    cards.new_card(graduate=graduate, by=signing.account_of(graduate))
    _, answer = scan(graduate)
    assert answer["Location"].endswith("/1/")
    assert Draft.objects.count() == 2


def test_a_known_persons_unit_is_filled_in(graduate: Graduate, world: World) -> None:
    invite.send(draft=signing.fill_draft(signing.begin_draft(graduate), MOBILE))
    member = UnitMember.objects.get(user__login=MOBILE)
    client, answer = scan(factories.make_graduate(world))
    page = client.get(answer["Location"]).content.decode()
    assert value_in(page, "unit_name") == member.unit.name
    assert value_in(page, "unit_code") == member.unit.code
    draft = Draft.objects.latest("pk")
    assert draft.certificate is None  # pictures take a sign-in
    assert draft.id_front is None


def test_of_somebody_who_left_nothing_is_filled_in(graduate: Graduate, world: World) -> None:
    sent = invite.send(draft=signing.fill_draft(signing.begin_draft(graduate), MOBILE))
    UnitMember.objects.filter(user=User.objects.get(login=MOBILE)).update(
        state=Membership.ENDED, ended_at=sent.sent_at
    )
    client, answer = scan(factories.make_graduate(world))
    assert value_in(client.get(answer["Location"]).content.decode(), "unit_name") == ""


def test_the_signature_is_kept_as_soon_as_it_is_drawn(graduate: Graduate) -> None:
    client, _ = scan(graduate)
    draft = Draft.objects.get()
    page = client.get(f"/invite/{draft.key}/4/").content.decode()
    assert f'data-keep="/invite/{draft.key}/upload/signature/"' in page
