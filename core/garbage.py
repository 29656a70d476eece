"""The garbage collector of a process that serves: web, worker, long commands."""

from __future__ import annotations

import gc


def loaded() -> None:
    """What is loaded by now stays: never look through it for garbage again. And a page, or a claim
    of some hundreds of records, makes tens of thousands of objects that die with it; the default
    of 700 looks through them dozens of times."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
