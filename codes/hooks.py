"""Hooks that the code tables offer to the apps above."""

from pathlib import Path

from core.hooks import hook


@hook
def codes_loaded() -> None:
    """Runs inside `load_codes`, after tables and divisions: load your own data files."""


@hook
def data_folder() -> Path:
    """The folder of .csv files that you load; a change in them makes `load_codes` load them."""
