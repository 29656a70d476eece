"""Opinions and seals on every 就业推荐表 that a list shows (`core.frame.BulkAction`)."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Func, IntegerField, QuerySet, TextField, Value

from accounts.models import User
from core.errors import DomainError
from recruiting.actions.recommendations import STALE, recommend, seal, version_of
from recruiting.models import Recommendation
from recruiting.queries import recommendations_for
from recruiting.recommendation_text import RELATED


def with_version(rows: QuerySet[Recommendation]) -> QuerySet[Recommendation]:
    """The forms with a number `seen` that changes whenever the form or the graduate's record does."""
    written = Func(
        Value("|"), "state", "studies", "practice", "strengths", "transcript_id", "submitted_at",
        "department_at", "graduate__version", function="concat_ws", output_field=TextField(),
    )  # fmt: skip
    return rows.annotate(seen=Func(written, function="hashtext", output_field=IntegerField()))


def recommend_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of giving the department's opinion on all that a list shows."""
    return _one(pk, version, by=by, step=recommend, opinion=reason, done="已填写院系意见")


def seal_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of sealing all that a list shows."""
    return _one(pk, version, by=by, step=seal, opinion=reason, done="已盖章")


def _one(
    pk: int, version: int, *, by: User, step: Callable[..., Recommendation], opinion: str, done: str
) -> tuple[bool, str, str] | None:
    rows = with_version(recommendations_for(by))
    form = rows.select_related(*RELATED).filter(pk=pk).first()
    if form is None:
        return None
    label = str(form.graduate)
    if form.seen != version:  # type: ignore[attr-defined]
        return False, label, STALE
    try:
        taken = step(form_id=pk, opinion=opinion, version=version_of(form), by=by)
    except DomainError as refusal:
        return False, label, refusal.message
    return True, label, f"{done}，编号{taken.number}" if taken.number else done
