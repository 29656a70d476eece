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
