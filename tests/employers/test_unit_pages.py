"""The unit's people, what each of them saves, and their messages."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts import inbox
from accounts.models import Message
from core.errors import DomainError, NotPermitted
from core.models import StoredFile
from employers.actions import members, papers
from employers.actions.units import record_member
from employers.models import Membership, Unit, UnitMember
from employers.queries import certificate_for
from tests import factories
from tests.esign import pictures, signing
from tests.factories import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit() -> Unit:
    return factories.make_unit()


@pytest.fixture
def chief(unit: Unit) -> UnitMember:
    return factories.make_member(unit, state=Membership.VERIFIED, name="虚构主管")


@pytest.fixture
def newcomer(unit: Unit) -> UnitMember:
    return factories.make_member(unit, name="虚构新人")


def refused(code: str, call, **values) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


def upload(content: bytes, name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def test_people_who_left_are_listed_apart(chief: UnitMember, newcomer: UnitMember) -> None:
    factories.make_member(chief.unit, state=Membership.ENDED, name="虚构旧人")
    page = client_of(chief.user).get("/employer/unit/members/").content.decode()
    assert page.index("虚构新人") < page.index("虚构主管（本人）")
    assert page.index("已离开的 1 人") < page.index("虚构旧人")
    assert page.count("结束权限") == 1, "people who left have no button"


def test_a_verified_person_verifies_a_colleague(chief: UnitMember, newcomer: UnitMember) -> None:
    client = client_of(chief.user)
    assert "虚构新人" in client.get("/employer/unit/members/").content.decode()
    client.post(f"/employer/unit/members/{newcomer.pk}/verify/")
    newcomer.refresh_from_db()
    assert newcomer.state == Membership.VERIFIED
    assert Message.objects.filter(to=f"user:{newcomer.user_id}").exists()


def test_an_unverified_person_sees_and_manages_nobody(
    chief: UnitMember, newcomer: UnitMember
) -> None:
    client = client_of(newcomer.user)
    assert "虚构主管" not in client.get("/employer/unit/members/").content.decode()
    for act in ("verify", "end"):
        assert client.post(f"/employer/unit/members/{chief.pk}/{act}/").status_code == 404
    with pytest.raises(NotPermitted):
        members.verify_member(member_id=newcomer.pk, by=newcomer)
    with pytest.raises(NotPermitted):
        members.end_member(member_id=chief.pk, by=newcomer)


def test_the_last_verified_person_cannot_leave(chief: UnitMember, newcomer: UnitMember) -> None:
    refused("last_verified", members.end_member, member_id=chief.pk, by=chief)
    members.verify_member(member_id=newcomer.pk, by=chief)
    members.end_member(member_id=chief.pk, by=chief)
    chief.refresh_from_db()
    assert chief.state == Membership.ENDED
    refused("last_verified", members.end_member, member_id=newcomer.pk, by=newcomer)


def test_verifying_or_ending_twice_is_refused(chief: UnitMember, newcomer: UnitMember) -> None:
    members.verify_member(member_id=newcomer.pk, by=chief)
    refused("state", members.verify_member, member_id=newcomer.pk, by=chief)
    members.end_member(member_id=newcomer.pk, by=chief)
    refused("state", members.end_member, member_id=newcomer.pk, by=chief)


def test_nobody_verifies_people_of_another_unit(chief: UnitMember) -> None:
    other = factories.make_member(factories.make_unit(factories.make_unit_code(body="MA2N0DEF")))
    refused("not_here", members.verify_member, member_id=other.pk, by=chief)


def test_a_person_who_left_and_signs_again_is_unverified(
    chief: UnitMember, newcomer: UnitMember, unit: Unit
) -> None:
    members.verify_member(member_id=newcomer.pk, by=chief)
    members.end_member(member_id=newcomer.pk, by=chief)
    again = record_member(unit=unit, mobile=newcomer.user.login, name="虚构新人", files={})
    assert (again.state, again.verified_at) == (Membership.CLAIMED, None)


def test_a_person_saves_a_new_signature(newcomer: UnitMember) -> None:
    client, before = client_of(newcomer.user), newcomer.signature_id
    answer = client.post(
        "/employer/unit/signature/", {"signature": upload(signing.make_signature(3))}
    )
    assert answer.status_code == 302
    newcomer.refresh_from_db()
    assert newcomer.signature_id != before
    assert client.get("/employer/unit/picture/signature/").status_code == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pictures.blank_picture(), "请在框内手写签名"),
        (b"", "文件是空的"),
        (b"%PDF-1.7 renamed", "这不是图片"),
    ],
)
def test_a_file_that_is_no_signature_is_refused(
    newcomer: UnitMember, content: bytes, said: str
) -> None:
    before = newcomer.signature_id
    answer = client_of(newcomer.user).post(
        "/employer/unit/signature/", {"signature": upload(content)}
    )
    assert answer.status_code == 422
    assert said in answer.content.decode()
    newcomer.refresh_from_db()
    assert newcomer.signature_id == before


def huge() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (15_000, 14_000)).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_refused_picture_does_not_keep_the_others_from_being_saved(newcomer: UnitMember) -> None:
    before = newcomer.id_back_id
    answer = client_of(newcomer.user).post(
        "/employer/unit/papers/",
        {"id_front": upload(factories.make_photo()), "id_back": upload(huge())},
    )
    assert answer.status_code == 422
    assert "图片尺寸过大" in answer.content.decode()
    old_front = newcomer.id_front_id
    newcomer.refresh_from_db()
    assert newcomer.id_back_id == before
    assert newcomer.id_front_id != old_front


def test_a_picture_that_is_too_large_is_refused(newcomer: UnitMember, settings) -> None:  # type: ignore[no-untyped-def]
    settings.EVIDENCE_MAX_UPLOAD = 100
    with pytest.raises(DomainError) as refusal:
        papers.keep_paper(member=newcomer, slot="id_front", content=b"x" * 101)
    assert refusal.value.code == "image_bytes"


def test_only_verified_people_change_the_certificate_of_a_certified_unit(
    unit: Unit, chief: UnitMember, newcomer: UnitMember
) -> None:
    kept = papers.keep_paper(member=newcomer, slot="certificate", content=factories.make_photo())
    newcomer.unit.refresh_from_db()
    assert certificate_for(newcomer) == kept
    Unit.objects.filter(pk=unit.pk).update(certified_at=unit.created_at, certified_by="省级")
    newcomer.unit.refresh_from_db()
    refused("not_verified", papers.keep_paper, member=newcomer, slot="certificate",
            content=factories.make_photo())  # fmt: skip
    assert papers.keep_paper(member=chief, slot="certificate", content=factories.make_photo())


def test_saved_pictures_are_shown_to_their_owner_only(
    chief: UnitMember, newcomer: UnitMember
) -> None:
    assert client_of(newcomer.user).get("/employer/unit/picture/certificate/").status_code == 404
    assert client_of(chief.user).get("/employer/unit/picture/certificate/").status_code == 200
    assert Client().get("/employer/unit/picture/id_front/")["Location"] == "/employer/"
    assert StoredFile.objects.filter(purpose="id_front").count() >= 2


def test_opening_a_message_marks_it_read_and_follows_its_link(newcomer: UnitMember) -> None:
    name = f"user:{newcomer.user_id}"
    for number in range(3):
        inbox.tell(name, f"第{number}条", link="/employer/unit/", key=str(number))
    client = client_of(newcomer.user)
    page = client.get("/employer/messages/").content.decode()
    assert "第0条" in page and "未读" in page
    first = Message.objects.filter(to=name).latest("pk")
    answer = client.post(f"/employer/messages/{first.pk}/")
    assert answer["Location"] == "/employer/unit/"
    assert inbox.unread(newcomer.user) == 2
    client.post("/employer/messages/")
    assert inbox.unread(newcomer.user) == 0


def test_a_message_does_not_link_to_other_sites(newcomer: UnitMember) -> None:
    inbox.tell(f"user:{newcomer.user_id}", "x", link="https://example.com/", key="x")
    found = Message.objects.get(title="x")
    answer = client_of(newcomer.user).post(f"/employer/messages/{found.pk}/")
    assert answer["Location"] == "/employer/messages/"
