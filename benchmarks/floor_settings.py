"""The settings of bin/run with one more page (benchmarks/floor.py)."""

from config.settings.dev import *  # noqa: F403

ROOT_URLCONF = "benchmarks.floor"
