"""What can be asked for by 信息反馈/纠错. Each kind is filled in by the app that owns the record."""

from __future__ import annotations

from graduates import hooks
from graduates.hooks import CorrectionTarget


def targets() -> dict[str, CorrectionTarget]:
    """Kind of correction → its target."""
    return {target.kind: target for target in hooks.correction_targets.run()}
