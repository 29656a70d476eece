"""docs/security.md names a test for every guard; here, that each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

_ROOT = Path(settings.BASE_DIR)
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_named_test_exists() -> None:
    page = (_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = _NAMED.findall(page)
    assert len(named) >= 40
    missing = [
        f"{path}::{name}"
        for path, name in named
        if f"def {name}(" not in (_ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_every_case_names_a_guard_and_a_test() -> None:
    page = (_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| V")]
    assert len(rows) >= 35
    for row in rows:
        assert all(cell.strip() for cell in row), row
        assert _NAMED.search(row[3]), row
