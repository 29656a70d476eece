"""Production must not start without its secrets."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

COMPLETE = {
    "SECRET_KEY": "x" * 60,
    "INITIAL_CODE_KEY": "y" * 40,
    "ONE_TIME_CODE_KEY": "z" * 40,
    "DATABASE_URL": "postgres://u:p@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "example.edu.cn",
    "PUBLIC_ORIGIN": "https://example.edu.cn",
}


def start(env: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
        | env,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )


def test_production_starts_with_its_secrets() -> None:
    assert start(COMPLETE).returncode == 0


@pytest.mark.parametrize("name", list(COMPLETE))
def test_production_refuses_to_start_without(name: str) -> None:
    done = start({k: v for k, v in COMPLETE.items() if k != name})
    assert done.returncode != 0
    assert name in done.stderr


def test_production_refuses_a_short_secret_key() -> None:
    assert "SECRET_KEY" in start(COMPLETE | {"SECRET_KEY": "short"}).stderr
