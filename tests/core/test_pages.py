import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_health_needs_no_host() -> None:
    assert Client().get("/healthz", headers={"host": "prober"}).content == b"ok"


def test_pages_forbid_inline_scripts() -> None:
    policy = Client().get("/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'self'" in policy
