"""Whether a sent answer counts as valid (有效). An invalid one is kept and counted, and left out of the
tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveys.flow import pages_of
from surveys.questions import Kind, Question, asked

SECONDS_A_QUESTION = 1.5
MANY_SCALES = 8
RULES = (
    f"第一页以后平均每题不足{SECONDS_A_QUESTION}秒，或{MANY_SCALES}项以上量表全部选同一级的答卷为无效答卷，"
    "计入完成，不计入各表。"
)


def is_valid(questions: Sequence[Question], data: Mapping[str, Any], seconds: float) -> bool:
    """`seconds` are those since the first page was saved, so its questions are not among the timed ones."""
    answered = [one for one in asked(questions, data) if one.key in data]
    first = {one.key for one in pages_of(questions)[0]}
    timed = [one for one in answered if one.key not in first]
    if seconds < SECONDS_A_QUESTION * len(timed):
        return False
    steps: list[Any] = []
    for one in answered:
        if one.kind == Kind.SCALE:
            steps.append(data[one.key])
        elif one.kind == Kind.MATRIX:
            steps += [step for step in data[one.key] if step is not None]
    return len(steps) < MANY_SCALES or len(set(steps)) > 1
