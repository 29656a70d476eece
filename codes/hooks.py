"""Hooks the code tables offer."""

from pathlib import Path

from core.hooks import Hook

codes_loaded = Hook(
    "codes.loaded",
    "Runs inside `load_codes`, after tables and divisions: load your own data files. No values.",
)
data_folder = Hook(
    "codes.data_folder",
    "Return the folder (Path) of .csv files you load; a change in them makes load_codes load.",
)


def data_folders() -> list[Path]:
    return data_folder.run()
