"""What bin/run serves with, and one address more (benchmarks/floor.py)."""

from config.settings.dev import *  # noqa: F403

ROOT_URLCONF = "benchmarks.floor"
