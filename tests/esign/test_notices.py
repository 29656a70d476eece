"""Messages are also sent by e-mail where an address is given: once, and without personal data."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Message
from core.models import Channel, OutboxMessage
from employers.actions.members import end_membership
from esign.actions import accept, amend, invite, reminders, terminate
from esign.models import Agreement
from esign.states import Ground
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.esign.test_reminders import let_end_in
from tests.factories import World

pytestmark = pytest.mark.django_db
MINE, THEIRS = "me@example.com", signing.typed_terms()["contact_email"]


@pytest.fixture
def graduate() -> Graduate:
    return factories.make_graduate(factories.make_world(), email=MINE)


def mails(address: str) -> list[OutboxMessage]:
    rows = OutboxMessage.objects.filter(channel=Channel.EMAIL, address=address)
    return list(rows.order_by("id"))


def subjects(address: str) -> list[str]:
    return [m.subject for m in mails(address)]


def test_both_sides_get_mails_from_invitation_to_agreement(graduate: Graduate) -> None:
    agreement = signing.sign_agreement(graduate)
    # The unit is not certified, so the first mail does not repeat the name that it typed.
    first, second = subjects(MINE)
    assert first == "一家用人单位邀请您签约"
    assert second.partition("公司")[2] == "的就业协议已生效"
    assert subjects(THEIRS) == [f"{graduate.name}接受了邀约，协议已生效"]
    for mail in [*mails(MINE), *mails(THEIRS)]:
        told = Message.objects.get(dedupe_key=mail.dedupe_key.removeprefix("mail:"))
        assert mail.subject in {told.title, "一家用人单位邀请您签约"}
        assert not mail.secret
        assert told.link in mail.text and "请不要回复" in mail.text
        for number in (
            graduate.person.id_number, graduate.student_no, graduate.mobile, agreement.number,
        ):  # fmt: skip
            assert number not in mail.subject + mail.text
        assert not re.search(r"\d{6}", mail.text.replace(told.link, ""))


def test_accepting_twice_sends_one_mail(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    first = signing.accept_invitation(invitation, user, code)
    assert signing.accept_invitation(invitation, user, code) == first
    assert len(subjects(THEIRS)) == 1


def test_mails_do_not_contain_what_people_typed(graduate: Graduate) -> None:
    user = signing.confirm_origin(graduate)
    invitation = signing.send_invitation(graduate)
    accept.decline(invitation=invitation, by=user, reason="我的手机是13812345678")
    assert subjects(THEIRS) == [f"{graduate.name}谢绝了邀约"]
    assert "13812345678" not in mails(THEIRS)[0].text


def test_both_sides_get_mails_of_amendment_and_termination(graduate: Graduate) -> None:
    agreement = signing.sign_agreement(graduate)
    OutboxMessage.objects.all().delete()
    proposal = amend.propose(
        agreement=agreement, member=agreement.member, reason="更正",
        typed={"contact_email": "new@example.com"},
    )  # fmt: skip
    assert subjects(MINE)[-1].endswith("提出修改签约信息")
    amend.refuse(amendment=proposal, by=signing.account_of(graduate))
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.MUTUAL, reason="岗位取消"
    )
    assert len(subjects(MINE)) == 2
    signing.agree_to_terminate(agreement, signing.account_of(graduate))
    assert subjects(THEIRS), "a change that was not confirmed changes no address"


def test_the_reminder_is_mailed_once(graduate: Graduate) -> None:
    let_end_in(signing.send_invitation(graduate), 1)
    assert [reminders.remind_ending(), reminders.remind_ending()] == [1, 0]
    assert sum(s.endswith("即将失效") for s in subjects(MINE)) == 1


def test_a_person_who_left_gets_no_mail(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    end_membership(invitation.member)
    signing.accept_invitation(invitation, user, code)
    assert subjects(THEIRS) == []


def test_no_mail_is_written_without_an_address_or_a_mail_server(settings: Any) -> None:
    world = factories.make_world()
    signing.sign_agreement(factories.make_graduate(world), contact_email="")
    assert not OutboxMessage.objects.filter(channel=Channel.EMAIL).exists()
    settings.OUTBOX_BACKENDS = settings.OUTBOX_BACKENDS | {"email": ""}
    signing.sign_agreement(factories.make_graduate(world, email=MINE), mobile="13900000077")
    assert not OutboxMessage.objects.filter(channel=Channel.EMAIL).exists()


def test_mails_need_no_further_statements_when_accepting(world: World) -> None:
    """Mails are inserted by the same statement as the text message."""

    def statements(graduate: Graduate) -> int:
        invitation, user, code = signing.prepare_acceptance(graduate)
        with CaptureQueriesContext(
            connection,
        ) as found:
            made = signing.accept_invitation(invitation, user, code)
        assert isinstance(made, Agreement)
        return len(found)

    statements(factories.make_graduate(world))
    assert statements(factories.make_graduate(world, email=MINE)) == statements(
        factories.make_graduate(world)
    )
    assert subjects(MINE)


def test_a_withdrawal_is_mailed_to_the_graduate(graduate: Graduate) -> None:
    invitation = signing.send_invitation(graduate)
    invite.withdraw(invitation=invitation, by=invitation.member.user)
    assert subjects(MINE)[-1].endswith("撤回了邀约")
