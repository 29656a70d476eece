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
    "TRUSTED_PROXIES": "1",
}


def start(
    env: dict[str, str], code: str = "import django; django.setup()"
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
        | env,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )


def test_production_starts_with_all_secrets() -> None:
    assert start(COMPLETE).returncode == 0


@pytest.mark.parametrize("name", list(COMPLETE))
def test_production_refuses_to_start_without_a_required_variable(name: str) -> None:
    done = start({k: v for k, v in COMPLETE.items() if k != name})
    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize(("said", "number"), [("none", "0"), ("2", "2")])
def test_production_is_told_how_many_proxies_there_are(said: str, number: str) -> None:
    show = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.TRUSTED_PROXIES)"
    )
    assert start(COMPLETE | {"TRUSTED_PROXIES": said}, show).stdout.strip() == number
    assert "TRUSTED_PROXIES" in start(COMPLETE | {"TRUSTED_PROXIES": "some"}).stderr


def test_cookies_of_production_are_bound_to_the_host() -> None:
    show = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_PATH,"
        " s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN)"
    )
    assert start(COMPLETE, show).stdout.split() == [
        "__Host-session", "__Host-csrf", "True", "True", "/", "/", "None", "None",
    ]  # fmt: skip


def test_production_asks_the_province_and_school_admins_for_a_second_factor() -> None:
    show = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(*s.SECOND_FACTOR_ROLES)"
    )
    assert start(COMPLETE, show).stdout.split() == ["province", "school_admin"]
    assert settings.SECOND_FACTOR_ROLES == [], "demo and tests sign in without"


def test_production_refuses_a_short_secret_key() -> None:
    assert "SECRET_KEY" in start(COMPLETE | {"SECRET_KEY": "short"}).stderr


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"EMAIL_URL": "smtp+tls://u:p%40ss@mail.example.com:587"}, "EMAIL_FROM"),
        ({"TIME_STAMP_URL": "https://stamps.example.com"}, "TIME_STAMP_ROOTS"),
    ],
)
def test_settings_that_belong_together_are_required_together(
    given: dict[str, str], wanted: str
) -> None:
    assert wanted in start(COMPLETE | given).stderr
    assert start(COMPLETE | given | {wanted: "x@example.com"}).returncode == 0


def test_one_address_configures_the_mail_server() -> None:
    show = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.EMAIL_HOST, s.EMAIL_PORT, s.EMAIL_HOST_PASSWORD, s.EMAIL_USE_TLS,"
        " s.OUTBOX_BACKENDS['email'])"
    )
    mail = {"EMAIL_URL": "smtp+tls://u:p%40ss@mail.example.com:587", "EMAIL_FROM": "a@example.com"}
    done = start(COMPLETE | mail, show)
    assert done.stdout.split() == [
        "mail.example.com", "587", "p@ss", "True", "core.outbox.backends.email",
    ]  # fmt: skip
