"""How to correct what the national system found wrong, and on which page.

Source: the table in section (5) of the departments' manual. `data/fixes.csv` has for each fault code
the sentence for our users (`fix`), and the national system's own text, by which the fault is known
in a workbook of results, which carries no codes.
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from django.urls import reverse

from national_sync.fields import BY_NATIONAL
from national_sync.states import Part

_FILE = Path(__file__).parent / "data" / "fixes.csv"
_GENERAL = {
    "生源信息错误": "核对生源信息中的这一项，更正后重新确认或锁定，系统自动重新上报",
    "登记信息错误": "对照证明材料更正去向信息，更正并审核通过后自动重新上报",
    "档案信息错误": "在档案转寄中补全接收单位信息，保存后自动重新上报",
}


@functools.cache
def _rows() -> list[dict[str, str]]:
    with _FILE.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@functools.cache
def _sentences() -> dict[str, str]:
    return {r["code"]: r["fix"] for r in _rows()}


def code_of(text: str) -> str | None:
    """The code of the fault that this national text stands for; None if it is not known."""
    return next((r["code"] for r in _rows() if r["text"] in text), None)


def field_of(part: str, said: str) -> str:
    """The national name of the field that is `said` by its name or its label."""
    known = BY_NATIONAL.get(part, {})
    return next((n for n, f in known.items() if said in (n, f.label)), said)


def how_to_fix(code: str, kind: str) -> str:
    return _sentences().get(code) or _GENERAL.get(kind, "核对后更正")


def address(part: str, graduate_id: int, national_field: str) -> str:
    """The address of the console page that holds the field, at the field."""
    reported = BY_NATIONAL.get(part, {}).get(national_field)
    anchor = f"#field-{reported.source}" if reported else ""
    name = {
        Part.ORIGIN: "console:origin",
        Part.DESTINATION: "console:destination",
        Part.ARCHIVE: "console:archive",
    }[Part(part)]
    return reverse(name, args=[graduate_id]) + anchor


def part_of(kind: str) -> str:
    return {"生源信息错误": Part.ORIGIN, "档案信息错误": Part.ARCHIVE}.get(kind, Part.DESTINATION)
