"""What the demo needs of the simulator: a registry that knows our made-up people.

The real registry (学籍) is the ministry's; the demo's is filled from ours, but a few names of the first
demo school are written differently there, so that there is feedback to work off. Other rows that are to
differ are given to the simulator itself (`national_simulator --differences FILE`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.db.bulk import any_of
from graduates.models import Graduate
from national_sync.models import Entry
from national_sync.states import Part
from national_sync.transport.http import HttpTransport
from schools.demo import DEMO_CODE

_CHUNK = 1000
_FIELDS = {
    "school": "school__code",
    "year": "cohort__year",
    "exam_no": "exam_no",
    "name": "name",
    "id_number": "person__id_number",
    "major_code": "major_code",
    "level": "level",
}


def share_new(transport: HttpTransport) -> int:
    """Tell the simulator's registry about every graduate whose origin was never sent."""
    waiting = Entry.objects.filter(part=Part.ORIGIN, sent_version=None)
    return share(transport, waiting.values_list("graduate_id", flat=True)[:20_000])


def _as_registered(row: dict[str, Any]) -> dict[str, Any]:
    """The row as the registry has it: the name of one in a hundred of the first demo school differs."""
    if row["school"] == DEMO_CODE and row["exam_no"].endswith("77"):
        return row | {"name": f"{row['name']}某"}
    return row


def share(transport: HttpTransport, graduate_ids: Iterable[int]) -> int:
    rows = Graduate.objects.filter(any_of("pk", graduate_ids)).values_list(*_FIELDS.values())
    made = [_as_registered(dict(zip(_FIELDS, row, strict=True))) for row in rows]
    for start in range(0, len(made), _CHUNK):
        transport.admin("registry", rows=made[start : start + _CHUNK])
    return len(made)
