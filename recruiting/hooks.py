"""Hooks that this app offers to the apps above."""

from __future__ import annotations

from core.hooks import hook
from graduates.models import Graduate
from recruiting.models import Posting


@hook
def posting_opened(*, graduate: Graduate, posting: Posting) -> None:
    """A graduate opened the page of a posting."""
