"""The standard blocks of questions (DOMAIN-AROUND §7), which are inserted with one click."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from surveys.questions import RELATION, SATISFACTION, Question, load
from surveys.states import Audience

DATA = Path(__file__).parent / "data" / "blocks.json"
_SCALES = {"satisfaction": list(SATISFACTION), "relation": list(RELATION)}


@dataclass(frozen=True)
class Block:
    """Questions that belong together. Their keys are those of the block until they are inserted."""

    key: str
    title: str
    audience: str
    questions: tuple[Question, ...]


@functools.cache
def all_blocks() -> dict[str, Block]:
    stored = json.loads(DATA.read_text(encoding="utf-8"))
    return {
        one["key"]: Block(
            one["key"], one["title"], Audience(one["audience"]),
            tuple(load(_with_scale(q) for q in one["questions"])),
        )
        for one in stored
    }  # fmt: skip


def _with_scale(stored: dict[str, Any]) -> dict[str, Any]:
    """A question that names its scale gets the five steps."""
    values = dict(stored)
    if scale := values.pop("scale", ""):
        values["options"] = _SCALES[scale]
    return values


def blocks_for(audience: str) -> list[Block]:
    return [block for block in all_blocks().values() if block.audience == audience]


def new_key(questions: Sequence[Question]) -> str:
    """A key that no question has: q1, q2 …"""
    taken = [int(q.key[1:]) for q in questions if q.key[:1] == "q" and q.key[1:].isdigit()]
    return f"q{max(taken, default=0) + 1}"


def insert(questions: Sequence[Question], block: Block) -> list[Question]:
    """The questions with those of the block behind them, under new keys."""
    made, names = list(questions), {}
    for one in block.questions:
        key = new_key(made)
        names[one.key] = key
        when = (names[one.when[0]], one.when[1]) if one.when else None
        made.append(replace(one, key=key, when=when))
    return made
