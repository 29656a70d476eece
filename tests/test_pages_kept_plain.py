"""Rules for pages: posted values are read by forms, and templates stay readable."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# A form is given the whole of `request.POST`; a button's value and picked ids come by
# `core.forms.pressed` and `picked_ids`. Reading single values by hand skips label, error and
# what was typed.
_BY_HAND = re.compile(r"request\.POST(\.|\[)|in request\.POST")
_WIDEST = 160


def test_views_read_posts_through_forms() -> None:
    found = {}
    for path in sorted(ROOT.glob("*/views/*.py")):
        count = len(_BY_HAND.findall(path.read_text(encoding="utf-8")))
        if count:
            found[path.relative_to(ROOT).as_posix()] = count
    assert found == {}


def test_templates_have_no_overlong_lines() -> None:
    wide = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        name = path.relative_to(ROOT / "templates").as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > _WIDEST:
                wide.append(f"{name}:{number}")
    assert wide == []


def test_fields_are_drawn_by_the_form_templates_only() -> None:
    """A label with the star of a required field is made in one place."""
    by_hand = [
        path.relative_to(ROOT / "templates").as_posix()
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if "has-error{% endif %}" in path.read_text(encoding="utf-8")
        and "core/forms/" not in path.as_posix()
    ]
    assert by_hand == []
