"""A script that sends a form is told where to go on; everybody else is sent there."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_script_is_told_where_to_go_on() -> None:
    plain = Client().get("/")
    told = Client().get("/", headers={"X-Sent-By": "script"})
    assert (plain.status_code, plain.headers["Location"]) == (302, "/login/")
    assert (told.status_code, told.headers["X-Go-To"]) == (204, "/login/")
    assert "Location" not in told.headers
