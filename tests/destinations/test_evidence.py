"""Evidence images: they are compressed and private, and can be deleted until they are submitted."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from accounts.models import User
from core import files
from core.errors import Refused
from core.files.images import ImageRefused
from core.models import Event, StoredFile
from destinations.actions import enter, evidence, register, review
from destinations.models import Evidence
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, SEEKING, World, client_of, make_photo, make_world

pytestmark = pytest.mark.django_db

MATERIALS = "/destination/materials/?category=11&form="


def upload(client: Client, *contents: bytes, name: str = "照片.jpg"):
    images = [SimpleUploadedFile(name, c, "image/jpeg") for c in contents]
    return client.post(MATERIALS, {"image": images})


def stored(row: Evidence) -> Image.Image:
    with files.open_file(row.file) as f:
        return Image.open(io.BytesIO(f.read()))


def test_a_phones_photo_becomes_a_small_upright_jpeg(graduate: Graduate, user: User) -> None:
    noise = Image.effect_noise((2400, 1600), 40).convert("RGB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "试用手机"  # turned a quarter, and who made it
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=90, exif=exif)
    assert buffer.tell() > 1_000_000
    assert upload(client_of(user), buffer.getvalue()).status_code == 302
    row = Evidence.objects.select_related("file").get(graduate=graduate)
    assert row.file.size <= 300 * 1024
    assert row.file.content_type == "image/jpeg"
    image = stored(row)
    assert image.format == "JPEG"
    assert image.height > image.width
    assert not image.getexif()
    assert "exif" not in image.info


def test_transparency_becomes_white(graduate: Graduate, user: User) -> None:
    clear = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    buffer = io.BytesIO()
    clear.save(buffer, "PNG")
    row = evidence.add_evidence(
        graduate=graduate, content=buffer.getvalue(), name="a.png", by=user, category="11"
    )
    assert stored(row).getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "BMP", "TIFF"])
def test_other_kinds_of_pictures_are_accepted(kind: str, graduate: Graduate, user: User) -> None:
    content = make_photo(kind=kind)
    row = evidence.add_evidence(
        graduate=graduate, content=content, name="图", by=user, category="11"
    )
    assert (stored(row).format, row.file.name) == ("JPEG", "证明材料.jpg")


def test_a_palette_gif_with_a_transparent_colour_is_accepted(
    graduate: Graduate, user: User
) -> None:
    palette = Image.new("P", (100, 100), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    buffer = io.BytesIO()
    palette.save(buffer, "GIF", transparency=0)
    row = evidence.add_evidence(
        graduate=graduate, content=buffer.getvalue(), name="a.gif", by=user, category="11"
    )
    assert stored(row).getpixel((5, 5)) == (255, 255, 255)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


HOSTILE = {
    "text": (b"hello, I am a picture", "not_image"),
    "empty": (b"", "image_empty"),
    "renamed_pdf": (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF", "not_image"),
    "truncated": (make_photo((800, 600))[:900], "not_image"),
    "200_megapixels": (png_header(20_000, 10_000), "image_pixels"),
    "60_megapixels": (png_header(10_000, 6_000), "image_pixels"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "not_image"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not_image"),
    "broken_png": (make_photo(kind="PNG")[:60] + b"\xff" * 40, "not_image"),
    "broken_gif": (make_photo(kind="GIF")[:20], "not_image"),
    "broken_tiff": (make_photo(kind="TIFF")[:120], "not_image"),
    "broken_webp": (make_photo(kind="WEBP")[:40], "not_image"),
}


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_file_that_is_no_picture_is_refused_with_a_sentence(
    kind: str, graduate: Graduate, user: User
) -> None:
    content, code = HOSTILE[kind]
    kept = StoredFile.objects.count()
    with pytest.raises(ImageRefused) as refusal:
        evidence.add_evidence(
            graduate=graduate, content=content, name="a.jpg", by=user, category="11"
        )
    assert refusal.value.code == code
    response = upload(client_of(user), content or b" ")
    assert response.status_code == 422
    assert StoredFile.objects.count() == kept


def test_an_upload_beyond_20_megabytes_is_refused(graduate: Graduate, user: User, settings) -> None:
    settings.EVIDENCE_MAX_UPLOAD = 1000
    with pytest.raises(ImageRefused) as refusal:
        evidence.add_evidence(
            graduate=graduate, content=make_photo(), name="a.jpg", by=user, category="11"
        )
    assert refusal.value.code == "image_bytes"


def test_a_fifth_image_is_refused(graduate: Graduate, user: User) -> None:
    client = client_of(user)
    assert upload(client, *[make_photo()] * 4).status_code == 302
    response = upload(client, make_photo())
    assert response.status_code == 409
    assert "最多上传4张" in response.content.decode()
    assert evidence.standing_evidence(graduate.pk, "11").count() == 4
    with pytest.raises(Refused) as refusal:
        factories.attach(graduate, user)
    assert refusal.value.code == "evidence_full"


def test_an_upload_without_a_file_asks_for_one(user: User) -> None:
    response = client_of(user).post(MATERIALS, {})
    assert response.status_code == 422
    assert "请选择图片" in response.content.decode()


def test_an_image_is_sent_only_to_those_who_may_see_the_graduate(
    world: World, graduate: Graduate, user: User
) -> None:
    row = factories.attach(graduate, user)
    other = factories.activate(factories.make_graduate(world))
    elsewhere = make_world()
    address, console = f"/destination/evidence/{row.pk}/", f"/console/evidence/{row.pk}/"
    outside = factories.make_staff(
        Role.COUNSELLOR, world, cohorts=[world.cohort], departments=world.departments[1:]
    )
    for client, path, status in (
        (client_of(user), address, 200),
        (client_of(other), address, 404),
        (world.client(Role.COUNSELLOR), console, 200),
        (world.client(Role.PROVINCE), console, 200),
        (client_of(outside), console, 404),
        (elsewhere.client(Role.SCHOOL_ADMIN), console, 404),
        (client_of(user), console, 403),
        (Client(), console, 302),
        (Client(), address, 302),
    ):
        response = client.get(path)
        assert response.status_code == status, path
        if status == 200:
            assert response["Content-Type"] == "image/jpeg"
            assert response["X-Content-Type-Options"] == "nosniff"
            assert "private" in response["Cache-Control"]
            assert b"".join(response.streaming_content).startswith(b"\xff\xd8")


def test_an_image_removed_before_submission_is_deleted(
    graduate: Graduate, user: User, django_capture_on_commit_callbacks
) -> None:
    row = factories.attach(graduate, user)
    key, file_id = row.file.key, row.file_id
    with django_capture_on_commit_callbacks(execute=True):
        client_of(user).post(f"/destination/evidence/{row.pk}/remove/")
    assert not Evidence.objects.filter(pk=row.pk).exists()
    assert not StoredFile.objects.filter(pk=file_id).exists()
    assert not default_storage.exists(key)
    event = Event.objects.get(action="destinations.evidence_remove")
    assert event.school_id == graduate.school_id


def test_an_image_removed_after_submission_is_hidden(
    world: World, graduate: Graduate, user: User, django_capture_on_commit_callbacks
) -> None:
    factories.register_contract(graduate, user)
    review.reject(graduate_id=graduate.pk, reason="不清晰", by=world.counsellor)
    row = Evidence.objects.select_related("file").get(graduate=graduate)
    assert row.submitted_at is not None
    with django_capture_on_commit_callbacks(execute=True):
        client_of(user).post(f"/destination/evidence/{row.pk}/remove/")
    row.refresh_from_db()
    assert row.removed_at is not None
    assert default_storage.exists(row.file.key)
    assert client_of(user).get(f"/destination/evidence/{row.pk}/").status_code == 404
    assert client_of(user).post(f"/destination/evidence/{row.pk}/remove/").status_code == 404


def test_an_image_submitted_meanwhile_is_not_deleted(graduate: Graduate, user: User) -> None:
    """In one tab the graduate submits, while another tab still offers to delete the image."""
    row = factories.attach(graduate, user)
    stale = Evidence.objects.select_related("file").get(pk=row.pk)
    register.register(graduate_id=graduate.pk, typed=CONTRACT, by=user)
    with pytest.raises(Refused):
        evidence.remove_evidence(evidence=stale, by=user)
    assert Evidence.objects.get(pk=row.pk).removed_at is None


def test_a_graduate_cannot_remove_another_graduates_image(world: World, graduate: Graduate) -> None:
    row = factories.attach(graduate, world.counsellor)
    other = client_of(factories.activate(factories.make_graduate(world)))
    assert other.post(f"/destination/evidence/{row.pk}/remove/").status_code == 404
    assert Evidence.objects.filter(pk=row.pk, removed_at=None).exists()


def test_evidence_of_an_approved_destination_cannot_be_changed(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    row = Evidence.objects.get(graduate=graduate)
    with pytest.raises(Refused) as refusal:
        factories.attach(graduate, user)
    assert refusal.value.code == "approved"
    with pytest.raises(Refused):
        evidence.remove_evidence(evidence=row, by=user)
    assert upload(client_of(user), make_photo()).status_code == 409
    assert evidence.standing_evidence(graduate.pk, "11").count() == 1


def test_a_graduate_approved_as_seeking_may_add_evidence(
    world: World, graduate: Graduate, user: User
) -> None:
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    assert upload(client_of(user), make_photo()).status_code == 302


def test_no_evidence_is_accepted_after_the_cohorts_end(
    world: World, graduate: Graduate, user: User
) -> None:
    world.cohort.ends_on = factories.today().replace(year=2020)
    world.cohort.save()
    with pytest.raises(Refused) as refusal:
        factories.attach(graduate, user)
    assert refusal.value.code == "cohort_ended"


def test_staff_can_attach_evidence_to_an_entry(world: World, graduate: Graduate) -> None:
    enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=world.school_admin)
    image = SimpleUploadedFile("章.jpg", make_photo(), "image/jpeg")
    path = f"/console/destinations/{graduate.pk}/evidence/"
    assert world.client(Role.COUNSELLOR).post(path, {"image": image}).status_code == 302
    assert evidence.standing_evidence(graduate.pk, "11").count() == 1
    bad = SimpleUploadedFile("章.jpg", b"no", "image/jpeg")
    response = world.client(Role.COUNSELLOR).post(path, {"image": bad}, follow=True)
    assert "这不是图片" in response.content.decode()


def test_a_graduate_cannot_remove_evidence_that_waits_for_review(
    graduate: Graduate, user: User
) -> None:
    row = factories.attach(graduate, user)
    factories.register_contract(graduate, user)
    row.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        evidence.remove_evidence(evidence=row, by=user)
    assert refusal.value.code == "submitted"
    assert evidence.standing_evidence(graduate.pk, "11").count() >= 1
