"""Scan-to-print: a ticket for one browser, one graduate, one download, five minutes."""

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
from tests.esign import papers, signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(world: World) -> Agreement:
    return papers.printable(world)


def computer() -> tuple[Client, str]:
    """A public computer that shows a code: its browser and the ticket's token."""
    pc = Client()
    answer = pc.post("/print/")
    assert answer.status_code == 302
    cookie = answer.cookies["print_secret"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/print/")
    return pc, answer["Location"].split("/")[-2]


def phone(agreement: Agreement) -> Client:
    return client_of(signing.account_of(agreement.graduate))


def scanned(agreement: Agreement) -> tuple[Client, str]:
    """Confirmed on the phone, not yet downloaded."""
    pc, token = computer()
    handset = phone(agreement)
    handset.get(f"/print/scan/{token}/")
    handset.post(f"/print/scan/{token}/")
    return pc, token


def test_from_the_code_to_the_file(agreement: Agreement) -> None:
    pc, token = computer()
    ticket = PrintTicket.objects.get(token=token)
    page = pc.get(f"/print/{token}/").content.decode()
    assert "<svg" in page
    assert f'two-digits">{ticket.digits}<' in page
    assert "<script>" not in page
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    handset = phone(agreement)
    shown = handset.get(f"/print/scan/{token}/").content.decode()
    assert f'two-digits">{ticket.digits}<' in shown
    assert agreement.number in shown
    assert "已扫码" in pc.get(f"/print/{token}/state/").content.decode()
    assert pc.post(f"/print/{token}/pdf/").status_code == 409, "not confirmed yet"
    assert handset.post(f"/print/scan/{token}/").status_code == 200
    assert "下载协议书" in pc.get(f"/print/{token}/state/").content.decode()
    assert Print.objects.count() == 0, "nothing was handed out yet"
    answer = pc.post(f"/print/{token}/pdf/")
    assert (papers.body(answer), answer["Cache-Control"]) == (papers.CONTENT, "no-store")
    made = Print.objects.get(agreement=agreement)
    assert (made.way, made.actor_id) == ("scan", signing.account_of(agreement.graduate).pk)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.used_at is not None) == (TicketState.USED, True)


def test_a_second_download_is_refused(agreement: Agreement) -> None:
    pc, token = scanned(agreement)
    assert pc.post(f"/print/{token}/pdf/").status_code == 200
    again = pc.post(f"/print/{token}/pdf/")
    assert (again.status_code, "已经下载过" in again.content.decode()) == (409, True)
    assert Print.objects.count() == 1
    assert "已下载" in pc.get(f"/print/{token}/state/").content.decode()


def test_another_browser_with_the_same_link_gets_nothing(agreement: Agreement) -> None:
    _, token = scanned(agreement)
    other, _ = computer()  # a secret of its own
    for browser in (Client(), other, phone(agreement)):
        assert browser.get(f"/print/{token}/").status_code == 409
        assert browser.get(f"/print/{token}/state/").status_code == 409
        answer = browser.post(f"/print/{token}/pdf/")
        assert (answer.status_code, "只能在原来的电脑上" in answer.content.decode()) == (409, True)
    assert not Print.objects.exists()


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.CLAIMED, TicketState.CONFIRMED])
def test_an_expired_ticket_is_refused(agreement: Agreement, state: str) -> None:
    pc, token = computer()
    handset, scan = phone(agreement), f"/print/scan/{token}/"
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


def test_a_ticket_is_the_first_graduates(world: World, agreement: Agreement) -> None:
    second = papers.printable(world)
    pc, token = computer()
    phone(agreement).get(f"/print/scan/{token}/")
    answer = phone(second).get(f"/print/scan/{token}/")
    assert (answer.status_code, "已被使用" in answer.content.decode()) == (409, True)
    assert phone(second).post(f"/print/scan/{token}/").status_code == 409
    assert phone(agreement).get(f"/print/scan/{token}/").status_code == 200, "opened again"
    assert pc.post(f"/print/{token}/pdf/").status_code == 409


def test_confirming_needs_a_scan_and_twice_is_once(agreement: Agreement) -> None:
    _, token = computer()
    handset = phone(agreement)
    assert handset.post(f"/print/scan/{token}/").status_code == 409
    handset.get(f"/print/scan/{token}/")
    for _ in range(2):
        assert handset.post(f"/print/scan/{token}/").status_code == 200
    assert PrintTicket.objects.get().state == TicketState.CONFIRMED


def test_whoever_signs_in_first_comes_back(agreement: Agreement) -> None:
    _, token = computer()
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


def test_what_cannot_be_printed_is_said_on_the_phone(world: World) -> None:
    unsigned = client_of(factories.activate(factories.make_graduate(world)))
    _, token = computer()
    answer = unsigned.get(f"/print/scan/{token}/")
    assert (answer.status_code, "没有生效的就业协议" in answer.content.decode()) == (409, True)
    waiting = signing.sign(factories.make_graduate(world))
    answer = phone(waiting).get(f"/print/scan/{token}/")
    assert "审核通过后才能打印" in answer.content.decode()
    assert PrintTicket.objects.get(token=token).state == TicketState.WAITING


def test_the_file_that_was_confirmed_or_none(world: World, agreement: Agreement) -> None:
    pc, token = scanned(agreement)
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    other = papers.printable(world)
    pc, token = scanned(other)
    shown = Document.objects.get(agreement=other)
    Document.objects.create(
        agreement=other, version=shown.version, fingerprint="f" * 64, state="ready",
        file=shown.file, sha256="0" * 64, made_at=timezone.now(),
    )  # fmt: skip
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    assert not Print.objects.exists(), "a refusal counts nothing"


def test_an_ended_agreement_prints_no_more(world: World, agreement: Agreement) -> None:
    pc, token = scanned(agreement)
    owner = signing.account_of(agreement.graduate)
    terminate.start(agreement=agreement, by=owner, ground=Ground.MUTUAL, reason="协商")
    terminate.consent(agreement=agreement, by=agreement.member.user)
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    terminate.agree(agreement=agreement, by=world.school_admin)
    assert pc.post(f"/print/{token}/pdf/").status_code == 409
    assert not Print.objects.exists()


def test_asking_too_often_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_print, "_TICKETS_AN_HOUR", 2)
    address = "10.1.2.3"
    answers = [Client(REMOTE_ADDR=address).post("/print/").status_code for _ in range(3)]
    assert answers == [302, 302, 429]


def test_guessed_tokens(agreement: Agreement) -> None:
    assert phone(agreement).get(f"/print/scan/{'a' * 43}/").status_code == 409
    assert Client().get(f"/print/{'a' * 43}/").status_code == 409
    with pytest.raises(DomainError):
        scan_print.use(token="a" * 43, secret="")


def test_old_tickets_are_swept() -> None:
    for _ in range(2):
        computer()
    newest = PrintTicket.objects.latest("pk")
    PrintTicket.objects.exclude(pk=newest.pk).update(
        expires_at=timezone.now() - datetime.timedelta(days=2)
    )
    assert scan_print.sweep() == 1
    assert PrintTicket.objects.get() == newest
    assert re.fullmatch(r"\d\d", newest.digits)
