"""A signing key of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from esign import sealing


@pytest.fixture
def signing_key(settings: Any, tmp_path: Path, db: None) -> Path:
    settings.SIGNING_KEY_FILE = str(tmp_path / "key.p12")
    settings.SIGNING_KEY_SECRET = "a-secret-of-this-test"
    sealing.forget()
    sealing.issue_key(common_name="试用平台")
    return tmp_path / "key.p12"
