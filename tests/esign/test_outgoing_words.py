"""Text messages and e-mails have fixed words, and a unit's name only once it is certified."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import Message
from core import outbox
from core.models import Channel, OutboxMessage
from employers.models import Unit
from esign.actions import amend, reminders
from esign.models import Invitation
from graduates import access
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
EVIL = "点www.evil.example/win领奖公司"


def texts(address: str) -> list[str]:
    rows = OutboxMessage.objects.filter(address=address, secret=False)
    return [f"{m.subject} {m.text}" for m in rows.order_by("pk")]


def test_no_text_about_an_invitation_has_the_typed_name_of_a_unit(
    graduate: Graduate, settings: object
) -> None:
    settings.OUTBOX_BACKENDS = {"sms": "x", "email": "x"}  # type: ignore[attr-defined]
    Graduate.objects.filter(pk=graduate.pk).update(email="mine@example.com")
    invitation = signing.send_invitation(graduate, unit_name=EVIL, job_title="http://evil.example")
    tomorrow = timezone.now() + datetime.timedelta(hours=20)
    Invitation.objects.update(valid_until=tomorrow)
    reminders._remind(invitation.pk)
    sent = [*texts(graduate.mobile), *texts("mine@example.com")]
    assert len(sent) >= 3
    for words in sent:
        assert "一家用人单位" in words
        assert "evil" not in words and "领奖" not in words
    # In the message centre, behind the sign-in, the graduate reads who it is.
    assert Message.objects.filter(title__contains=EVIL[:5]).exists()


def test_a_certified_unit_is_called_by_its_name(graduate: Graduate) -> None:
    signing.send_invitation(graduate)
    Unit.objects.update(certified_at=timezone.now())
    signing.send_invitation(graduate, "13900000002")
    assert texts(graduate.mobile)[-1].strip().startswith("虚构信息技术有限公司")


def test_a_proposed_change_is_told_without_the_typed_name(graduate: Graduate) -> None:
    made = signing.sign_agreement(graduate, unit_name="领奖公司")
    amend.propose(agreement=made, member=made.member, typed={"wage": "7000"}, reason="填写有误")
    assert "领奖" not in texts(graduate.mobile)[-1]
    assert "签约单位提出修改" in texts(graduate.mobile)[-1]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("见http://evil.example/a?b=1，谢谢", "见…，谢谢"),
        ("见www.evil.example谢谢", "见…谢谢"),
        ("见evil.com/x谢谢", "见…谢谢"),
        ("工资8,000.50元，2027.7.1报到", "工资8,000.50元，2027.7.1报到"),
    ],
)
def test_links_are_removed_from_whatever_goes_out(typed: str, sent: str) -> None:
    assert outbox.message(Channel.SMS, "1", typed, key="k").text == sent


def test_the_platforms_own_link_stays_in_a_mail(settings: object) -> None:
    own = f"{settings.PUBLIC_ORIGIN}/invitations/1/"  # type: ignore[attr-defined]
    assert own in outbox.message(Channel.EMAIL, "a@b", f"请查看：{own}", key="k").text


# --- scan-to-print ----------------------------------------------------------------------------


def test_opening_a_scanned_address_makes_no_session(graduate: Graduate) -> None:
    clear_own_cache()
    for _ in range(3):
        client = Client()
        assert client.get("/print/scan/made-up/")["Location"] == "/login/"
        assert "sessionid" not in {name.removeprefix("__Host-") for name in client.cookies}
    assert Session.objects.count() == 0


def test_after_the_sign_in_the_graduate_is_led_back_once(graduate: Graduate) -> None:
    clear_own_cache()
    factories.activate(graduate)
    client = Client()
    client.get("/print/scan/made-up/")
    form = {
        "school": graduate.school.name, "student_no": graduate.student_no,
        "password": factories.PASSWORD,
    }  # fmt: skip
    assert client.post("/login/", form)["Location"] == "/print/scan/made-up/"
    client.post("/logout/")
    assert client.post("/login/", form)["Location"] == "/"


def test_a_made_up_cookie_leads_nowhere(graduate: Graduate) -> None:
    client = Client()
    client.cookies["after_sign_in"] = "https://evil.example/"
    factories.activate(graduate)
    form = {
        "school": graduate.school.name, "student_no": graduate.student_no,
        "password": factories.PASSWORD,
    }  # fmt: skip
    assert client.post("/login/", form)["Location"] == "/"


def test_scanned_addresses_are_limited_for_each_address(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_own_cache()
    monkeypatch.setattr(access, "_MOST_SCANS", 2)
    answers = [Client().get("/print/scan/made-up/").status_code for _ in range(3)]
    assert answers == [302, 302, 429]
