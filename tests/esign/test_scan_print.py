"""Scan-to-print: a ticket is for one browser, one graduate and one download within five minutes."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from core.errors import DomainError
from destinations.actions import review
from esign.actions import scan_print, terminate
from esign.models import Agreement, Document, Print, PrintTicket
from esign.states import Ground, TicketState
from tests import factories
from tests.esign import printed, signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(world: World) -> Agreement:
    return printed.make_printable_agreement(world)


def open_ticket() -> tuple[Client, str]:
    """The browser of a public computer that shows a ticket, and the ticket's token."""
    pc = Client()
    answer = pc.post("/print/")
    assert answer.status_code == 302
    cookie = answer.cookies["print_secret"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/print/")
    return pc, answer["Location"].split("/")[-2]


def graduate_client(agreement: Agreement) -> Client:
    return client_of(signing.account_of(agreement.graduate))


def open_confirmed_ticket(agreement: Agreement) -> tuple[Client, str]:
    """A ticket that the phone has confirmed: the computer's browser and the token."""
    pc, token = open_ticket()
    handset = graduate_client(agreement)
    handset.get(f"/print/scan/{token}/")
    handset.post(f"/print/scan/{token}/")
    return pc, token


def test_the_computer_downloads_the_file_after_the_phone_confirmed(agreement: Agreement) -> None:
    pc, token = open_ticket()
    ticket = PrintTicket.objects.get(token=token)
    page = pc.get(f"/print/{token}/").content.decode()
    assert "<svg" in page
    assert f'two-digits">{ticket.digits}<' in page
    assert "<script>" not in page
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    handset = graduate_client(agreement)
    shown = handset.get(f"/print/scan/{token}/").content.decode()
    assert f'two-digits">{ticket.digits}<' in shown
    assert agreement.number in shown
    assert "已扫码" in pc.get(f"/print/{token}/state/").content.decode()
    assert pc.post(f"/print/{token}/pdf/").status_code == 409, "not confirmed yet"
    assert handset.post(f"/print/scan/{token}/").status_code == 200
    assert "下载协议书" in pc.get(f"/print/{token}/state/").content.decode()
    assert Print.objects.count() == 0, "nothing was handed out yet"
    answer = pc.post(f"/print/{token}/pdf/")
    assert (printed.read_body(answer), answer["Cache-Control"]) == (
        printed.CONTENT, "private, no-store",
    )  # fmt: skip
    made = Print.objects.get(agreement=agreement)
    assert (made.way, made.actor_id) == ("scan", signing.account_of(agreement.graduate).pk)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.used_at is not None) == (TicketState.USED, True)


def test_a_second_download_is_refused(agreement: Agreement) -> None:
    pc, token = open_confirmed_ticket(agreement)
    assert pc.post(f"/print/{token}/pdf/").status_code == 200
    again = pc.post(f"/print/{token}/pdf/")
    assert (again.status_code, "已经下载过" in again.content.decode()) == (409, True)
    assert Print.objects.count() == 1
    assert "已下载" in pc.get(f"/print/{token}/state/").content.decode()


def test_another_browser_with_the_same_link_gets_nothing(agreement: Agreement) -> None:
    _, token = open_confirmed_ticket(agreement)
    other, _ = open_ticket()  # which has a secret of its own
    for browser in (Client(), other, graduate_client(agreement)):
        assert browser.get(f"/print/{token}/").status_code == 409
        assert browser.get(f"/print/{token}/state/").status_code == 409
        answer = browser.post(f"/print/{token}/pdf/")
        assert (answer.status_code, "只能在原来的电脑上" in answer.content.decode()) == (409, True)
    assert not Print.objects.exists()


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.CLAIMED, TicketState.CONFIRMED])
def test_an_expired_ticket_is_refused(agreement: Agreement, state: str) -> None:
    pc, token = open_ticket()
    handset, scan = graduate_client(agreement), f"/print/scan/{token}/"
    if state != TicketState.WAITING:
        handset.get(scan)
    if state == TicketState.CONFIRMED:
        handset.post(scan)
    assert PrintTicket.objects.get().state == state
    PrintTicket.objects.update(expires_at=timezone.now())
    assert handset.get(scan).status_code == 409
    assert handset.post(scan).status_code == 409
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    assert "已过期" in pc.get(f"/print/{token}/state/").content.decode()
    assert (PrintTicket.objects.get().state, Print.objects.count()) == (state, 0)


