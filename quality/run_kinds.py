"""What each kind of run does."""

from __future__ import annotations

from quality.actions import runs
from quality.comparing import places, roll, stored, units
from quality.states import RunKind

runs.KINDS.update({
    RunKind.SCREENING: runs.screen,
    RunKind.ROLL: roll.compare,
    RunKind.PLACES: places.check,
    RunKind.STORED: stored.check,
    RunKind.UNITS: units.check,
})  # fmt: skip
