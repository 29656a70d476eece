"""A person who was removed from a unit and signs for it again sees nothing that was signed before."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import Message
from core.errors import DomainError
from employers.actions import members
from employers.models import Membership, Unit, UnitMember
from esign.actions import accept, conclude, invite, terminate
from esign.models import Agreement, Invitation, InvitationImport
from esign.states import Ground
from esign.urls import employer as EMPLOYER_ADDRESSES
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db

MOBILE = "13900000001"


class Returned:
    """Somebody who signed one agreement and sent one invitation, was removed by a colleague, and came
    back by another graduate's card with the unit's code."""

    def __init__(self, world: World) -> None:
        first, waiting, self.third = (factories.make_graduate(world) for _ in range(3))
        self.agreement: Agreement = signing.sign_agreement(first, mobile=MOBILE)
        self.invitation: Invitation = signing.send_invitation(waiting, MOBILE)
        self.member = UnitMember.objects.get(user__login=MOBILE)
        self.unit: Unit = self.member.unit
        self.colleague = factories.make_member(self.unit, state=Membership.VERIFIED)
        self.waiting: Graduate = waiting
        self.termination = terminate.start(
            agreement=self.agreement, by=self.member.user, ground=Ground.LAW, reason="法律规定",
            notified_on=factories.today(), materials=[factories.make_photo()],
        )  # fmt: skip
        members.end_member(member_id=self.member.pk, by=self.colleague)
        self.new_invitation = signing.send_invitation(self.third, MOBILE)
        self.member.refresh_from_db()
        assert self.member.state == Membership.CLAIMED

    def paths(self) -> list[tuple[str, str]]:
        """Every address of the unit's e-signing pages with every object from before the leaving."""
        words: dict[str, list[Any]] = {
            "pk": sorted({self.agreement.pk, self.invitation.pk}),
            "slot": ["certificate", "id_front", "signature"],
            "number": [1],
            "material_id": [self.termination.materials.get().pk],
            "conclusion_id": [1],
        }
        found = []
        for address in EMPLOYER_ADDRESSES:
            takes = sorted(address.pattern.converters)
            if not takes:
                continue
            for values in itertools.product(*(words[name] for name in takes)):
                try:
                    path = reverse(address.name, kwargs=dict(zip(takes, values, strict=True)))
                except NoReverseMatch:
                    continue
                found.append((str(address.name), path))
        return found


@pytest.fixture
def returned(world: World) -> Returned:
    return Returned(world)


def test_no_address_opens_what_was_signed_before(returned: Returned) -> None:
    own, colleague = client_of(returned.member.user), client_of(returned.colleague.user)
    opened_by_colleague = set()
    paths = returned.paths()
    for name, path in paths:
        for method in ("get", "post"):
            refusals = {404, 405} if method == "get" else {404}
            assert getattr(own, method)(path).status_code in refusals, (method, path)
        if colleague.get(path).status_code == 200:
            opened_by_colleague.add(name)
    # The control: for a verified colleague the same addresses have something to show.
    assert {
        "employer-agreement", "employer-invitation", "employer-invitation-picture",
        "employer-material", "employer-amend", "employer-conclude",
    } <= opened_by_colleague  # fmt: skip
    assert len({name for name, _ in paths}) >= 15


def test_lists_and_counts_leave_out_what_was_signed_before(returned: Returned) -> None:
    client = client_of(returned.member.user)
    name = returned.agreement.graduate.name
    for path in ("/employer/agreements/", "/employer/invitations/", "/employer/home/"):
        page = client.get(path).content.decode()
        assert f"/agreements/{returned.agreement.pk}/" not in page
        assert name not in page, path
    listed = client.get("/employer/invitations/").content.decode()
    assert returned.third.name in listed
    assert returned.waiting.name not in listed


def test_no_action_goes_on_with_what_was_begun_before(returned: Returned) -> None:
    by = returned.member.user
    calls: list[Any] = [
        lambda: invite.withdraw(invitation=returned.invitation, by=by),
        lambda: terminate.withdraw(
            agreement=returned.agreement, by=by, seen=returned.termination.pk
        ),
        lambda: conclude.propose(agreement=returned.agreement, by=by, **signing.contract_proof()),
    ]
    for call in calls:
        with pytest.raises(DomainError) as refusal:
            call()
        assert refusal.value.code == "not_yours"


def test_what_was_sent_after_coming_back_is_open(returned: Returned) -> None:
    client = client_of(returned.member.user)
    assert client.get(f"/employer/invitations/{returned.new_invitation.pk}/").status_code == 200
    user = signing.confirm_origin(returned.third)
    signing.read_notice(returned.new_invitation, user)
    code = signing.request_code(returned.new_invitation, user)
    made = signing.accept_invitation(returned.new_invitation, user, code)
    assert client.get(f"/employer/agreements/{made.pk}/").status_code == 200


def test_an_invitation_from_before_is_answered_to_the_colleagues(returned: Returned) -> None:
    user = signing.confirm_origin(returned.waiting)
    Message.objects.all().delete()
    accept.decline(invitation=returned.invitation, by=user, reason="已有其他安排")
    told = set(Message.objects.values_list("to", flat=True))
    assert told == {f"user:{returned.colleague.user_id}"}


def test_workbooks_from_before_stay_closed(returned: Returned) -> None:
    made = InvitationImport.objects.create(
        member=returned.member, by=returned.member.user, address="127.0.0.1",
        file=factories.keep_file("invitations"),
    )  # fmt: skip
    client, path = client_of(returned.member.user), f"/employer/invitations/workbook/{made.pk}/"
    assert client.get(path).status_code == 200
    InvitationImport.objects.update(created_at=returned.invitation.sent_at)
    assert client.get(path).status_code == 404


def test_a_verified_colleague_opens_everything_again(returned: Returned) -> None:
    members.verify_member(member_id=returned.member.pk, by=returned.colleague)
    client: Client = client_of(returned.member.user)
    assert client.get(f"/employer/agreements/{returned.agreement.pk}/").status_code == 200
    assert client.get(f"/employer/invitations/{returned.invitation.pk}/").status_code == 200
