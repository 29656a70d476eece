"""PDF attachments: added rebuilt, delivered frozen, seen by the unit that received them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.errors import Invalid, Refused
from core.models import Event, StoredFile
from employers.models import Membership
from graduates.models import Graduate
from recruiting.actions import applications, attachments
from recruiting.invariants import changed_resumes
from recruiting.models import Application, ApplicationFile, Attachment, Resume, ResumeReading
from recruiting.states import PostingState
from schools.roles import Role
from tests import factories
from tests.core.files import pdf_samples
from tests.core.files.test_pdfs import unfolded
from tests.factories import client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
LIST = "/resume/attachments/"


@pytest.fixture
def graduate() -> Graduate:
    return scene.make_applicant(factories.make_world())


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


class Applied:
    """An application with an attachment, and the unit that received it."""

    def __init__(self) -> None:
        self.world = factories.make_world()
        self.member = scene.make_recruiter()
        self.posting = scene.make_posting(self.member, PostingState.PUBLISHED, by=self.world)
        self.graduate: Graduate = scene.make_applicant(self.world)
        self.attachment = scene.add_attachment(self.graduate)
        self.user = scene.account_of(self.graduate)
        self.application: Application = scene.apply(self.graduate, self.posting)
        self.file = ApplicationFile.objects.get(application=self.application)
        self.unit = client_of(self.member.user)
        self.phone = client_of(self.user)

    def address(self, name: str = "employer-application-file") -> str:
        return reverse(name, args=[self.application.pk, self.file.pk])


@pytest.fixture
def applied() -> Applied:
    return Applied()


def upload(client: Client, content: bytes, name: str = "作品集.pdf") -> Any:
    return client.post(LIST, {"attachment": SimpleUploadedFile(name, content)})


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_a_hostile_file_is_stored_without_what_makes_it_hostile(
    graduate: Graduate, client: Client
) -> None:
    assert upload(client, pdf_samples.hostile()).status_code == 302
    added = Attachment.objects.get(graduate=graduate)
    answer = client.get(reverse("resume-attachment", args=[added.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    content = body(answer)
    for word in (b"secret", b"JavaScript", b"EmbeddedFile", b"/AA", b"/XFA", b"/Annots"):
        assert word not in unfolded(content)
    assert content.startswith(b"%PDF-")


def test_an_attachment_goes_into_the_default_resume_and_may_be_left_out(
    graduate: Graduate, client: Client
) -> None:
    upload(client, pdf_samples.pdf())
    default = Resume.objects.get(graduate=graduate)
    assert [a.name for a in default.attachments.all()] == ["作品集"]
    address = reverse("resume-choice", args=[default.pk])
    form = client.get(address).context["form"]
    typed = {"title": "默认简历", "layout": "1", "version": form.initial["version"]}
    assert client.post(address, typed).status_code == 302
    assert not default.attachments.exists()
    assert "作品集" in client.get(reverse("resume")).content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "请选择PDF文件"), (b"PK\x03\x04", "这不是PDF文件"), (b"%PDF-1.7", "PDF已损坏"),
        (pdf_samples.pdf(pages=31), "最多30页"), (b"%PDF-" + b"x" * attachments.MOST_BYTES, "超过5MB"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_beside_the_field(
    graduate: Graduate, client: Client, content: bytes, words: str
) -> None:
    answer = upload(client, content)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page[page.index('id="field-attachment"') :]
    assert not Attachment.objects.exists()
    assert not StoredFile.objects.filter(purpose=attachments.PURPOSE).exists()


def test_a_form_without_a_file_asks_for_one(client: Client) -> None:
    answer = client.post(LIST, {})
    assert answer.status_code == 422
    assert "请选择PDF文件" in answer.content.decode()


def test_there_are_at_most_three_and_a_double_click_adds_one(
    graduate: Graduate, client: Client
) -> None:
    for _ in range(2):
        assert upload(client, pdf_samples.pdf()).status_code == 302
    assert Attachment.objects.count() == 1
    for word in (b"Two", b"Three"):
        scene.add_attachment(graduate, text=word)
    assert 'type="file"' not in client.get(LIST).content.decode()
    answer = upload(client, pdf_samples.pdf(page=b"/Rotate 90"))
    assert answer.status_code == 409
    assert "最多3个附件" in answer.content.decode()
    assert StoredFile.objects.filter(purpose=attachments.PURPOSE).count() == 3


def test_uploads_of_one_person_are_limited(graduate: Graduate, client: Client) -> None:
    assert upload(client, b"no pdf").status_code == 422
    cache.set(f"rate:resume-upload:{scene.account_of(graduate).pk}", 30, timeout=60)
    answer = upload(client, pdf_samples.pdf())
    assert answer.status_code == 429
    assert "操作过于频繁" in answer.content.decode()
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("C:\\简历\\成绩单.PDF", "成绩单"), ("../../a.pdf", "a"), (".pdf", "附件"),
        ("长" * 90 + ".pdf", "长" * 60), ("<b>.pdf", "<b>"),
    ],
)  # fmt: skip
def test_it_is_called_as_the_file_was(graduate: Graduate, name: str, title: str) -> None:
    added = scene.add_attachment(graduate, name)
    assert (added.name, added.file.name) == (title, f"{title}.pdf")


def test_a_number_of_a_document_in_the_name_is_warned_of(
    graduate: Graduate, client: Client
) -> None:
    upload(client, pdf_samples.pdf(), f"{graduate.person.id_number}.pdf")
    assert "文件名其中有证件号码" in client.get(LIST).content.decode()


def test_nobody_adds_to_or_takes_from_another_one(graduate: Graduate) -> None:
    added = scene.add_attachment(graduate)
    other = scene.account_of(scene.make_applicant(factories.make_world()))
    for name in ("resume-attachment", "resume-attachment-delete"):
        address = reverse(name, args=[added.pk])
        assert client_of(other).post(address).status_code == 404
    with pytest.raises(Refused):
        attachments.add(graduate=graduate, content=pdf_samples.pdf(), name="a.pdf", by=other)
    with pytest.raises(Refused):
        attachments.delete(graduate=graduate, attachment_id=added.pk, by=other)


def test_deleting_takes_it_out_of_every_resume_and_from_the_disk(
    graduate: Graduate, client: Client
) -> None:
    added = scene.add_attachment(graduate)
    address = reverse("resume-attachment-delete", args=[added.pk])
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404
    assert not StoredFile.objects.filter(pk=added.file_id).exists()
    assert Event.objects.filter(action="recruiting.delete_attachment").count() == 1
    with pytest.raises(Invalid):
        attachments.add(graduate=graduate, content=b"", name="a.pdf", by=scene.account_of(graduate))


# What was delivered


def test_the_unit_opens_the_delivered_file_and_the_graduate_sees_that(applied: Applied) -> None:
    text = json.loads(applied.application.snapshot)
    assert text["attachments"] == [["作品集", applied.attachment.file.sha256]]
    attachments.delete(
        graduate=applied.graduate, attachment_id=applied.attachment.pk, by=applied.user
    )
    page = applied.unit.get(reverse("employer-application", args=[applied.application.pk]))
    assert applied.address() in page.content.decode()
    assert body(applied.unit.get(applied.address())).startswith(b"%PDF-")
    assert body(applied.phone.get(applied.address("application-file"))).startswith(b"%PDF-")
    newest = ResumeReading.objects.latest("pk")
    assert newest.attachment_id == applied.file.pk
    assert "打开了附件“作品集”" in applied.phone.get(reverse("resume-readings")).content.decode()
    assert list(changed_resumes()) == []


def test_an_exchanged_or_added_file_is_noticed(applied: Applied) -> None:
    ApplicationFile.objects.create(
        application=applied.application, name="混入", file=scene.store_pdf()
    )
    assert list(changed_resumes()) == [f"投递{applied.application.pk}"]


def test_recall_cuts_the_file_at_once_and_erasure_deletes_it(applied: Applied) -> None:
    assert applied.unit.get(applied.address()).status_code == 200
    applications.withdraw(application_id=applied.application.pk, by=applied.user)
    assert applied.unit.get(applied.address()).status_code == 404
    attachments.delete(
        graduate=applied.graduate, attachment_id=applied.attachment.pk, by=applied.user
    )
    assert StoredFile.objects.filter(pk=applied.attachment.file_id).exists()
    applications.erase(application_id=applied.application.pk, by=applied.user)
    assert not StoredFile.objects.filter(pk=applied.attachment.file_id).exists()
    assert not ApplicationFile.objects.exists()
    assert applied.phone.get(applied.address("application-file")).status_code == 404


def test_neither_other_units_nor_graduates_nor_staff_open_the_file(applied: Applied) -> None:
    claimed = factories.make_member(applied.member.unit, state=Membership.CLAIMED)
    for person in (scene.make_recruiter(), claimed):
        assert client_of(person.user).get(applied.address()).status_code == 404
    stranger = client_of(scene.account_of(scene.make_applicant(applied.world, student_no="S2")))
    for name in ("application-file",):
        assert stranger.get(applied.address(name)).status_code == 404
    own = reverse("resume-attachment", args=[applied.attachment.pk])
    assert stranger.get(own).status_code == 404
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE):
        staff = applied.world.client(role)
        for address in (applied.address(), applied.address("application-file"), own):
            assert staff.get(address).status_code == 302  # to sign in
    assert not ResumeReading.objects.exists()