def test_a_ticket_belongs_to_the_graduate_who_scanned_it_first(
    world: World, agreement: Agreement
) -> None:
    second = printed.make_printable_agreement(world)
    pc, token = open_ticket()
    graduate_client(agreement).get(f"/print/scan/{token}/")
    answer = graduate_client(second).get(f"/print/scan/{token}/")
    assert (answer.status_code, "已被使用" in answer.content.decode()) == (409, True)
    assert graduate_client(second).post(f"/print/scan/{token}/").status_code == 409
    assert graduate_client(agreement).get(f"/print/scan/{token}/").status_code == 200, (
        "opened again"
    )
    assert pc.post(f"/print/{token}/pdf/").status_code == 409


def test_a_ticket_is_confirmed_once_and_after_a_scan(agreement: Agreement) -> None:
    _, token = open_ticket()
    handset = graduate_client(agreement)
    assert handset.post(f"/print/scan/{token}/").status_code == 409
    handset.get(f"/print/scan/{token}/")
    for _ in range(2):
        assert handset.post(f"/print/scan/{token}/").status_code == 200
    assert PrintTicket.objects.get().state == TicketState.CONFIRMED


def test_the_phone_returns_to_the_ticket_after_signing_in(agreement: Agreement) -> None:
    _, token = open_ticket()
    user, handset = signing.account_of(agreement.graduate), Client()
    answer = handset.get(f"/print/scan/{token}/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/")
    typed = {
        "school": agreement.school.name, "student_no": agreement.graduate.student_no,
        "password": factories.PASSWORD,
    }  # fmt: skip
    answer = handset.post("/login/", typed)
    assert (answer.status_code, answer["Location"]) == (302, f"/print/scan/{token}/")
    assert handset.get(answer["Location"]).status_code == 200
    handset.post("/logout/")
    assert handset.post("/login/", typed)["Location"] == "/", "only once"
    assert user.is_active


def test_the_phone_says_why_nothing_can_be_printed(world: World) -> None:
    unsigned = client_of(factories.activate(factories.make_graduate(world)))
    _, token = open_ticket()
    answer = unsigned.get(f"/print/scan/{token}/")
    assert (answer.status_code, "没有生效的就业协议" in answer.content.decode()) == (409, True)
    waiting = signing.sign_agreement(factories.make_graduate(world))
    answer = graduate_client(waiting).get(f"/print/scan/{token}/")
    assert "审核通过后才能打印" in answer.content.decode()
    assert PrintTicket.objects.get(token=token).state == TicketState.WAITING


def test_only_the_confirmed_file_is_handed_out(world: World, agreement: Agreement) -> None:
    pc, token = open_confirmed_ticket(agreement)
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    other = printed.make_printable_agreement(world)
    pc, token = open_confirmed_ticket(other)
    shown = Document.objects.get(agreement=other)
    Document.objects.create(
        agreement=other, version=shown.version, fingerprint="f" * 64, state="ready",
        file=shown.file, sha256="0" * 64, made_at=timezone.now(),
    )  # fmt: skip
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    assert not Print.objects.exists(), "a refusal counts nothing"


def test_a_terminated_agreement_cannot_be_printed(world: World, agreement: Agreement) -> None:
    pc, token = open_confirmed_ticket(agreement)
    owner = signing.account_of(agreement.graduate)
    terminate.start(agreement=agreement, by=owner, ground=Ground.MUTUAL, reason="协商")
    signing.agree_to_terminate(agreement, agreement.member.user)
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    terminate.agree(agreement=agreement, by=world.school_admin)
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    assert not Print.objects.exists()


def test_too_many_tickets_from_one_address_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_print, "_TICKETS_AN_HOUR", 2)
    address = "10.1.2.3"
    answers = [Client(REMOTE_ADDR=address).post("/print/").status_code for _ in range(3)]
    assert answers == [302, 302, 429]


def test_guessed_tokens_are_refused(agreement: Agreement) -> None:
    assert graduate_client(agreement).get(f"/print/scan/{'a' * 43}/").status_code == 409
    assert Client().get(f"/print/{'a' * 43}/").status_code == 409
    with pytest.raises(DomainError):
        scan_print.redeem_ticket(token="a" * 43, secret="")


def test_old_tickets_are_deleted() -> None:
    for _ in range(2):
        open_ticket()
    newest = PrintTicket.objects.latest("pk")
    PrintTicket.objects.exclude(pk=newest.pk).update(
        expires_at=timezone.now() - datetime.timedelta(days=2)
    )
    assert scan_print.delete_old_tickets() == 1
    assert PrintTicket.objects.get() == newest
    assert re.fullmatch(r"\d\d", newest.digits)


def test_a_scanned_address_with_odd_characters_is_no_server_error(db: None) -> None:
    """It is remembered in a cookie, which holds no such characters."""
    answer = Client().get("/print/scan/%E4%B8%9E%7D%09%2B/")
    assert answer.status_code == 302
    assert answer.cookies.output().isascii()
