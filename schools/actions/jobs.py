"""Retrying parked background jobs once their cause is gone."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from core import audit, frame, jobs
from core.errors import Refused
from core.wake import wake
from schools.actions.base import require


def retry_parked(*, kind: str, by: User | None) -> int:
    """Let the parked jobs of one kind wait again; returns how many.

    `by` is an account of the province, or None for the command line.
    """
    if by is not None:
        require(by, "province.jobs", None)
    found = {k.name: k for k in frame.job_kinds()}.get(kind)
    if found is None:
        raise Refused("kind", "没有这类后台任务。")
    if not found.repeatable:
        raise Refused("not_repeatable", f"{found.label}不能重试：不知道是否已经送达。")
    with transaction.atomic():
        count = jobs.release_parked(found)
        if count:
            data = {"kind": kind, "count": count}
            audit.record("schools.jobs_retry", by=by, object_type="jobs", data=data)
            wake(found.task)
    return count
