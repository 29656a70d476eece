"""生源地核查: whether the origin is a county in force, and the same as the file's 入学户籍."""

from __future__ import annotations

from typing import Any

from codes import lookup
from codes.fields import FieldDeclaration
from codes.lookup import Place
from graduates.models import Graduate
from graduates.states import Standing
from quality.actions.runs import Work
from quality.comparing.matching import Matcher
from quality.comparing.workbook import columns_of, lines, origin_fields

_CHUNK = 2000
_HOME = FieldDeclaration("home", "入学户籍", "place", "", required=False)
_FIELDS = origin_fields("exam_no", "id_number", "name") | {"home": _HOME}
_COLUMNS = columns_of(
    _FIELDS, home=("入学前户籍", "户籍所在地", "入学户籍所在地", "入学前户籍所在地")
)


def check(work: Work) -> None:
    _check_codes(work)
    if work.run.file is not None:
        _compare_homes(work)


def _check_codes(work: Work) -> None:
    places, last = lookup.places(), 0
    rows = Graduate.objects.filter(cohort_id__in=work.cohorts, standing=Standing.ENROLLED).order_by(
        "pk"
    )
    while chunk := list(rows.filter(pk__gt=last).values_list("pk", "origin")[:_CHUNK]):
        last = chunk[-1][0]
        work.progress.tell(min(60, 5 + work.counts["checked"] // 10_000), "核对区划代码")
        work.counts["checked"] += len(chunk)
        found = [
            {
                "graduate_id": pk, "matter": code, "subject": code, "sentence": sentence,
                "evidence": {"code": code} | more,
            }
            for pk, code in chunk
            if (wrong := _fault(code, places)) is not None
            for sentence, more in [wrong]
        ]  # fmt: skip
        work.write("place_code", found)


def _fault(code: str, places: dict[str, Place]) -> tuple[str, dict[str, Any]] | None:
    """What is wrong with the code of an origin, as a sentence and facts; None if nothing is."""
    place = places.get(code)
    if place is not None and place.selectable:
        return None
    if place is None:
        return f"生源地代码“{code}”不在行政区划代码表中。", {}
    if place.level < 3 and not place.successor_code:
        return f"生源地“{place.full_name}”没有具体到区县。", {"place": code}
    sentence = f"生源地“{place.full_name}”已不是现行的行政区划"
    after = places.get(place.successor_code)
    if after is None:
        return f"{sentence}。", {"place": code}
    return f"{sentence}，现为“{after.full_name}”。", {"place": code, "successor": after.code}


def _compare_homes(work: Work) -> None:
    matcher = Matcher(work, ("origin",))
    for number, chunk in enumerate(lines(work, _FIELDS, _COLUMNS)):
        work.progress.tell(min(90, 62 + number), "与入学户籍比对")
        found = []
        for line, person in matcher.match(chunk):
            if person is None:
                work.note_bad_row(line.number, "平台上没有此人")
                continue
            home = line.get("home")
            if not home or home == person["origin"]:
                continue
            ours, theirs = lookup.place_name(person["origin"]), lookup.place_name(home)
            found.append({
                "graduate_id": person["pk"], "matter": "", "subject": f"{person['pk']}",
                "sentence": f"生源地为“{ours}”，入学户籍为“{theirs}”。",
                "evidence": {"ours": ours, "theirs": theirs},
            })  # fmt: skip
        work.write("place_differs", found)
