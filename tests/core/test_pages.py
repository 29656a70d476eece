import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_the_health_check_accepts_any_host() -> None:
    assert Client().get("/healthz", headers={"host": "prober"}).content == b"ok"


def test_pages_forbid_inline_scripts() -> None:
    policy = Client().get("/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'self'" in policy


@pytest.mark.parametrize("address", ["/card/%00/", "/verify/a%00b/", "/print/%00/state/"])
def test_an_address_with_a_nul_does_not_exist(address: str) -> None:
    assert Client().get(address).status_code == 404


def test_nul_characters_are_removed_from_typed_values() -> None:
    """PostgreSQL stores no NUL; the middleware removes them for all forms."""
    found = Client().post("/employer/", {"mobile": "1390000\x0099", "send": "1"})
    assert 'value="139000099"' in found.content.decode()
    assert Client().get("/schools", {"q": "\x00", "\x00": "x"}).status_code == 200
