"""A fixture that makes a signing key for one test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from esign import pdf_signing


@pytest.fixture
def signing_key(settings: Any, tmp_path: Path, db: None) -> Path:
    settings.SIGNING_KEY_FILE = str(tmp_path / "key.p12")
    settings.SIGNING_KEY_SECRET = "a-secret-of-this-test"
    pdf_signing.forget_loaded_key()
    pdf_signing.issue_key(common_name="试用平台")
    return tmp_path / "key.p12"
