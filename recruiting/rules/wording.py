"""Finds wording in postings and messages that the law or the platform forbids.

The rules are rows that the province edits (`WordingRule`). A pattern is written as people would write
it: `*` stands for up to eight characters of the same sentence, `#` for one digit. Blanks, full-width
letters and letter case make no difference. A match inside one of the rule's harmless phrases, such as
不收押金, is no finding.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codes import text as texts
from codes.findings import Finding
from recruiting.models import WordingRule

_GAP = "[^。；;！!？?\n]{0,8}?"


@dataclass(frozen=True)
class Wording:
    """One objection to the wording of a field."""

    field: str
    rule: str
    found: str
    message: str
    basis: str
    is_error: bool

    @property
    def sentence(self) -> str:
        return f"“{self.found}”：{self.message}（{self.basis}）"

    def as_finding(self) -> Finding:
        return Finding(
            f"wording_{self.rule}", self.sentence, is_error=self.is_error, field=self.field
        )


@dataclass(frozen=True)
class _Compiled:
    rule: WordingRule
    wanted: re.Pattern[str]
    harmless: re.Pattern[str] | None


def compile_pattern(pattern: str) -> str:
    """The regular expression of one pattern of a rule."""
    parts = {"*": _GAP, "#": r"\d"}
    return "".join(parts.get(c) or re.escape(c) for c in normalise(pattern))


def normalise(value: str) -> str:
    """Text as patterns are compared with it: half-width, lower case, without blanks inside lines."""
    return re.sub(r"[^\S\n]+", "", texts.narrow(value)).casefold()


@functools.lru_cache(maxsize=4)
def _compile(rows: tuple[tuple[object, ...], ...]) -> tuple[_Compiled, ...]:
    names = (
        "key",
        "patterns",
        "harmless",
        "basis",
        "message",
        "is_error",
        "may_justify",
        "in_messages",
    )
    compiled = []
    for row in rows:
        compiled.append(_compile_rule(WordingRule(**dict(zip(names, row, strict=True)))))
    return tuple(compiled)


def _compile_rule(rule: WordingRule) -> _Compiled:
    wanted = re.compile("|".join(map(compile_pattern, rule.patterns)) or r"(?!)")
    harmless = re.compile("|".join(map(compile_pattern, rule.harmless))) if rule.harmless else None
    return _Compiled(rule, wanted, harmless)


def _rules() -> tuple[_Compiled, ...]:
    """The active rules, read anew each time and compiled once for each state of the table."""
    rows = WordingRule.objects.filter(is_active=True).order_by("id").values_list(
        "key", "patterns", "harmless", "basis", "message", "is_error", "may_justify", "in_messages"
    )  # fmt: skip
    return _compile(
        tuple(tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in rows)
    )


def check_wording(
    values: Mapping[str, str], *, justification: str = "", in_messages: bool = False
) -> list[Wording]:
    """What is wrong with the wording of texts by field, at most one finding for each rule and field.

    With a `justification` an error of a rule that the law itself may override becomes a warning. With
    `in_messages` only the rules for messages to graduates are asked.
    """
    rules = [c for c in _rules() if c.rule.in_messages or not in_messages]
    return _ask(rules, values, justification)


def try_rule(rule: WordingRule, value: str) -> list[Wording]:
    """What this rule alone, saved or not, finds in a text."""
    return _ask([_compile_rule(rule)], {"": value}, "")


def _ask(
    rules: Iterable[_Compiled], values: Mapping[str, str], justification: str
) -> list[Wording]:
    found = []
    for field, value in values.items():
        plain = normalise(value)
        for compiled in rules if plain else ():
            words = _first_match(compiled, plain)
            if words:
                rule = compiled.rule
                excused = bool(justification and rule.may_justify)
                found.append(
                    Wording(field, rule.key, words, rule.message, rule.basis,
                            rule.is_error and not excused)
                )  # fmt: skip
    return found


def _first_match(compiled: _Compiled, plain: str) -> str:
    """The first match that no harmless phrase covers; "" if there is none."""
    covered = [m.span() for m in compiled.harmless.finditer(plain)] if compiled.harmless else []
    for match in compiled.wanted.finditer(plain):
        if not any(start <= match.start() and match.end() <= end for start, end in covered):
            return match.group()
    return ""


def check_message(value: str, *, field: str) -> list[Wording]:
    """What is wrong with a text that a unit sends to a graduate."""
    return check_wording({field: value}, in_messages=True)


MOST_GAPS = 3  # more of them in one pattern could take the check of a long text very long


def bad_patterns(patterns: Iterable[str]) -> list[str]:
    """Those of the patterns that would find nearly everything or nothing, as the province typed them."""
    return [p for p in patterns if len(re.sub(r"[*#\s]", "", p)) < 2 and p.count("#") < 5]


def slow_patterns(patterns: Iterable[str]) -> list[str]:
    """Those of the patterns with more gaps than a check may have, or with two gaps in a row."""
    return [p for p in patterns if p.count("*") > MOST_GAPS or "**" in normalise(p)]


def hidden_patterns(patterns: Iterable[str], harmless: Iterable[str]) -> list[str]:
    """Those of the patterns that find nothing, since a harmless phrase covers each of their matches."""
    excused, hidden = list(harmless), []
    for pattern in patterns:
        rule = _compile_rule(WordingRule(patterns=[pattern], harmless=excused))
        if not _first_match(rule, normalise(pattern.replace("*", "").replace("#", "1"))):
            hidden.append(pattern)
    return hidden
