"""What can be corrected by 信息反馈/纠错. The app that owns a kind of record adds it by a hook."""

from __future__ import annotations

from graduates import hooks
from graduates.hooks import CorrectionTarget


def targets() -> dict[str, CorrectionTarget]:
    """Kind of correction → its target."""
    return {target.kind: target for target in hooks.correction_targets.run()}
