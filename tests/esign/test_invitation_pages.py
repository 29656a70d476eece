"""Invitations on the graduate's pages: the list, the notice, and declining."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Message
from core.models import Event, OutboxMessage
from esign.actions import invite
from esign.models import Agreement, Invitation
from esign.states import InvitationState
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return factories.client_of(signing.account_of(graduate))


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    assert "二维码" in page(client, "/invitations/")


def test_the_list_shows_each_state(client: Client, graduate: Graduate) -> None:
    units = [factories.make_unit_code(body=f"MA2N0AB{letter}") for letter in "CDEF"]
    sent, declined, withdrawn, late = (
        signing.send_invitation(
            graduate, f"1390000100{n}", unit_code=code, unit_name=f"虚构{n}号有限公司"
        )
        for n, code in enumerate(units)
    )
    client.post(f"/invitations/{declined.pk}/decline/", {"reason": "已有安排"})
    invite.withdraw(invitation=withdrawn, by=withdrawn.member.user)
    # The last day of this one is over, but no job has marked it.
    day = datetime.timedelta(days=9)
    Invitation.objects.filter(pk=late.pk).update(
        sent_at=late.sent_at - day, valid_until=timezone.now() - datetime.timedelta(seconds=1)
    )
    listed = page(client, "/invitations/")
    for words in ("待应约", "已谢绝", "已撤回", "已失效"):
        assert words in listed, words
    assert f"/invitations/{sent.pk}/" in listed
    gone = page(client, f"/invitations/{late.pk}/")
    assert "我已阅读" not in gone
    assert 'name="reason"' not in gone


def test_the_page_lists_what_keeps_the_graduate_from_accepting(
    client: Client, graduate: Graduate
) -> None:
    invitation = signing.send_invitation(graduate)
    shown = page(client, f"/invitations/{invitation.pk}/")
    assert 'data-block="not_confirmed"' in shown
    assert 'href="/origin/"' in shown
    assert "获取验证码" not in shown
    signing.confirm_origin(graduate)
    shown = page(client, f"/invitations/{invitation.pk}/")
    assert "data-block" not in shown
    assert "请阅读通知书" in shown


def test_the_notice_shows_the_terms_and_their_hash(client: Client, graduate: Graduate) -> None:
    invitation = signing.send_invitation(graduate, wage=8800)
    shown = page(client, f"/invitations/{invitation.pk}/")
    for words in (invitation.terms_hash, "单位未认证", "工程师", "8800"):
        assert words in shown, words
    for slot, status in (("certificate", 200), ("signature", 200), ("id_front", 403)):
        assert client.get(f"/invitations/{invitation.pk}/{slot}/").status_code == status, slot


def test_the_graduate_declines_on_the_page(client: Client, graduate: Graduate) -> None:
    invitation = signing.send_invitation(graduate)
    address = f"/invitations/{invitation.pk}/decline/"
    empty = client.post(address, {"reason": "  "})
    assert empty.status_code in (409, 422)
    assert '<details class="sheet" open>' in empty.content.decode()
    assert client.post(address, {"reason": "已有其它安排"}).status_code == 302
    invitation.refresh_from_db()
    assert (invitation.state, invitation.decline_reason) == (
        InvitationState.DECLINED, "已有其它安排",
    )  # fmt: skip
    assert "您已谢绝：已有其它安排" in page(client, f"/invitations/{invitation.pk}/")
    # Declining again and accepting afterwards change nothing.
    assert client.post(address, {"reason": "再谢绝"}).status_code == 409
    signing.confirm_origin(graduate)
    assert client.post(f"/invitations/{invitation.pk}/accept/").status_code in (409, 422)
    assert not Agreement.objects.exists()
    told = Message.objects.filter(to=f"user:{invitation.member.user_id}")
    assert told.filter(title__contains="谢绝").count() == 1


def test_the_graduate_is_told_of_an_invitation_once(client: Client, graduate: Graduate) -> None:
    invitation = signing.send_invitation(graduate)
    text = OutboxMessage.objects.filter(dedupe_key=f"invitation:{invitation.pk}:sent")
    assert [m.address for m in text] == [graduate.mobile]
    assert f"/invitations/{invitation.pk}/" in page(client, "/")
    assert "邀请您签约" in page(client, "/messages/")


def test_another_graduates_invitation_is_not_found(world: World, graduate: Graduate) -> None:
    invitation = signing.send_invitation(graduate)
    stranger: Any = factories.client_of(signing.account_of(factories.make_graduate(world)))
    for part in ("", "certificate/"):
        assert stranger.get(f"/invitations/{invitation.pk}/{part}").status_code == 404
    for act in ("decline", "accept", "code"):
        assert stranger.post(f"/invitations/{invitation.pk}/{act}/").status_code == 404


def test_a_code_requested_again_too_soon_may_still_be_typed(
    client: Client, graduate: Graduate
) -> None:
    user = signing.confirm_origin(graduate)
    made = signing.send_invitation(graduate)
    signing.read_notice(made, user)
    signing.allow_new_codes()
    assert client.post(f"/invitations/{made.pk}/code/").status_code == 200
    again = client.post(f"/invitations/{made.pk}/code/")
    assert again.status_code == 429
    assert 'name="code"' in again.content.decode()


@pytest.mark.parametrize("length", [79, 82, 100])
def test_a_unit_with_a_long_name_can_invite(graduate: Graduate, length: int) -> None:
    name = "虚构" + "长" * (length - 4) + "公司"
    invitation = signing.send_invitation(graduate, unit_name=name, contact_name="示例经理")
    assert invitation.unit.name == name
    event = Event.objects.get(action="esign.invite", object_id=invitation.pk)
    assert len(event.actor_label) <= 80
    assert event.actor_label.startswith("虚构长长")
    assert event.actor_label.endswith(" 示例经理")
