"""The signature in a PDF: its container, and the space that is reserved for it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pydyf
import pytest
from asn1crypto import cms as asn1

from esign import pdf_signing

pytestmark = pytest.mark.django_db


def make_unsigned() -> bytes:
    file = pydyf.PDF()
    file.add_page(pydyf.Dictionary({"Type": "/Page", "Parent": file.pages.reference}))
    pdf_signing.reserve_signature(None, file)
    out = io.BytesIO()
    file.write(out, compress=True)
    return out.getvalue()


def test_the_container_says_who_signed_what(signing_key: Path) -> None:
    """A PAdES signature (EN 319 142-1) signs its certificate and no claimed time."""
    digest = hashlib.sha256(b"a document").digest()
    content = asn1.ContentInfo.load(pdf_signing._signature_container(digest), strict=True)[
        "content"
    ]
    (info,) = content["signer_infos"]
    signed = {a["type"].native: a["values"].native[0] for a in info["signed_attrs"]}
    assert signed["message_digest"] == digest
    (identity,) = signed["signing_certificate_v2"]["certs"]
    certificate = pdf_signing.current_signer().signing_cert
    assert identity["cert_hash"] == hashlib.sha256(certificate.dump()).digest()
    assert "signing_time" not in signed


def test_the_signature_covers_everything_but_itself(signing_key: Path) -> None:
    sealed = pdf_signing.sign_pdf(make_unsigned())
    line = sealed[sealed.rindex(b"/ByteRange[") + 11 :]
    first, length, second, rest = map(int, line[: line.index(b"]")].split())
    assert (first, second + rest) == (0, len(sealed))
    assert sealed[length : length + 1] + sealed[second - 1 : second] == b"<>"


def test_a_signature_larger_than_the_reserved_space_is_refused(
    signing_key: Path, monkeypatch: Any
) -> None:
    unsigned = make_unsigned()
    assert pdf_signing.sign_pdf(unsigned).startswith(b"%PDF")
    monkeypatch.setattr(pdf_signing, "_signature_container", lambda digest: b"0" * 9000)
    with pytest.raises(pdf_signing.NoUsableKey):
        pdf_signing.sign_pdf(unsigned)
