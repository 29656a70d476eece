"""Agreements with what comes after signing: approved, with a document that can be handed out."""

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


def ready_document(agreement: Agreement) -> Document:
    """As the task would leave the document that the approval asked for."""
    document = Document.objects.filter(agreement=agreement).latest("pk")
    file = files.store(
        CONTENT, name="就业协议书.pdf", content_type="application/pdf", purpose="agreement"
    )
    Document.objects.filter(pk=document.pk).update(
        state=DocumentState.READY, file=file, sha256=file.sha256, made_at=timezone.now()
    )
    document.refresh_from_db()
    return document


def printable(world: World, **graduate: int) -> Agreement:
    """Signed, approved by the school, its document made."""
    agreement = signing.sign(factories.make_graduate(world, **graduate))
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    ready_document(agreement)
    return agreement


def body(response: object) -> bytes:
    """The whole of an answer that is sent as a file."""
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]
