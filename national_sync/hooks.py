"""Hooks of the national loop."""

from __future__ import annotations

from dataclasses import dataclass

from core.hooks import hook


@dataclass(frozen=True)
class UploadHold:
    """Why one part of one graduate's record is not sent for now, as a Chinese sentence without a full
    stop, what to do about it, and whose turn it is (`national_sync.states.Owner`)."""

    graduate_id: int
    part: str
    message: str
    fix: str
    owner: str


@hook
def upload_holds(*, graduate_ids: list[int]) -> list[UploadHold]:
    """Some of these graduates' records would be sent now. Name the parts that have to wait. Asked once
    for each claim, with hundreds of graduates, so that it has to be one query. Call
    `national_sync.actions.claim.release_held` when a reason to wait is gone."""
