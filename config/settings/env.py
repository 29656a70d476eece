"""The one door to the environment."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()


def required(name: str, *, least: int = 1) -> str:
    """A setting without which production must not start; `least` is its shortest length."""
    value = env.str(name, default="")
    if len(value) < least:
        raise ImproperlyConfigured(f"{name} must be set ({least} characters or more)")
    return value


def number_of_proxies() -> int:
    """`TRUSTED_PROXIES`: how many proxies before the platform add to X-Forwarded-For; `none` or
    nothing is 0. With a wrong number people's addresses would be those of the proxy, or made up."""
    said = env.str("TRUSTED_PROXIES", default="") or "none"
    if said == "none":
        return 0
    if not (said.isascii() and said.isdigit()):
        raise ImproperlyConfigured("TRUSTED_PROXIES must be a number or the word none")
    return int(said)
