"""What can be corrected by 信息反馈/纠错. The app that owns a kind of record adds it by a hook."""

from __future__ import annotations

from codes.fields import FieldDeclaration
from graduates import hooks
from graduates.hooks import CorrectionTarget
from graduates.models import Graduate


def targets() -> dict[str, CorrectionTarget]:
    """Kind of correction → its target."""
    return {target.kind: target for target in hooks.correction_targets.run()}


def declaration_of(graduate: Graduate, kind: str, field: str) -> FieldDeclaration | None:
    """The declaration of a field that the graduate can have corrected, None if there is no such."""
    target = targets().get(kind)
    known = target.fields(graduate) if target else ()
    return next((f for f in known if f.key == field), None)
