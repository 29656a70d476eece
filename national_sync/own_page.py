"""What the graduate's page of the national data shows, in words: differences first, what agrees folded
away, and for each difference whether it is on its way or has to be mended."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.urls import reverse

from codes import lookup
from graduates.models import Graduate
from national_sync.actions.claim import HELD_BY_CHECK
from national_sync.actions.copies import ComparedField, SideBySide
from national_sync.connection import mapping
from national_sync.fields import Reported
from national_sync.mapping import Mapped
from national_sync.models import Entry
from national_sync.records import build
from national_sync.states import EntryState, Part

DIFFERS, ON_ITS_WAY, SENT_BACK = "不一致", "已修改，待上报", "全国系统已退回"
# Where the graduate mends each part, and what that page is called.
_PAGES = {
    Part.ORIGIN: ("origin", "生源信息"),
    Part.DESTINATION: ("destination", "毕业去向登记"),
    Part.ARCHIVE: ("archive", "档案转寄登记"),
}
_COLOURS = {DIFFERS: "bad", SENT_BACK: "rejected", ON_ITS_WAY: "pending"}


@dataclass(frozen=True)
class Line:
    label: str
    ours: str
    theirs: str
    source: str


@dataclass(frozen=True)
class ShownPart:
    """One part: the lines that differ and those that agree, what the differences mean (`state` and its
    colour), and the page that mends them."""

    key: str
    heading: str
    state: str
    address: str
    page: str
    differing: list[Line] = field(default_factory=list)
    agreeing: list[Line] = field(default_factory=list)

    @property
    def colour(self) -> str:
        return _COLOURS[self.state]

    @property
    def to_mend(self) -> bool:
        """Whether the graduate has to do something about the differences."""
        return self.state != ON_ITS_WAY


def parts_in_words(graduate: Graduate, shown: SideBySide) -> list[ShownPart]:
    """The parts of which either side has anything; those with differences come first."""
    mapped = mapping()
    states = _states(graduate, mapped)
    parts = []
    for key, heading, fields in shown.parts:
        if not fields:
            continue
        url_name, page = _PAGES[Part(key)]
        made = ShownPart(key, heading, states.get(key, DIFFERS), reverse(url_name), page)
        for differs, line in _lines(fields, mapped):
            (made.differing if differs else made.agreeing).append(line)
        parts.append(made)
    return sorted(parts, key=lambda part: not part.differing)


def waits_for_check(graduate: Graduate) -> bool:
    """Whether a part is held back until the school has checked it. What is checked and why is for staff
    alone, who read it in the ledger."""
    held = Entry.objects.filter(graduate=graduate, state=EntryState.HELD)
    return held.filter(problems__contains=[{"rule": HELD_BY_CHECK}]).exists()


def _states(graduate: Graduate, mapped: Mapped) -> dict[str, str]:
    """What a difference means, by part. What was accepted as it is here differs by itself; everything
    else was changed here since, and goes up once it was confirmed or approved."""
    entries = list(Entry.objects.filter(graduate=graduate))
    built = build(entries, mapped)
    found = {}
    for entry in entries:
        if entry.state == EntryState.REJECTED:
            found[entry.part] = SENT_BACK
        elif entry.state == EntryState.ACCEPTED and built[entry.pk].due:
            found[entry.part] = DIFFERS
        else:
            found[entry.part] = ON_ITS_WAY
    return found


def _lines(fields: list[ComparedField], mapped: Mapped) -> list[tuple[bool, Line]]:
    """One line for each of our fields. A code and the words beside it are two national fields, but one of
    ours: the words are shown, and it differs if either does."""
    by_source: dict[str, list[ComparedField]] = {}
    for compared in fields:
        by_source.setdefault(compared.source, []).append(compared)
    lines = []
    for source, twins in by_source.items():
        shown = next((t for t in twins if t.reported.kind in ("words", "place")), twins[0])
        label = twins[0].label.removesuffix("代码") if len(twins) > 1 else shown.label
        ours, theirs = (_words(shown.reported, t, mapped) for t in (shown.ours, shown.theirs))
        differs = any(t.differs for t in twins)
        if differs and ours == theirs:  # two codes have the same words
            ours, theirs = f"{ours}（{twins[0].ours}）", f"{theirs}（{twins[0].theirs}）"
        lines.append((differs, Line(label, ours, theirs, source)))
    return lines


def _words(reported: Reported, text: str, mapped: Mapped) -> str:
    """A value as the national system has it, in words."""
    if not text:
        return ""
    match reported.kind:
        case "code":
            return mapped.words_of(reported.table, text) or f"其他（代码{text}）"
        case "bool":
            return {"1": "是", "0": "否"}.get(text, text)
        case "date":
            return _day(text)
    if reported.source in ("origin", "unit_division") and text.isdigit():
        return lookup.place_name(text)
    if reported.source == "year":
        return f"{text}届"
    return text


def _day(text: str) -> str:
    try:
        day = datetime.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"
