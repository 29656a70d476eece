"""What can be asked for by 信息反馈/纠错: each kind says its fields, their present values, and how
an accepted value is put. Kinds are filled in by the apps that own them (hook)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graduates import hooks
from graduates.models import Graduate


@dataclass(frozen=True)
class Target:
    """One kind of record that corrections speak of.

    `fields` are (key, label) of what may be asked for; `current(graduate, key)` its words now;
    `apply(graduate_id, key, value, by, reason)` puts an accepted value by the kind's own action,
    which checks it and keeps the history.
    """

    kind: str
    label: str
    fields: Callable[[Graduate], list[tuple[str, str]]]
    current: Callable[[Graduate, str], str]
    apply: Callable[..., Any]


def targets() -> dict[str, Target]:
    return {t.kind: t for t in hooks.correction_targets.run()}
