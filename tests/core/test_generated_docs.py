"""docs/states.md and docs/hooks.md are up to date with the code."""

import pytest
from django.conf import settings

from core.generated_docs import pages


@pytest.mark.parametrize("name", ["states.md", "hooks.md"])
def test_generated_pages_are_current(name: str) -> None:
    path = settings.BASE_DIR / "docs" / name
    assert path.read_text(encoding="utf-8") == pages()[name], "run bin/manage write_docs"
