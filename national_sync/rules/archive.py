"""When the archive transfer (档案转寄) of a graduate is due, and what holds it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graduates.states import Standing
from national_sync.fields import ARCHIVE
from national_sync.problems import Problem
from national_sync.rules import origin

Archive = Mapping[str, Any]
# Types of transfer that go to a receiver, and what has to be known of the receiver.
WITH_RECEIVER = frozenset({"origin", "employer", "agency", "study_other"})
RECEIVER = ("unit_name", "address", "contact", "phone")
_LABELS = {f.source: f.label for f in ARCHIVE}


def is_due(archive: Archive | None, *, graduate: origin.Origin) -> bool:
    """A type of transfer is chosen, and the graduate's origin is confirmed and 在籍."""
    if archive is None or not archive["transfer_type"]:
        return False
    return origin.is_confirmed(graduate) and graduate["standing"] == Standing.ENROLLED


def problems(archive: Archive) -> list[Problem]:
    return [problem for rule in RULES for problem in rule(archive)]


def receiver_is_complete(archive: Archive) -> list[Problem]:
    if archive["transfer_type"] not in WITH_RECEIVER:
        return []
    return [
        Problem("archive_empty", key, f"{_LABELS[key]}不能为空", "在档案转寄中补充接收单位信息")
        for key in RECEIVER
        if not archive[key]
    ]


RULES = (receiver_is_complete,)
