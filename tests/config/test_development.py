"""What development shows and production does not serve: the gallery, the inbox of codes."""

from __future__ import annotations

import pytest
from django.test import Client

from core.views import GALLERY
from tests.config.test_settings import COMPLETE, start


@pytest.mark.django_db
@pytest.mark.parametrize("face", ["console", "phone"])
def test_the_gallery_shows_every_state_on_both_faces(face: str) -> None:
    answer = Client().get("/dev/gallery/", {"face": face})
    assert answer.status_code == 200
    page = answer.content.decode()
    for kind, label in GALLERY["states"]:
        assert f"state-{kind}" in page
        assert label in page
    assert f'aria-current="page">{dict(GALLERY["faces"])[face]}' in page
    assert f"/css/{face}.css" in page


@pytest.mark.parametrize("path", ["/dev/gallery/", "/dev/inbox/", "/dev/"])
def test_production_does_not_serve_it(path: str) -> None:
    """With debug pages asked for, too: only the development settings know these addresses."""
    ask = (
        "import django; django.setup();"
        "from django.urls import Resolver404, resolve\n"
        "print(resolve('/login/').url_name)\n"
        f"try: print(resolve({path!r}).url_name)\n"
        "except Resolver404: print('no such address')"
    )
    done = start(COMPLETE | {"DEBUG": "1", "GALLERY": "1", "DEVELOPMENT_INBOX": "1"}, ask)
    assert done.stdout.splitlines() == ["login", "no such address"], done.stderr
