"""Words in a search box that are no text, such as bytes of another encoding, cause no error anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from codes import readers
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db

# As a browser sends the byte FF, which is no UTF-8, and a lone half of a character.
UNREADABLE = ["%FF", "%ED%A0%80", "%00", ""]
PAGES = {
    Role.SCHOOL_ADMIN: [
        "console:postings", "console:origins", "console:destinations", "console:staff",
        "console:agreements", "console:archives",
    ],
    Role.PROVINCE: [
        "console:postings", "console:verifications", "console:letters", "console:schools",
        "console:origins",
    ],
}  # fmt: skip
EMPLOYER_PAGES = ["employer-agreements", "employer-invitations", "employer-postings"]


@pytest.mark.parametrize("words", UNREADABLE)
def test_a_search_for_what_is_no_text_causes_no_error(words: str, world: World) -> None:
    for role, pages in PAGES.items():
        client = world.client(role)
        for page in pages:
            answer = client.get(f"{reverse(page)}?q={words}", follow=True)
            assert answer.status_code == 200, page
    member = factories.make_member(factories.make_unit(), state="verified")
    employer = client_of(member.user)
    for page in EMPLOYER_PAGES:
        answer = employer.get(f"{reverse(page)}?q={words}", follow=True)
        assert answer.status_code == 200, page


def test_search_boxes_are_read_in_one_way_only() -> None:
    """The reader itself gives None for what it refuses, which no query takes."""
    assert readers.search_words("\ufffd") == readers.search_words(None) == ""
    reading = re.compile(r'read\(\s*"search"')
    found = {
        str(path.relative_to(settings.BASE_DIR))
        for app in Path(settings.BASE_DIR).iterdir()
        if (app / "apps.py").exists()
        for path in app.rglob("*.py")
        if reading.search(path.read_text("utf-8"))
    }
    assert found == {"codes/readers/__init__.py"}
