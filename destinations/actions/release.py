"""Releasing a destination that is not e-signed. One person proposes it, another one decides."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import User
from core.errors import Refused
from destinations.actions import base
from destinations.actions.evidence import hide_evidence, standing_evidence
from destinations.models import Destination
from destinations.steps import StepActor


def propose_release(
    *, graduate_id: int, by: User, reason: str, version: int | None = None
) -> Destination:
    """Propose a release, once the material that the unit stamped was uploaded as evidence."""
    with base.step("propose_release", graduate_id, by, version=version) as change:
        if not reason.strip():
            raise Refused("reason", "请填写解约原因。")
        if not standing_evidence(graduate_id, change.destination.category).exists():
            raise Refused("evidence", "请先上传加盖单位公章或人力资源部门公章的解约材料。")
        d = change.destination
        d.release_proposed_at, d.release_proposed_by_id = timezone.now(), by.pk
        return change.write(reason=reason.strip())


def release(
    *, graduate_id: int, by: StepActor, reason: str = "", version: int | None = None
) -> Destination:
    """Void the destination: it is 未提交 again under 70-1. Its evidence is kept, but hidden."""
    with base.step("release", graduate_id, by, version=version) as change:
        d = change.destination
        base.clear(d)
        d.agreement_no, d.locked_at = "", None
        hide_evidence(graduate_id)
        return change.write(reason=reason.strip())
