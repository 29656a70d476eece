"""HEIC and HEIF, which iPhones send, and TIFF files of several pages."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pillow_heif
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core.errors import DomainError
from core.files import image_child, images
from core.forms import widgets
from destinations.actions import evidence
from employers.actions import papers
from esign.actions import drafts, terminate
from esign.forms import SigningForm
from esign.states import Ground
from graduates.actions import corrections
from graduates.models import CorrectionImage, Graduate
from graduates.states import CorrectionKind
from tests import factories
from tests.esign import signing

pillow_heif.register_heif_opener()
_TURNS = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def make_heic(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "HEIF", quality=90, **options)
    return buffer.getvalue()


def photo() -> bytes:
    """A HEIC photo with some structure."""
    return make_heic(opened(factories.make_photo((1200, 900))))


def make_tiff(pages: int) -> bytes:
    first, *more = [Image.new("L", (400, 300), 200 - n) for n in range(pages)]
    buffer = io.BytesIO()
    first.save(buffer, "TIFF", save_all=True, append_images=more)
    return buffer.getvalue()


# --- HEIC --------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned_by", ["the file's properties", "EXIF alone"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_heic_is_upright_whatever_way_the_phone_was_held(
    orientation: int, turned_by: str
) -> None:
    """A phone writes the orientation into the properties and into EXIF; some programs into EXIF alone."""
    upright = Image.new("RGB", (320, 160), "white")
    upright.paste((255, 0, 0), (0, 0, 80, 80))
    turn = _TURNS[orientation]
    held = upright.transpose(turn) if turn is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    in_properties = turned_by == "the file's properties"
    content = make_heic(held, exif=exif.tobytes() if in_properties else exif)
    assert (b"irot" in content or b"imir" in content) == (in_properties and orientation > 1)
    image = opened(images.compress(content))
    assert (image.format, image.size) == ("JPEG", (320, 160))
    red, green, _ = image.getpixel((30, 30))
    assert red > 200
    assert green < 80
    assert not image.getexif()


def test_a_photo_of_twelve_megapixels_is_decoded_within_the_limits() -> None:
    image = opened(images.compress(make_heic(Image.new("RGB", (4032, 3024), (120, 160, 90)))))
    assert image.size == (2000, 1500)


def test_damaged_heic_files_are_read_or_refused() -> None:
    whole, chance = photo(), random.Random("HEIC")
    for _ in range(25):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        cut = bytes(broken[: chance.randint(1, len(broken))])
        try:
            assert len(image_child.compress(cut, 300 * 1024, 2000, 1)) == 1
        except image_child.Refused as refusal:
            assert refusal.args[0] in ("not_image", "image_pixels", "image_long")


@pytest.mark.parametrize("brand", [b"isom", b"avif", b"heic"])
def test_a_film_or_an_empty_container_is_no_picture(brand: bytes) -> None:
    with pytest.raises(images.ImageRefused) as refusal:
        images.compress(b"\x00\x00\x00\x18ftyp" + brand + b"\x00" * 400)
    assert refusal.value.code == "not_image"


def evidence_of(graduate: Graduate) -> None:
    evidence.add_evidence(
        graduate=graduate, content=photo(), name="a.heic", by=factories.activate(graduate),
        category="11",
    )  # fmt: skip


def licence_and_identity_of(graduate: Graduate) -> None:
    draft = signing.begin_draft(graduate)
    for slot in ("certificate", "id_front", "id_back"):
        drafts.attach_picture(draft=draft, slot=slot, content=photo())
        draft.refresh_from_db()
        assert getattr(draft, slot) is not None


def termination_material_of(graduate: Graduate) -> None:
    agreement = signing.sign_agreement(graduate)
    terminate.start(
        agreement=agreement, by=signing.account_of(graduate), ground=Ground.LAW, reason="法律规定",
        notified_on=factories.today(), materials=[photo()],
    )  # fmt: skip


def units_paper_of(graduate: Graduate) -> None:
    member = factories.make_member(factories.make_unit())
    papers.keep_paper(member=member, slot="id_front", content=photo())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bring", [evidence_of, licence_and_identity_of, termination_material_of, units_paper_of]
)
def test_every_entrance_of_pictures_takes_heic(
    graduate: Graduate, bring: Callable[[Graduate], None]
) -> None:
    bring(graduate)


def test_file_inputs_of_pictures_offer_heic() -> None:
    for widget in (
        widgets.ImagesInput(), widgets.ImageSlot(title="证件"), widgets.SignaturePad(),
        SigningForm().fields["signature"].widget,
    ):  # fmt: skip
        assert widget.attrs["accept"] == "image/*,.heic,.heif"


# --- several pages -----------------------------------------------------------------------------


def test_each_page_of_a_tiff_becomes_a_picture() -> None:
    pages = images.compress_pages(make_tiff(3), most_pages=4)
    assert [opened(page).size for page in pages] == [(400, 300)] * 3
    grays: list[Any] = [opened(page).convert("L").getpixel((200, 150)) for page in pages]
    assert grays == sorted(grays, reverse=True)
    assert len(set(grays)) == 3
    with pytest.raises(images.ImageRefused, match="每页另存为一张图片"):
        images.compress_pages(make_tiff(5), most_pages=4)
    assert len(images.compress_pages(factories.make_photo(), most_pages=4)) == 1


def upload(pages: int) -> SimpleUploadedFile:
    return SimpleUploadedFile("扫描.tif", make_tiff(pages), "image/tiff")


@pytest.mark.django_db
def test_the_pages_of_a_tiff_become_evidence_up_to_the_limit(graduate: Graduate) -> None:
    by = factories.activate(graduate)

    def add(pages: int) -> int:
        evidence.add_uploads(graduate=graduate, uploads=[upload(pages)], by=by, category="11")
        return evidence.standing_evidence(graduate.pk, "11").count()

    assert add(3) == 3
    with pytest.raises(DomainError) as refusal:
        add(2)
    assert refusal.value.code == "evidence_full"
    with pytest.raises(DomainError) as refusal:
        add(5)
    assert refusal.value.code == "image_pages"
    assert add(1) == 4


@pytest.mark.django_db
def test_the_pages_of_a_tiff_become_materials_of_a_termination(graduate: Graduate) -> None:
    agreement = signing.sign_agreement(graduate)
    call: dict[str, Any] = {
        "agreement": agreement, "by": signing.account_of(graduate), "ground": Ground.LAW,
        "reason": "法律规定", "notified_on": factories.today(),
    }  # fmt: skip
    with pytest.raises(DomainError) as refusal:
        terminate.start(**call, materials=[make_tiff(3), make_tiff(2)])
    assert refusal.value.code == "invalid"
    made = terminate.start(**call, materials=[make_tiff(3), factories.make_photo()])
    assert made.materials.count() == 4


@pytest.mark.django_db
def test_the_pages_of_a_tiff_become_pictures_of_a_correction(graduate: Graduate) -> None:
    corrections.ask(
        graduate=graduate, kind=CorrectionKind.ORIGIN, field="politics", proposed="中共党员",
        reason="已入党", by=factories.activate(graduate), pictures=[make_tiff(2)],
    )  # fmt: skip
    assert CorrectionImage.objects.count() == 2
