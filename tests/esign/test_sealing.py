"""The signature itself: what its container says, and the room that is kept for it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pydyf
import pytest
from asn1crypto import cms as asn1

from esign import sealing

pytestmark = pytest.mark.django_db


def drawing() -> bytes:
    file = pydyf.PDF()
    file.add_page(pydyf.Dictionary({"Type": "/Page", "Parent": file.pages.reference}))
    sealing.leave_room(None, file)
    out = io.BytesIO()
    file.write(out, compress=True)
    return out.getvalue()


def test_the_container_says_who_signed_what(signing_key: Path) -> None:
    """What makes a signature PAdES (EN 319 142-1): the certificate is among what is signed, and
    no claimed time is."""
    digest = hashlib.sha256(b"a document").digest()
    content = asn1.ContentInfo.load(sealing._container(digest), strict=True)["content"]
    (info,) = content["signer_infos"]
    signed = {a["type"].native: a["values"].native[0] for a in info["signed_attrs"]}
    assert signed["message_digest"] == digest
    (identity,) = signed["signing_certificate_v2"]["certs"]
    certificate = sealing.signer().signing_cert
    assert identity["cert_hash"] == hashlib.sha256(certificate.dump()).digest()
    assert "signing_time" not in signed


def test_the_signature_covers_everything_but_itself(signing_key: Path) -> None:
    sealed = sealing.seal(drawing())
    line = sealed[sealed.rindex(b"/ByteRange[") + 11 :]
    first, length, second, rest = map(int, line[: line.index(b"]")].split())
    assert (first, second + rest) == (0, len(sealed))
    assert sealed[length : length + 1] + sealed[second - 1 : second] == b"<>"


def test_a_signature_larger_than_its_room_is_not_written(
    signing_key: Path, monkeypatch: Any
) -> None:
    unsigned = drawing()
    assert sealing.seal(unsigned).startswith(b"%PDF")
    monkeypatch.setattr(sealing, "_container", lambda digest: b"0" * 9000)
    with pytest.raises(sealing.NoKey):
        sealing.seal(unsigned)
