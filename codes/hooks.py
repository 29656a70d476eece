"""Hooks that this app offers to the apps above."""

from pathlib import Path

from core.hooks import hook


@hook
def codes_loaded() -> None:
    """`load_codes` has loaded tables and divisions. Load the data files of your app."""


@hook
def data_folder() -> Path:
    """The folder of the .csv files that your app loads. `load_codes` loads again when one changes."""
