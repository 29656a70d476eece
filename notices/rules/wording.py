"""The words that a reminder must not have.

The ministry's four prohibitions (四不准, 2020): nobody is forced to sign, neither diploma nor degree nor
archive depends on it, no contract is faked for an archive's sake, and no proof of an internship counts as
one of employment. Its three others (三不得, 2022–2023): no unrealistic targets, no quotas for counsellors,
no rate alone in appraisals. A reminder says what is to be done and where, nothing else.
"""

from __future__ import annotations

import csv
import functools
import re
from pathlib import Path

_FILE = Path(__file__).parent.parent / "data" / "forbidden_words.csv"


@functools.cache
def _forbidden() -> list[tuple[re.Pattern[str], str]]:
    """Patterns over a text without blanks and signs, and what is wrong with the words."""
    with _FILE.open(encoding="utf-8", newline="") as f:
        return [(re.compile(row["pattern"]), row["why"]) for row in csv.DictReader(f)]


_BETWEEN = re.compile(r"[\s\u3000·•*＊_~—\-.．、“”\"'‘’]+")
_LINK = re.compile(r"https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|org|top|xyz)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d{6,}")


def findings(text: str) -> list[str]:
    """What is wrong with the words of a reminder, as Chinese sentences; none if it may be sent."""
    plain = _BETWEEN.sub("", text)
    found = [f"{why}。请改写内容。" for pattern, why in _forbidden() if pattern.search(plain)]
    if _LINK.search(text):
        found.append("内容中不能有网址，平台会附上办理的页面。")
    if _NUMBER.search(plain):
        found.append("内容中不能有电话、QQ等号码，毕业生可以在平台上看到学校的电话。")
    return found
