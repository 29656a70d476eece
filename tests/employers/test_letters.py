"""Certification letters: who may hand one in, what the reviewer ticks, what each kind changes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Message, User
from core.errors import DomainError
from core.models import OutboxMessage
from employers.actions import letters, members
from employers.letter_steps import CHECKLIST, review_mark
from employers.models import Letter, LetterKind, LetterState, Membership, Unit, UnitMember
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import client_of

pytestmark = pytest.mark.django_db

NEW_MOBILE = "13700001111"
ALL_CHECKS = list(CHECKLIST)


@pytest.fixture
def unit() -> Unit:
    return factories.make_unit()


@pytest.fixture
def person(unit: Unit) -> UnitMember:
    return factories.make_member(unit)


@pytest.fixture
def reviewer() -> User:
    return factories.make_staff(Role.PROVINCE)


def hand_in(member: UnitMember, kind: str = LetterKind.CERTIFY, seed: int = 0) -> Letter:
    scan = factories.make_photo(size=(240 + seed, 320))
    return letters.submit(member=member, kind=kind, scan=scan)


def approve(letter: Letter, by: User, **changes: Any) -> Letter:
    letter = Letter.objects.select_related("unit").get(pk=letter.pk)
    values = {
        "letter_id": letter.pk,
        "ticks": ALL_CHECKS,
        "seen": review_mark(letter),
        "by": by,
    } | changes
    return letters.approve(**values)


def refused(code: str, call: Any, /, *args: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code
    return refusal.value


def approve_twice(letter: Letter, first: User) -> Letter:
    """Both approvals of a letter that takes an account over, 73 hours after it was handed in."""
    assert approve(letter, first).state == LetterState.SECOND
    pass_objection_period(letter)
    return approve(letter, factories.make_staff(Role.PROVINCE))


def pass_objection_period(letter: Letter) -> None:
    handed_in = timezone.now() - datetime.timedelta(hours=73)
    Letter.objects.filter(pk=letter.pk).update(created_at=handed_in)


def make_manager(unit: Unit, reviewer: User, **values: Any) -> UnitMember:
    """A manager whom an approved letter has certified."""
    member = factories.make_member(unit, **values)
    approve(hand_in(member), reviewer)
    member.refresh_from_db()
    return member


def test_approving_a_letter_certifies_unit_and_person(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    done = approve(hand_in(person), reviewer)
    unit.refresh_from_db()
    person.refresh_from_db()
    assert done.state == LetterState.APPROVED
    assert (unit.certified_at is not None, unit.certified_by) == (True, reviewer.label)
    assert person.state == Membership.VERIFIED
    assert Message.objects.filter(to=f"user:{person.user_id}", title__contains="通过").exists()


def test_approving_needs_every_line_of_the_checklist(person: UnitMember, reviewer: User) -> None:
    letter = hand_in(person)
    for missing in CHECKLIST:
        refused("invalid", approve, letter, reviewer, ticks=[k for k in ALL_CHECKS if k != missing])
    page = client_of(reviewer).post(
        f"/console/letters/{letter.pk}/approve/",
        {"check": ["stamp"], "seen": review_mark(letter)},
    )
    assert page.status_code == 422
    assert "以下各项没有勾选" in page.content.decode()
    letter.refresh_from_db()
    assert letter.state == LetterState.WAITING


def test_refusing_a_letter_needs_a_reason_that_the_person_reads(
    person: UnitMember, reviewer: User
) -> None:
    letter = hand_in(person)
    client, address = client_of(reviewer), f"/console/letters/{letter.pk}/refuse/"
    assert client.post(address, {"reason": " ", "seen": review_mark(letter)}).status_code == 422
    client.post(address, {"reason": "印章不是公章", "seen": review_mark(letter)})
    page = client_of(person.user).get("/employer/unit/letter/").content.decode()
    assert "印章不是公章" in page
    sms = OutboxMessage.objects.get(dedupe_key=f"letter:{letter.pk}:decided")
    assert sms.address == person.user.login
    assert hand_in(person, seed=8).state == LetterState.WAITING


def test_a_second_reviewer_is_told_who_decided(person: UnitMember, reviewer: User) -> None:
    letter = hand_in(person)
    approve(letter, reviewer)
    other = factories.make_staff(Role.PROVINCE)
    refusal = refused("decided", approve, letter, other)
    assert reviewer.label in refusal.message
    answer = client_of(other).post(
        f"/console/letters/{letter.pk}/refuse/", {"reason": "x", "seen": "waiting:x"}
    )
    assert answer.status_code == 409
    assert reviewer.label in answer.content.decode()


def test_a_letter_whose_unit_changed_its_name_must_be_compared_again(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    letter = hand_in(person)
    seen = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
    Unit.objects.filter(pk=unit.pk).update(name="另一虚构公司")
    refused("changed", approve, letter, reviewer, seen=seen)


def test_only_the_province_decides(person: UnitMember) -> None:
    letter = hand_in(person)
    admin = factories.make_world().school_admin
    refused("role", approve, letter, admin)
    refused("role", approve, letter, person.user)


def test_handing_in_the_same_picture_twice_makes_one_letter(person: UnitMember) -> None:
    assert hand_in(person).pk == hand_in(person).pk
    refused("open", hand_in, person, seed=5)
    assert Letter.objects.count() == 1


def test_a_verified_person_needs_no_letter(unit: Unit, reviewer: User) -> None:
    manager = make_manager(unit, reviewer)
    refused("already", hand_in, manager)
    assert "都已认证" in client_of(manager.user).get("/employer/unit/letter/").content.decode()


def test_a_new_manager_ends_the_access_of_the_former_one(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    former = make_manager(unit, reviewer)
    session = client_of(former.user)
    assert session.get("/employer/unit/").status_code == 200
    approve_twice(hand_in(person, LetterKind.MANAGER), reviewer)
    former.refresh_from_db()
    person.refresh_from_db()
    assert (former.state, person.state) == (Membership.ENDED, Membership.VERIFIED)
    assert session.get("/employer/unit/")["Location"] == "/employer/"
    assert client_of(former.user).get("/employer/unit/")["Location"] == "/employer/home/"
    assert Message.objects.filter(to=f"user:{former.user_id}", title__contains="变更").exists()


def test_a_unit_without_a_manager_cannot_change_managers(person: UnitMember) -> None:
    refused("no_manager", hand_in, person, LetterKind.MANAGER)


def test_a_letter_of_a_person_who_left_cannot_be_approved(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    letter = hand_in(person)
    manager = make_manager(unit, reviewer)
    members.end_member(member_id=person.pk, by=manager)
    refused("member_left", approve, letter, reviewer)


def test_a_scan_that_is_no_picture_is_refused_beside_its_field(person: UnitMember) -> None:
    client = client_of(person.user)
    scan = SimpleUploadedFile("letter.jpg", b"%PDF-1.7", content_type="image/jpeg")
    answer = client.post("/employer/unit/letter/", {"kind": "certify", "scan": scan})
    assert answer.status_code == 422
    assert "这不是图片" in answer.content.decode()
    assert client.post("/employer/unit/letter/", {"kind": "certify"}).status_code == 422
    assert not Letter.objects.exists()


def test_the_prefilled_and_the_empty_letter_are_pdfs(person: UnitMember) -> None:
    answer = client_of(person.user).get("/employer/unit/letter/template.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert Client().get("/employer/recover/letter.pdf").content.startswith(b"%PDF-")


# --- objections -------------------------------------------------------------------------------


def test_a_new_manager_takes_two_reviewers_and_72_hours_in_which_the_former_one_is_warned(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    former = make_manager(unit, reviewer)
    letter = hand_in(person, LetterKind.MANAGER)
    assert any("变更帐号管理者" in t and "异议" in t for t in texts_to(former.user.login))
    assert Message.objects.filter(to=f"user:{former.user_id}", title__contains="有人申请").exists()
    assert (
        "有人申请变更帐号管理者" in client_of(former.user).get("/employer/home/").content.decode()
    )
    assert approve(letter, reviewer).state == LetterState.SECOND
    former.refresh_from_db()
    assert former.state == Membership.VERIFIED
    refused("same_person", approve, letter, reviewer)
    second = factories.make_staff(Role.PROVINCE)
    assert "才能复核通过" in refused("too_early", approve, letter, second).message
    page = client_of(second).get(f"/console/letters/{letter.pk}/").content.decode()
    assert "才能复核通过" in page
    pass_objection_period(letter)
    assert approve(letter, second).state == LetterState.APPROVED


def test_after_an_objection_the_reviewers_say_how_they_settled_it(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    former = make_manager(unit, reviewer)
    letter = hand_in(person, LetterKind.MANAGER)
    client, address = client_of(former.user), f"/employer/unit/letter/{letter.pk}/object/"
    empty = client.post(address, {"reason": " "})
    assert (empty.status_code, "请说明异议的理由" in empty.content.decode()) == (422, True)
    assert client.post(address, {"reason": "印章是伪造的"}).status_code == 302
    assert client.post(address, {"reason": "再说一次"}).status_code == 409
    assert Message.objects.filter(to="province", text="印章是伪造的").count() == 1
    page = client_of(reviewer).get(f"/console/letters/{letter.pk}/").content.decode()
    assert "印章是伪造的" in page
    refused("invalid", approve, letter, reviewer)
    approve(letter, reviewer, reason="已致电单位，确认由本单位办理")
    pass_objection_period(letter)
    second = factories.make_staff(Role.PROVINCE)
    refused("invalid", approve, letter, second)
    done = approve(letter, second, reason="已当面核实")
    assert done.state == LetterState.APPROVED
    former.refresh_from_db()
    assert former.state == Membership.ENDED


def test_a_reviewer_whose_page_shows_no_objection_yet_is_told(
    unit: Unit, person: UnitMember, reviewer: User
) -> None:
    former = make_manager(unit, reviewer)
    letter = hand_in(person, LetterKind.MANAGER)
    seen = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
    letters.raise_objection(letter_id=letter.pk, reason="不是我们办的", by=former)
    refused("changed", approve, letter, reviewer, seen=seen, reason="已核实")


def test_who_may_not_object(unit: Unit, person: UnitMember, reviewer: User) -> None:
    claimed = factories.make_member(unit)
    other = hand_in(claimed)
    former = make_manager(unit, reviewer)
    letter = hand_in(person, LetterKind.MANAGER)
    stranger = factories.make_member(factories.make_unit(factories.make_unit_code(body="MA2N0DEF")))
    for member in (person, stranger, claimed):
        refused(
            "no_objection", letters.raise_objection, letter_id=letter.pk, reason="不", by=member
        )
    address = f"/employer/unit/letter/{letter.pk}/object/"
    assert client_of(stranger.user).post(address, {"reason": "不"}).status_code == 404
    refused("no_objection", letters.raise_objection, letter_id=other.pk, reason="不", by=former)
    letters.refuse(
        letter_id=letter.pk, reason="有误", by=reviewer,
        seen=review_mark(Letter.objects.select_related("unit").get(pk=letter.pk)),
    )  # fmt: skip
    refused("no_objection", letters.raise_objection, letter_id=letter.pk, reason="不", by=former)


# --- a lost account ---------------------------------------------------------------------------


def hand_in_recovery(unit: Unit, mobile: str = NEW_MOBILE, **changes: Any) -> Letter:
    signing.allow_new_codes()
    letters.send_recovery_code(unit_code=unit.code, mobile=mobile, address=signing.ADDRESS)
    values = {
        "unit_code": unit.code, "name": "虚构新主管", "mobile": mobile,
        "code": signing.last_code(mobile), "scan": factories.make_photo(),
        "address": signing.ADDRESS,
    }  # fmt: skip
    return letters.submit_recovery(**(values | changes))


def texts_to(mobile: str) -> list[str]:
    return list(
        OutboxMessage.objects.filter(address=mobile, secret=False)
        .order_by("pk").values_list("text", flat=True)
    )  # fmt: skip


def test_recovering_an_account_takes_two_reviewers_and_warns_the_contact(
    unit: Unit, reviewer: User
) -> None:
    former = make_manager(unit, reviewer)
    letter = hand_in_recovery(unit)
    assert any("找回" in t for t in texts_to(former.user.login))
    assert approve(letter, reviewer).state == LetterState.SECOND
    refused("same_person", approve, letter, reviewer)
    assert not UnitMember.objects.filter(user__login=NEW_MOBILE).exists()
    second = factories.make_staff(Role.PROVINCE)
    refused("too_early", approve, letter, second)
    pass_objection_period(letter)
    assert approve(letter, second).state == LetterState.APPROVED
    member = UnitMember.objects.get(user__login=NEW_MOBILE)
    former.refresh_from_db()
    assert (member.state, former.state) == (Membership.VERIFIED, Membership.ENDED)
    assert len([t for t in texts_to(former.user.login) if "找回" in t]) == 2
    assert not member.user.has_usable_password()


def test_two_first_approvals_of_a_recovery_count_once(unit: Unit, reviewer: User) -> None:
    """Both reviewers opened the page before the first approval. The second one is told so, and does not
    count as the second approval."""
    letter = hand_in_recovery(unit)
    seen = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
    approve(letter, reviewer)
    refused("changed", approve, letter, factories.make_staff(Role.PROVINCE), seen=seen)


def test_a_refused_recovery_changes_nothing(unit: Unit, reviewer: User) -> None:
    former = make_manager(unit, reviewer)
    letter = hand_in_recovery(unit)
    found = Letter.objects.select_related("unit").get(pk=letter.pk)
    letters.refuse(letter_id=letter.pk, reason="印章不清", seen=review_mark(found), by=reviewer)
    former.refresh_from_db()
    assert former.state == Membership.VERIFIED
    assert any("未通过" in t for t in texts_to(former.user.login))
    assert any("印章不清" in t for t in texts_to(NEW_MOBILE))


def test_recovering_an_account_needs_the_code(unit: Unit) -> None:
    refused("code", hand_in_recovery, unit, code="000000x")
    refused("code", letters.submit_recovery, unit_code=unit.code, name="虚构", code="1",
            mobile="13700002222", scan=factories.make_photo(), address=signing.ADDRESS)  # fmt: skip
    assert not Letter.objects.exists()


def test_a_refused_picture_does_not_use_up_the_code(unit: Unit) -> None:
    refused("not_image", hand_in_recovery, unit, scan=b"no picture")
    letter = letters.submit_recovery(
        unit_code=unit.code, name="虚构", mobile=NEW_MOBILE, scan=factories.make_photo(),
        code=signing.last_code(NEW_MOBILE), address=signing.ADDRESS,
    )  # fmt: skip
    assert letter.state == LetterState.WAITING


def test_the_recovery_page_keeps_what_was_typed(unit: Unit) -> None:
    client = Client()
    typed = {"unit_code": unit.code[:-1], "name": "虚构新主管", "mobile": NEW_MOBILE}
    page = client.post("/employer/recover/", typed | {"send": "1"})
    assert page.status_code == 422
    assert "18位" in page.content.decode()
    assert "虚构新主管" in page.content.decode()
    typed["unit_code"] = unit.code
    assert "短信验证码" in client.post(
        "/employer/recover/", typed | {"send": "1"}
    ).content.decode()  # fmt: skip
    scan = SimpleUploadedFile("a.jpg", factories.make_photo(), content_type="image/jpeg")
    done = client.post(
        "/employer/recover/", typed | {"code": signing.last_code(NEW_MOBILE), "scan": scan}
    )
    assert done["Location"] == "/employer/recover/sent/"
    assert Letter.objects.get().kind == LetterKind.RECOVER


def test_the_list_of_letters_is_filtered_and_searched(
    person: UnitMember, unit: Unit, reviewer: User
) -> None:
    hand_in(person)
    hand_in_recovery(unit)
    client = client_of(reviewer)
    assert client.get("/console/letters/").content.decode().count("<tr data-key") == 2
    only = client.get("/console/letters/", {"kind": "recover"}).content.decode()
    assert only.count("<tr data-key") == 1
    found = client.get("/console/letters/", {"q": unit.name[:3]}).content.decode()
    assert found.count("<tr data-key") == 2
    assert "没有符合条件" in client.get("/console/letters/", {"q": "无此单位"}).content.decode()
