"""bin/test --coverage: compare the share of lines that the tests run with its floors.

The floors are in pyproject.toml, `[tool.platform.coverage]`: one for all lines, and one for the
lines of actions, rules and step tables together, because these decide what people may do.

SlipCover measures: it puts probes into the bytecode and takes them out once a line was run, which
costs about 1 % of the time of the tests. coverage.py would cost half as much time again on Python
3.11. Only the test processes are measured, not the servers and workers that some tests start.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from .paths import ROOT
from .stack import say

# Actions, rules and step tables.
_DECISIONS = re.compile(r"/(actions|rules)/|/actions\.py$|/\w*steps\.py$")


# The apps, whose lines are counted.
_SOURCES = (
    "config", "national_sync", "recruiting", "esign", "destinations", "employers", "graduates", "workbooks",
    "schools", "accounts", "codes", "core",
)  # fmt: skip


def measuring(report: Path) -> list[str]:
    """Arguments for Python that measure the program after them and write `report` as JSON."""
    sources, omitted = ",".join(_SOURCES), "*/migrations/*"
    return ["-m", "slipcover", "--json", "--out", str(report), "--source", sources,
            "--omit", omitted]  # fmt: skip


def below_floor(report: Path) -> bool:
    """Print the shares of lines that were run. Returns whether one of them is below its floor."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    floors = project["tool"]["platform"]["coverage"]
    files = json.loads(report.read_text(encoding="utf-8"))["files"]
    decisions = {name: found for name, found in files.items() if _DECISIONS.search(f"/{name}")}
    failed = False
    for title, some, floor in (
        ("all lines", files, floors["all"]),
        ("actions, rules and steps", decisions, floors["decisions"]),
    ):
        share = _share(some)
        say(f"coverage of {title}: {share:.1f} % (floor {floor} %)")
        failed = failed or share < floor
    if failed:
        for name, found in sorted(
            decisions.items(), key=lambda f: f[1]["summary"]["percent_covered"]
        )[:15]:
            say(f"  {found['summary']['percent_covered']:.0f} %  {name}")
    return failed


def _share(files: dict[str, dict[str, dict[str, float]]]) -> float:
    """Percent of the statements of `files` that were run."""
    covered = sum(found["summary"]["covered_lines"] for found in files.values())
    missing = sum(found["summary"]["missing_lines"] for found in files.values())
    return 100 * covered / (covered + missing) if covered else 0.0
