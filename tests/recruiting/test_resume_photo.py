"""The photo of the résumé: upload, replace, remove; who sees the one that was delivered, and how long."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from core import files
from core.errors import Invalid, Refused
from core.files import sweeps
from core.models import Event, StoredFile
from employers.models import Membership
from graduates.models import Graduate
from recruiting import consent
from recruiting.actions import applications, photos, resumes, unit_applications
from recruiting.invariants import changed_resumes
from recruiting.models import Application, ResumeReading, ResumeStore
from recruiting.states import PostingState
from schools.roles import Role
from tests import factories
from tests.factories import client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


class Applied:
    """A graduate with a photo who has applied, and the unit that received the application."""

    def __init__(self) -> None:
        self.world = factories.make_world()
        self.member = scene.make_recruiter()
        self.posting = scene.make_posting(self.member, PostingState.PUBLISHED, by=self.world)
        self.graduate: Graduate = scene.make_applicant(self.world)
        self.photo = scene.upload_photo(self.graduate)
        self.user = scene.account_of(self.graduate)
        self.application: Application = scene.apply(self.graduate, self.posting)
        self.unit: Client = client_of(self.member.user)
        self.phone: Client = client_of(self.user)

    def address(self, name: str = "employer-application-photo") -> str:
        return reverse(name, args=[self.application.pk])

    def seen_by_unit(self) -> int:
        return self.unit.get(self.address()).status_code


@pytest.fixture
def applied() -> Applied:
    return Applied()


@pytest.fixture
def graduate() -> Graduate:
    return scene.make_applicant(factories.make_world())


def upload(graduate: Graduate, content: bytes, name: str = "a.jpg") -> HttpResponse:
    client = client_of(scene.account_of(graduate))
    data = {"photo": SimpleUploadedFile(name, content)} if content else {}
    return client.post(reverse("resume-photo"), data)  # type: ignore[return-value]


def shown(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_a_photo_is_encoded_anew_small_and_without_what_the_file_said(graduate: Graduate) -> None:
    image = Image.effect_noise((3000, 4000), 60).convert("RGB")
    said = Image.Exif()
    said[0x010E] = "secret place"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=said)
    assert upload(graduate, buffer.getvalue()).status_code == 302
    stored = ResumeStore.objects.get(graduate=graduate).photo
    assert stored is not None
    content = shown(client_of(scene.account_of(graduate)), reverse("resume-photo-file"))
    assert len(content) == stored.size <= 300 * 1024
    assert b"secret place" not in content
    assert Image.open(io.BytesIO(content)).size == (750, 1000)


def test_the_photo_counts_for_completeness_and_stands_in_the_preview(graduate: Graduate) -> None:
    resumes.save_store(
        graduate=graduate, typed={}, shown=(), nothing_in=(), by=scene.account_of(graduate)
    )
    before = ResumeStore.objects.get(graduate=graduate).completeness
    client = client_of(scene.account_of(graduate))
    assert "照片" in client.get(reverse("resume")).context["missing"]
    upload(graduate, factories.make_photo((600, 800)))
    page = client.get(reverse("resume"))
    assert "照片" not in page.context["missing"]
    assert page.content.decode().count(f'src="{reverse("resume-photo-file")}?v=') == 2
    assert ResumeStore.objects.get(graduate=graduate).completeness == before + 5
    client.post(reverse("resume-photo-remove"))
    assert ResumeStore.objects.get(graduate=graduate).completeness == before
    assert reverse("resume-photo-file") not in client.get(reverse("resume")).content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "请选择照片"),
        (b"%PDF-1.7", "这不是图片或图片已损坏"),
        (b"\xff\xd8\xff\xe0 broken", "这不是图片或图片已损坏"),
    ],
)
def test_what_is_no_photo_is_refused_beside_the_field(
    graduate: Graduate, content: bytes, words: str
) -> None:
    answer = upload(graduate, content)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page[page.index('id="field-photo"') :]
    assert ResumeStore.objects.get(graduate=graduate).photo is None
    assert not StoredFile.objects.filter(purpose=photos.PURPOSE).exists()


def test_a_file_that_is_too_large_is_refused(graduate: Graduate, settings: Any) -> None:
    settings.EVIDENCE_MAX_UPLOAD = 100
    with pytest.raises(Invalid, match="20MB"):
        scene.upload_photo(graduate)


def test_a_double_click_stores_one_file_and_records_who_did_it(graduate: Graduate) -> None:
    first, again = scene.upload_photo(graduate), scene.upload_photo(graduate)
    assert first == again
    assert StoredFile.objects.filter(purpose=photos.PURPOSE).count() == 1
    assert Event.objects.filter(action="recruiting.replace_photo").count() == 2
    for _ in range(2):
        photos.remove(graduate=graduate, by=scene.account_of(graduate))
    assert Event.objects.filter(action="recruiting.remove_photo").count() == 1


def test_a_replaced_photo_that_nobody_received_is_deleted(
    graduate: Graduate, django_capture_on_commit_callbacks: Any
) -> None:
    before = scene.upload_photo(graduate)
    with django_capture_on_commit_callbacks(execute=True):
        scene.upload_photo(graduate, width=500)
    assert not StoredFile.objects.filter(pk=before.pk).exists()
    assert not default_storage.exists(before.key)


def test_nobody_changes_another_ones_photo(graduate: Graduate) -> None:
    other = scene.account_of(scene.make_applicant(factories.make_world()))
    with pytest.raises(Refused):
        photos.replace(graduate=graduate, content=factories.make_photo(), by=other)
    with pytest.raises(Refused):
        photos.remove(graduate=graduate, by=other)


# What was delivered


def test_the_unit_sees_the_photo_that_was_delivered_and_not_a_later_one(applied: Applied) -> None:
    content = shown(applied.phone, reverse("resume-photo-file"))
    scene.upload_photo(applied.graduate, width=500)
    page = applied.unit.get(reverse("employer-application", args=[applied.application.pk]))
    assert f'src="{applied.address()}"' in page.content.decode()
    assert shown(applied.unit, applied.address()) == content
    assert shown(applied.phone, applied.address("application-photo")) == content
    text = json.loads(applied.application.snapshot)
    assert text["photo"] == files.sha256(content)
    photos.remove(graduate=applied.graduate, by=applied.user)
    assert shown(applied.unit, applied.address()) == content


def test_an_exchanged_file_is_not_shown_as_the_delivered_one(applied: Applied) -> None:
    other = scene.upload_photo(applied.graduate, width=500)
    assert list(changed_resumes()) == []
    Application.objects.filter(pk=applied.application.pk).update(photo=other)
    assert applied.seen_by_unit() == 404
    assert list(changed_resumes()) == [f"投递{applied.application.pk}"]


def test_the_page_and_its_photo_are_one_opening_and_the_photo_alone_is_one_too(
    applied: Applied,
) -> None:
    applied.unit.get(reverse("employer-application", args=[applied.application.pk]))
    assert applied.seen_by_unit() == 200
    assert ResumeReading.objects.count() == 1
    colleague = factories.make_member(applied.member.unit, state=Membership.VERIFIED)
    assert client_of(colleague.user).get(applied.address()).status_code == 200
    assert ResumeReading.objects.filter(user_id=colleague.user_id).count() == 1


def test_recall_cuts_the_photo_at_once_though_the_page_is_open(applied: Applied) -> None:
    applied.unit.get(reverse("employer-application", args=[applied.application.pk]))
    assert applied.seen_by_unit() == 200
    applications.withdraw(application_id=applied.application.pk, by=applied.user)
    assert applied.seen_by_unit() == 404
    assert applied.phone.get(applied.address("application-photo")).status_code == 200


def test_ninety_days_after_the_end_the_unit_sees_no_photo(applied: Applied) -> None:
    unit_applications.reject(application_id=applied.application.pk, reason=1, by=applied.member)
    assert applied.seen_by_unit() == 200
    Application.objects.filter(pk=applied.application.pk).update(
        decided_at=timezone.now() - timedelta(days=unit_applications.READABLE_DAYS, minutes=1)
    )
    assert applied.seen_by_unit() == 404


def test_erasing_the_snapshot_erases_the_photo(applied: Applied) -> None:
    photos.remove(graduate=applied.graduate, by=applied.user)
    assert StoredFile.objects.filter(pk=applied.photo.pk).exists()
    applications.withdraw(application_id=applied.application.pk, by=applied.user)
    applications.erase(application_id=applied.application.pk, by=applied.user)
    assert not StoredFile.objects.filter(pk=applied.photo.pk).exists()
    assert applied.phone.get(applied.address("application-photo")).status_code == 404


def test_a_photo_that_an_application_has_is_never_swept(applied: Applied) -> None:
    photos.remove(graduate=applied.graduate, by=applied.user)
    with pytest.raises(ProtectedError):
        files.discard(applied.photo)
    sweeps.sweep_orphans(older_than=timedelta(0))
    assert applied.seen_by_unit() == 200


def test_other_units_other_graduates_and_staff_do_not_see_the_photo(applied: Applied) -> None:
    other = client_of(scene.make_recruiter().user)
    assert other.get(applied.address()).status_code == 404
    claimed = factories.make_member(applied.member.unit, state=Membership.CLAIMED)
    assert client_of(claimed.user).get(applied.address()).status_code == 404
    stranger = client_of(scene.account_of(scene.make_applicant(applied.world, student_no="S2")))
    assert stranger.get(applied.address("application-photo")).status_code == 404
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE):
        staff = applied.world.client(role)
        for name in ("employer-application-photo", "application-photo"):
            assert staff.get(applied.address(name)).status_code == 302  # to sign in
    assert not ResumeReading.objects.exists()


def test_the_consent_names_the_photo_and_older_applications_keep_their_words(
    applied: Applied,
) -> None:
    assert (consent.CURRENT.version, "照片" in consent.CURRENT.text) == (2, True)
    assert applied.application.consent_version == 2
    assert "种类为照片" in applied.phone.get(
        reverse("application", args=[applied.application.pk])
    ).content.decode()  # fmt: skip
    older = Application.objects.create(
        graduate=applied.graduate, school_id=applied.graduate.school_id,
        cohort_id=applied.graduate.cohort_id, unit=applied.member.unit, snapshot="{}",
        posting=scene.make_posting(applied.member, PostingState.PUBLISHED, by=applied.world),
        snapshot_hash="0" * 64, consent_version=1,
    )  # fmt: skip
    page = applied.phone.get(reverse("application", args=[older.pk])).content.decode()
    assert "种类为姓名" in page
    assert "种类为照片" not in page
