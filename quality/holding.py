"""Which records wait with their upload because a finding about them is not settled.

A finding blocks nothing unless the province has its rule hold uploads (`Rule.holds_uploads`).
"""

from __future__ import annotations

from collections.abc import Collection

from core.db.bulk import any_of
from national_sync.actions.claim import release_held
from national_sync.hooks import UploadHold
from quality.models import Finding
from quality.rule_book import BY_KEY
from quality.states import HOLDING


def holds_of(graduate_ids: Collection[int]) -> list[UploadHold]:
    """The holds on these graduates' records, in one query."""
    rows = Finding.objects.filter(
        any_of("graduate_id", graduate_ids), state__in=HOLDING, rule__holds_uploads=True,
        rule__enabled=True,
    )  # fmt: skip
    found = rows.order_by("graduate_id", "pk").values_list(
        "graduate_id", "rule_id", "rule__label", "owner"
    )
    return [
        UploadHold(
            graduate_id, BY_KEY[rule].part, f"数据核查“{label}”尚未核实清楚",
            "在“核查问题”中核实或更正", owner,
        )
        for graduate_id, rule, label, owner in found
    ]  # fmt: skip


def release(graduate_ids: Collection[int | None]) -> None:
    """Look again at what was held back of these graduates, since something was settled."""
    release_held([pk for pk in graduate_ids if pk is not None])


def release_rule(rule_key: str) -> None:
    """Look again at everything that may be held back because of a rule, since the rule was changed."""
    rows = Finding.objects.filter(rule=rule_key, state__in=HOLDING, graduate__isnull=False)
    release(set(rows.values_list("graduate_id", flat=True)))
