"""Pictures of an agreement's pages, for phones that open no PDF."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.core.cache import caches
from django.test import Client
from PIL import Image

from core import child_process, files
from core.errors import DomainError
from core.files import pages
from core.files.pages import WIDTH, page_pictures
from core.models import Event
from destinations.actions import review
from esign import documents
from esign.actions import documents as making
from esign.models import Agreement, Print
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import make_content
from tests.factories import World, client_of
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_pictures(settings: Any, tmp_path: Path) -> None:
    """A cache of pictures of this test's own."""
    settings.CACHES = settings.CACHES | {
        "pictures": settings.CACHES["pictures"] | {"LOCATION": tmp_path / "pictures"}
    }
    clear_own_cache()


@pytest.fixture
def agreement(world: World, signing_key: Path) -> Agreement:
    """An agreement that is signed and approved, and whose document is made."""
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    make_content(made)
    return made


def clients(world: World, agreement: Agreement) -> list[tuple[Client, str]]:
    """Everybody who may look, with the address of their page of pictures."""
    return [
        (client_of(signing.account_of(agreement.graduate)), f"/agreements/{agreement.pk}/pages/"),
        (client_of(agreement.member.user), f"/employer/agreements/{agreement.pk}/pages/"),
        (world.client(Role.COUNSELLOR), f"/console/agreements/{agreement.pk}/pages/"),
    ]


def test_everybody_who_may_download_sees_each_page(world: World, agreement: Agreement) -> None:
    for client, address in clients(world, agreement):
        detail = client.get(address.removesuffix("pages/")).content.decode()
        assert f'href="{address}"' in detail
        page = client.get(address).content.decode()
        assert page.count("<img") == 2
        assert f'src="{address}2/"' in page
        answer = client.get(f"{address}1/")
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "private, no-store"
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.width == WIDTH
        assert 1.4 < picture.height / picture.width < 1.42
        assert len(answer.content) < 300 * 1024
        for number in ("0", "3", "999"):
            assert client.get(f"{address}{number}/").status_code == 404


def test_a_picture_shows_the_page_with_its_code(world: World, agreement: Agreement) -> None:
    document = making.current_document(agreement)
    assert document is not None
    first = Image.open(io.BytesIO(page_pictures(document.made_file)[0])).convert("L")
    (code,) = zxingcpp.read_barcodes(first)
    assert code.text == documents.public_address(agreement)


def test_looking_is_recorded_once_and_is_no_print(world: World, agreement: Agreement) -> None:
    for client, address in clients(world, agreement):
        for number in (1, 2, 1):
            client.get(f"{address}{number}/")
    looks = Event.objects.filter(action="esign.view_document", object_id=agreement.pk)
    document = making.current_document(agreement)
    assert document is not None
    assert [(e.actor_realm, e.data) for e in looks.order_by("pk")] == [
        (realm, {"sha256": document.sha256}) for realm in ("graduate", "employer", "staff")
    ]
    assert not Print.objects.exists()
    client, _ = clients(world, agreement)[2]
    detail = client.get(f"/console/agreements/{agreement.pk}/").content.decode()
    assert detail.count("查看协议书图片") == 3


def test_what_cannot_be_printed_cannot_be_looked_at(world: World, agreement: Agreement) -> None:
    visitors = clients(world, agreement)
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    for client, address in visitors:
        page = client.get(address)
        assert (page.status_code, "审核通过后才能打印" in page.content.decode()) == (200, True)
        assert b"<img" not in page.content.partition(b"<main")[2]
        assert client.get(f"{address}1/").status_code == 409
    assert not Event.objects.filter(action="esign.view_document").exists()


def test_pages_are_drawn_once(agreement: Agreement, monkeypatch: Any) -> None:
    document = making.current_document(agreement)
    assert document is not None
    first = page_pictures(document.made_file)

    def fail(*args: Any, **options: Any) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(child_process, "run", fail)
    assert page_pictures(document.made_file) == first
    assert caches["pictures"]._max_entries == 500


def test_pages_that_cannot_be_drawn_leave_the_download(
    world: World, agreement: Agreement, monkeypatch: Any
) -> None:
    broken = files.store(
        b"%PDF-1.7 broken", name="a.pdf", content_type="application/pdf", purpose="agreement"
    )
    with pytest.raises(DomainError) as refusal:
        page_pictures(broken)
    assert (refusal.value.code, refusal.value.status) == ("pages", 503)
    monkeypatch.setattr(pages, "_LIMITS", child_process.Limits(2**20, 1, 5))
    client, address = clients(world, agreement)[0]
    assert "请下载PDF文件查看" in client.get(address).content.decode()
    assert client.get(f"{address}1/").status_code == 503
