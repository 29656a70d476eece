"""Prints of evidence pictures: what they tell, and how the job works them out."""

from __future__ import annotations

import datetime
import io

import pytest
from django.utils import timezone
from PIL import Image, ImageDraw

from core import jobs
from core.files import images
from core.files.prints import PrintRefused, perceptual_hash
from core.models import StoredFile
from destinations.demo import paper
from quality.actions import prints
from quality.models import EvidencePrint
from quality.states import PrintState
from tests import factories
from tests.factories import World
from tests.quality.scene import found, make_job, run, show_picture

pytestmark = pytest.mark.django_db


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene_picture() -> Image.Image:
    image = Image.new("RGB", (900, 1200), "#ddd8d0")
    draw = ImageDraw.Draw(image)
    for n in range(12):
        draw.rectangle(
            (n * 67 % 700, n * 97, n * 67 % 700 + 160, n * 97 + 60), fill=f"#{n:x}{n:x}4488"[:7]
        )
    draw.ellipse((500, 800, 800, 1100), fill="#a02020")
    return image


def bits_between(a: bytes, b: bytes) -> int:
    first, second = perceptual_hash(a), perceptual_hash(b)
    assert first is not None
    assert second is not None
    return (first ^ second).bit_count()


def test_a_copy_in_another_size_and_quality_looks_alike() -> None:
    image = scene_picture()
    original = encoded(image)
    smaller = encoded(image.resize((450, 600)), "JPEG", quality=50)
    assert bits_between(original, smaller) <= 4
    turned = encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert bits_between(original, turned) > 4


def test_a_plain_picture_says_nothing() -> None:
    noisy = Image.effect_noise((600, 800), 4).convert("RGB")
    gradient = Image.linear_gradient("L").resize((600, 800))
    for image in (Image.new("RGB", (600, 800), "white"), noisy, gradient):
        assert perceptual_hash(encoded(image)) is None


def test_what_is_no_picture_is_refused() -> None:
    for content in (b"", b"no picture", b"%PDF-1.7", paper()[:200]):
        with pytest.raises(PrintRefused):
            perceptual_hash(content)


def test_the_job_works_out_what_waits(world: World) -> None:
    good = show_picture(make_job(world), images.compress(paper(3)))
    bad = show_picture(make_job(world), b"no picture")
    assert prints.register_newest() == 2
    assert prints.register_newest() == 0
    assert prints.missing_in([world.cohort.pk]) == 2
    prints.sweep()
    rows = {p.sha256: p for p in EvidencePrint.objects.all()}
    assert rows[good.file.sha256].state == PrintState.DONE
    assert rows[good.file.sha256].dhash is not None
    assert rows[bad.file.sha256].state == PrintState.PARKED
    assert rows[bad.file.sha256].problem
    assert prints.missing_in([world.cohort.pk]) == 0


def test_a_print_whose_worker_died_is_taken_up_again(world: World) -> None:
    show_picture(make_job(world), images.compress(paper(3)))
    prints.register_of([world.cohort.pk])
    (first,) = jobs.claim(prints.PRINTS)
    assert prints.make_waiting(most=10) == 0
    past = timezone.now() - datetime.timedelta(minutes=1)
    EvidencePrint.objects.update(leased_until=past)
    assert prints.make_waiting(most=10) == 1
    kept = EvidencePrint.objects.get()
    prints.make(first)  # the first worker wakes and changes nothing
    again = EvidencePrint.objects.get()
    assert (again.dhash, again.token, again.state) == (kept.dhash, kept.token, PrintState.DONE)


def test_a_screening_works_out_the_prints_itself(world: World) -> None:
    image = scene_picture()
    first, second, other = (make_job(world) for _ in range(3))
    show_picture(first, encoded(image, "JPEG", quality=90))
    show_picture(second, encoded(image.resize((600, 800)), "JPEG", quality=60))
    show_picture(other, images.compress(factories.make_photo()))
    done = run(world)
    assert done.counts.get("prints_missing", 0) == 0
    assert found("file_same") == {first.pk, second.pk}


def test_prints_of_deleted_pictures_go(world: World) -> None:
    evidence = show_picture(make_job(world), b"a", dhash=5)
    assert prints.delete_stray() == 0
    evidence.delete()
    StoredFile.objects.filter(pk=evidence.file_id).delete()
    assert prints.delete_stray() == 1
