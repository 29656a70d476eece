"""What holds a record back before it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codes.findings import Finding
from national_sync.states import Owner


@dataclass(frozen=True)
class Problem:
    """One thing that holds a record back.

    `rule` is a stable name of what is wrong, `field` the value it concerns ("" for none), `message`
    what is wrong and `fix` what to do about it, both as Chinese sentences. `owner` is who can do it.
    """

    rule: str
    field: str
    message: str
    fix: str
    owner: str = Owner.DEPARTMENT

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, "field": self.field, "message": self.message, "fix": self.fix}


def from_findings(findings: Iterable[Finding], fix: str) -> list[Problem]:
    """The errors among the findings of a rule of entry; warnings hold nothing back."""
    return [Problem(f.code, f.field, f.message, fix) for f in findings if f.is_error]
