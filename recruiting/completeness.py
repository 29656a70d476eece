"""How complete a graduate's résumé is, in percent (DOMAIN-AROUND §1.4)."""

from __future__ import annotations

from collections.abc import Collection

from graduates.models import Graduate
from recruiting.models import ResumeStore
from recruiting.states import EntryKind

# The weight of each section. A section with entries is filled with one, or when the graduate says
# that there is nothing to enter.
WEIGHTS = {
    "photo": ("照片", 5), "basics": ("基本资料", 15), "contact": ("联系方式", 15),
    "intention": ("求职意向", 15), EntryKind.EDUCATION: ("教育背景", 15),
    EntryKind.CAMPUS: ("在校经历", 15), EntryKind.AWARD: ("获奖", 5),
    EntryKind.SKILL: ("技能证书", 5), "self_evaluation": ("自我评价", 10),
}  # fmt: skip


def filled_shares(
    store: ResumeStore, graduate: Graduate, kinds: Collection[str], *, has_intention: bool
) -> dict[str, float]:
    """How much of each section is filled, from 0 to 1. `kinds` are the sections that have entries."""
    basics = (store.foreign_language, store.computer, store.hobbies, store.strengths)
    return {
        "photo": float(store.photo_id is not None),
        "basics": sum(map(bool, basics)) / len(basics),
        "contact": (bool(graduate.mobile) + bool(graduate.email)) / 2,
        "intention": float(has_intention),
        **{kind: float(kind in kinds or kind in store.nothing_in) for kind in EntryKind.values},
        "self_evaluation": float(bool(store.self_evaluation)),
    }


def completeness_of(shares: dict[str, float]) -> int:
    """The percentage, rounded down."""
    whole = sum(weight for _, weight in WEIGHTS.values())
    return int(sum(WEIGHTS[key][1] * share for key, share in shares.items()) * 100 / whole + 1e-9)


def completeness_without(completeness: int, left_out: Collection[str]) -> int:
    """The percentage of a résumé that leaves out all entries of some sections that the store fills."""
    whole = sum(weight for _, weight in WEIGHTS.values())
    lost = sum(WEIGHTS[kind][1] for kind in left_out) * 100 / whole
    return max(int(completeness - lost), 0)


def missing_sections(shares: dict[str, float]) -> list[str]:
    """The names of the sections in which something is still missing."""
    return [WEIGHTS[key][0] for key, share in shares.items() if share < 1]
