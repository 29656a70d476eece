"""QR codes as a camera reads them: that of the card, and that of a printed agreement."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from core import files
from core.files.pages import WIDTH, PagesUnavailable
from destinations.actions import review
from esign.actions import documents as making
from esign.card_picture import card_pdf, card_picture
from esign.documents import public_address
from esign.models import Card
from tests import factories
from tests.esign import signing
from tests.factories import client_of

pytestmark = pytest.mark.django_db


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def test_the_qr_code_of_the_card_leads_to_the_form() -> None:
    graduate = factories.make_graduate(factories.make_world())
    signing.confirm_origin(graduate)
    client = client_of(signing.account_of(graduate))
    client.post("/my-card/new/")
    answer = client.get("/my-card/picture/")
    assert answer["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.format == "PNG"
    assert picture.width == WIDTH
    (address,) = read(picture)
    assert address.endswith(f"/card/{Card.objects.get(graduate=graduate).token}/")


def test_the_card_as_a_picture_says_whose_it_is_and_until_when(tmp_path: Path) -> None:
    graduate = factories.make_graduate(factories.make_world())
    signing.confirm_origin(graduate)
    client_of(signing.account_of(graduate)).post("/my-card/new/")
    card = Card.objects.get(graduate=graduate)
    (tmp_path / "card.pdf").write_bytes(card_pdf(card, "https://example.com/card/x/"))
    argv = ["pdftotext", "-layout", str(tmp_path / "card.pdf"), "-"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    last = timezone.localtime(card.expires_at)
    for words in (graduate.name, graduate.school.name, graduate.major_name,
                  f"有效至 {last.year}年{last.month}月{last.day}日"):  # fmt: skip
        assert words in text, words
    assert text.count("\f") == 1, "one page"
    for number in (graduate.person.id_number, graduate.student_no, graduate.mobile):
        assert number not in text


def test_without_a_drawn_page_the_code_alone_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    graduate = factories.make_graduate(factories.make_world())
    signing.confirm_origin(graduate)
    client_of(signing.account_of(graduate)).post("/my-card/new/")

    def fail(*_: object) -> bytes:
        raise PagesUnavailable("pages", "x")

    monkeypatch.setattr("esign.card_picture.pictures_of", fail)
    content = card_picture(Card.objects.get(graduate=graduate), "https://example.com/card/x/")
    assert read(Image.open(io.BytesIO(content))) == ["https://example.com/card/x/"]


def test_the_qr_code_of_a_printed_agreement_leads_to_its_verification(
    signing_key: Path, tmp_path: Path
) -> None:
    world = factories.make_world()
    agreement = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=agreement.graduate_id, by=world.counsellor)
    making.make_waiting()
    document = making.current_document(agreement)
    assert document is not None
    path = tmp_path / "agreement.pdf"
    with files.open_file(document.made_file) as f:
        path.write_bytes(f.read())
    # As an ordinary office scanner scans the page.
    subprocess.run(
        ["pdftoppm", "-r", "150", "-gray", "-png", "-f", "1", "-l", "1", path, tmp_path / "page"],
        check=True,
    )
    (page,) = tmp_path.glob("page*.png")
    assert read(Image.open(page)) == [public_address(agreement)]
