"""The last step on the graduate's home page: look at what the national system holds, and confirm
it."""

from __future__ import annotations

from django.db.models import QuerySet

from core.db.lookups import Rows
from graduates import hooks
from graduates.hooks import HomeStep
from graduates.models import Graduate
from national_sync.connection import is_configured
from national_sync.models import Entry
from national_sync.states import EntryState, Part


def _entries(graduate: int) -> QuerySet[Entry, tuple[object, ...]]:
    return Entry.objects.filter(graduate=graduate).values_list(
        "part", "state", "changed_at", "graduate__national_copy__confirmed_at"
    )


_ENTRIES = Rows(_entries)


@hooks.next_step.plug(order=40)
def national_step(*, graduate: Graduate) -> HomeStep | None:
    """The step, for schools with a link to the national system. A change of a reported value asks
    for another look; the page itself compares field by field."""
    if not is_configured():
        return None
    rows = _ENTRIES.of(graduate.pk)
    taken = any(p == Part.DESTINATION and s == EntryState.ACCEPTED for p, s, _, _ in rows)
    if not taken:
        return HomeStep("全国系统核对", False, "已审核，等待上报全国系统后核对", "/national/")
    confirmed = rows[0][3]
    done = confirmed is not None and all(changed <= confirmed for _, _, changed, _ in rows)
    return HomeStep("全国系统核对", done, "请核对全国系统中的数据", "/national/")
