"""Agreements that can be printed: approved, with a finished document."""

from __future__ import annotations

from django.utils import timezone

from core import files
from destinations.actions import review
from esign.models import Agreement, Document
from esign.states import DocumentState
from tests import factories
from tests.esign import signing
from tests.factories import World

CONTENT = b"%PDF-1.7 made up\n%%EOF"


def finish_document(agreement: Agreement) -> Document:
    """Finish the document that an approval asked for, as the task would, but with made-up content."""
    document = Document.objects.filter(agreement=agreement).latest("pk")
    file = files.store(
        CONTENT, name="就业协议书.pdf", content_type="application/pdf", purpose="agreement"
    )
    Document.objects.filter(pk=document.pk).update(
        state=DocumentState.READY, file=file, sha256=file.sha256, made_at=timezone.now()
    )
    document.refresh_from_db()
    return document


def make_printable_agreement(world: World, **graduate: int) -> Agreement:
    """An agreement that is signed and approved by the school, and whose document is finished."""
    agreement = signing.sign_agreement(factories.make_graduate(world, **graduate))
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    finish_document(agreement)
    return agreement


def read_body(response: object) -> bytes:
    """The whole content of a response that streams a file."""
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]
