"""QR codes as a camera reads them: that of the card, and that of a printed agreement."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from core import files
from destinations.actions import review
from esign.actions import documents as making
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
    (address,) = read(Image.open(io.BytesIO(answer.content)))
    assert address.endswith(f"/card/{Card.objects.get(graduate=graduate).token}/")


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
