"""The signature pad's ways into a form: a file, or text from a browser that can't put a file there."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from esign.forms import SigningForm
from tests.esign import signing


def signature_in(form: SigningForm) -> bytes:
    form.full_clean()
    return form.cleaned_data["signature"]


def as_text(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def test_a_drawing_that_came_as_text_is_read() -> None:
    drawn = signing.make_signature()
    assert signature_in(SigningForm({"signature_drawn": as_text(drawn)}, {})) == drawn


def test_a_file_goes_before_the_text() -> None:
    file = SimpleUploadedFile("s.png", signing.make_signature(1), "image/png")
    form = SigningForm({"signature_drawn": as_text(b"other")}, {"signature": file})
    assert signature_in(form) == signing.make_signature(1)


@pytest.mark.parametrize(
    "text", ["", "data:image/png;base64,???", "data:text/html;base64,AAAA", "javascript:1"]
)
def test_text_that_is_no_drawing_is_no_signature(text: str) -> None:
    assert signature_in(SigningForm({"signature_drawn": text}, {})) == b""
