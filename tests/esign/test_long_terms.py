"""Terms as long as they may be are drawn on as many pages as they need, signed and verified."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client

from core.clock import database_now
from destinations.actions import review
from esign import pdf_signing
from esign.actions import documents as making
from esign.models import Agreement, Document
from esign.states import DocumentState
from esign.verification import signature_fault, verify
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import make_content, read_text
from tests.esign.test_pdfsig import is_valid_to_pdfsig
from tests.factories import World

pytestmark = pytest.mark.django_db
FIRST, LAST = "首字", "尾字"
# The most lines that 500 characters can have, the most characters, and one word without a blank.
LONGEST = {
    "lines": "\n" * 496,
    "characters": "约" * 496,
    "word": "W" * 496,
}


def approve(world: World, middle: str) -> Agreement:
    invitation, user, code = signing.prepare_acceptance(
        factories.make_graduate(world),
        signing_notes=f"{FIRST}{middle}{LAST}",
        penalty_notes=f"{FIRST}{middle}{LAST}",
        report_place="地" * 100,
        work_place="址" * 100,
        archive_unit="档" * 100,
        archive_address="案" * 120,
    )
    made = signing.accept_invitation(invitation, user, code)
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


@pytest.mark.parametrize("kind", LONGEST)
def test_the_longest_terms_are_drawn_signed_and_verified(
    kind: str, world: World, signing_key: Path, tmp_path: Path
) -> None:
    middle = LONGEST[kind]
    agreement = approve(world, middle)
    content = make_content(agreement)
    assert verify(content).code == "in_force"
    assert signature_fault(content) == ""
    assert is_valid_to_pdfsig(content, tmp_path)
    text = read_text(content)
    for value, times in ((middle[0], 2 * 496), ("地", 100), ("址", 100), ("档", 100), ("案", 120)):
        if value != "\n":
            assert text.count(value) >= times, value
    assert (text.count(FIRST), text.count(LAST)) == (2, 2)
    info = subprocess.run(["pdfinfo", "-"], input=content, capture_output=True).stdout.decode()
    found = re.search(r"Pages: +(\d+)", info)
    assert found is not None
    pages = int(found[1])
    # Every page can be looked at as a picture, too.
    client = factories.client_of(signing.account_of(agreement.graduate))
    assert _pages_shown(client, agreement) == pages
    assert client.get(f"/agreements/{agreement.pk}/pages/{pages}/").status_code == 200


def _pages_shown(client: Client, agreement: Agreement) -> int:
    page = client.get(f"/agreements/{agreement.pk}/pages/").content.decode()
    return len(re.findall(r"<figure", page))


def test_a_parked_document_is_retried_on_the_page_of_background_jobs(
    world: World, signing_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreement = approve(world, LONGEST["characters"])

    def fail(content: bytes) -> bytes:
        raise MemoryError("no memory for so many pages")

    with monkeypatch.context() as patch:
        patch.setattr(pdf_signing, "sign_pdf", fail)
        for _ in range(making.DOCUMENTS.most_attempts or 1):
            Document.objects.update(due_at=database_now())
            with contextlib.suppress(MemoryError):  # the last attempt parks it
                making.make_waiting()
    parked = Document.objects.get()
    assert parked.state == DocumentState.PARKED
    client = world.client(Role.PROVINCE)
    page = client.get("/console/system/jobs/").content.decode()
    assert "no memory for so many pages" in page
    assert 'value="documents"' in page
    client.post("/console/system/jobs/retry/", {"kind": "documents"})
    assert Document.objects.get().state == DocumentState.WAITING
    assert verify(make_content(agreement)).code == "in_force"
