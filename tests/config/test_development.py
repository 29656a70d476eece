"""The gallery and the inbox exist in development and not in production."""

from __future__ import annotations

import pytest
from django.test import Client

from core.views import GALLERY
from tests.config.test_settings import COMPLETE, start


@pytest.mark.django_db
@pytest.mark.parametrize("face", ["console", "phone"])
def test_the_gallery_shows_every_state_in_both_styles(face: str) -> None:
    answer = Client().get("/dev/gallery/", {"face": face})
    assert answer.status_code == 200
    page = answer.content.decode()
    for kind, label in GALLERY["states"]:
        assert f"state-{kind}" in page
        assert label in page
    assert f'aria-current="page">{dict(GALLERY["faces"])[face]}' in page
    assert f"/css/{face}.css" in page


@pytest.mark.parametrize("path", ["/dev/gallery/", "/dev/inbox/", "/dev/"])
def test_production_does_not_serve_development_pages(path: str) -> None:
    """Not even if the environment asks for debug pages, the gallery and the inbox."""
    ask = (
        "import django; django.setup();"
        "from django.urls import Resolver404, resolve\n"
        "print(resolve('/login/').url_name)\n"
        f"try: print(resolve({path!r}).url_name)\n"
        "except Resolver404: print('no such address')"
    )
    done = start(COMPLETE | {"DEBUG": "1", "GALLERY": "1", "DEVELOPMENT_INBOX": "1"}, ask)
    assert done.stdout.splitlines() == ["login", "no such address"], done.stderr
