"""Settings of the garbage collector for long-running processes: web, worker, long commands."""

from __future__ import annotations

import gc


def tune() -> None:
    """Call once all code is loaded. Objects that exist now are never searched for garbage again. New
    objects are searched once there are 50,000 of them instead of 700, because one page makes tens
    of thousands, which are freed with it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
