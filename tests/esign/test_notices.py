"""What the message centre says also goes by e-mail where an address is given: once, in Chinese,
and without anything that belongs behind the sign-in."""

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
from tests.esign.test_reminders import ends_in
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


def test_from_invitation_to_agreement(graduate: Graduate) -> None:
    agreement = signing.sign(graduate)
    assert [s.partition("公司")[2] for s in subjects(MINE)] == ["邀请您签约", "的就业协议已生效"]
    assert subjects(THEIRS) == [f"{graduate.name}接受了邀约, 协议已生效"]
    for mail in [*mails(MINE), *mails(THEIRS)]:
        told = Message.objects.get(dedupe_key=mail.dedupe_key.removeprefix("mail:"))
        assert (mail.subject, mail.secret) == (told.title, False)
        assert told.link in mail.text and "请不要回复" in mail.text
        for number in (
            graduate.person.id_number, graduate.student_no, graduate.mobile, agreement.number,
        ):  # fmt: skip
            assert number not in mail.subject + mail.text
        assert not re.search(r"\d{6}", mail.text.replace(told.link, ""))


def test_the_same_answer_twice_is_mailed_once(graduate: Graduate) -> None:
    invitation, user, code = signing.ready(graduate)
    first = signing.answer(invitation, user, code)
    assert signing.answer(invitation, user, code) == first
    assert len(subjects(THEIRS)) == 1


def test_what_people_typed_stays_behind_the_sign_in(graduate: Graduate) -> None:
    user = signing.confirm_origin(graduate)
    invitation = signing.invited(graduate)
    accept.decline(invitation=invitation, by=user, reason="我的手机是13812345678")
    assert subjects(THEIRS) == [f"{graduate.name}谢绝了邀约"]
    assert "13812345678" not in mails(THEIRS)[0].text


def test_amended_and_terminated_both_sides_hear(graduate: Graduate) -> None:
    agreement = signing.sign(graduate)
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
    terminate.consent(agreement=agreement, by=signing.account_of(graduate))
    assert subjects(THEIRS), "what was not confirmed changes no address"


def test_the_reminder_goes_by_mail_once(graduate: Graduate) -> None:
    ends_in(signing.invited(graduate), 1)
    assert [reminders.remind_ending(), reminders.remind_ending()] == [1, 0]
    assert sum(s.endswith("即将失效") for s in subjects(MINE)) == 1


def test_who_left_gets_no_mail(graduate: Graduate) -> None:
    """The address is theirs as much as the unit's."""
    invitation, user, code = signing.ready(graduate)
    end_membership(invitation.member)
    signing.answer(invitation, user, code)
    assert subjects(THEIRS) == []


def test_without_an_address_or_a_way_out_there_is_none(settings: Any) -> None:
    world = factories.make_world()
    signing.sign(factories.make_graduate(world), contact_email="")
    assert not OutboxMessage.objects.filter(channel=Channel.EMAIL).exists()
    settings.OUTBOX_BACKENDS = settings.OUTBOX_BACKENDS | {"email": ""}
    signing.sign(factories.make_graduate(world, email=MINE), mobile="13900000077")
    assert not OutboxMessage.objects.filter(channel=Channel.EMAIL).exists()


def test_accepting_asks_no_more_of_the_database_for_it(world: World) -> None:
    """Mails go in the statement of the text message."""

    def statements(graduate: Graduate) -> int:
        invitation, user, code = signing.ready(graduate)
        with CaptureQueriesContext(
            connection,
        ) as found:
            made = signing.answer(invitation, user, code)
        assert isinstance(made, Agreement)
        return len(found)

    statements(factories.make_graduate(world))
    assert statements(factories.make_graduate(world, email=MINE)) == statements(
        factories.make_graduate(world)
    )
    assert subjects(MINE)


def test_taken_back(graduate: Graduate) -> None:
    invitation = signing.invited(graduate)
    invite.withdraw(invitation=invitation, by=invitation.member.user)
    assert subjects(MINE)[-1].endswith("撤回了邀约")
