"""The parameter by which a record's page knows the list it was opened from."""

from __future__ import annotations

from urllib.parse import quote

PARAM, ROW = "from", "row"


def link_suffix(list_address: str) -> str:
    """What the link of a row ends with."""
    return f"?{PARAM}={quote(list_address, safe='/')}"
