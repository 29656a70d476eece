"""What the page of a finding shows: its facts in words, its pictures, and its history."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from accounts.models import User
from codes import lookup
from core.masking import mask_id, mask_phone
from core.models import Event
from destinations.models import Evidence
from graduates.models import Graduate
from quality.finding_steps import FINDING
from quality.models import Finding
from quality.rule_book import FACTS
from schools.scope import visible_to

_STEPS = {step.action: step.label for step in FINDING.steps}


def facts_of(finding: Finding) -> list[tuple[str, str]]:
    """(label, words) of each fact, in the order of `FACTS`."""
    evidence = finding.evidence
    return [
        (label, _words(key, evidence[key]))
        for key, label in FACTS.items()
        if evidence.get(key) not in (None, "")
    ]


def _words(key: str, value: Any) -> str:
    text = str(value)
    if key == "contact" and text.isdigit():
        return mask_phone(text)
    if key == "number":
        return mask_id(text)
    if key in ("same_count", "alike_count", "count", "in_class", "class_size", "late", "approved"):
        return f"{text}人"
    if key == "place":
        return lookup.place_name(text)
    if len(text) == 10 and text[4:5] == "-":
        try:
            day = datetime.date.fromisoformat(text)
        except ValueError:
            return text
        return f"{day.year}年{day.month}月{day.day}日"
    return text


@dataclass(frozen=True)
class Picture:
    """A picture of the evidence side by side: its address and whose it is."""

    address: str
    who: str
    link: str
    is_own: bool


def pictures_of(finding: Finding, user: User) -> tuple[list[Picture], int]:
    """The pictures that the finding compares and that the user may see, its own first; and how many
    belong to graduates outside the user's scope."""
    own = finding.evidence.get("own_picture")
    ids = [own, *(pk for pk in finding.evidence.get("pictures", []) if pk != own)]
    ids = [pk for pk in ids if isinstance(pk, int)]
    if not ids:
        return [], 0
    rows = Evidence.objects.filter(pk__in=ids).select_related("graduate")
    found = {row.pk: row for row in rows}
    owners = {row.graduate_id for row in found.values()}
    seen = set(
        visible_to(Graduate.objects.filter(pk__in=owners), user).values_list("pk", flat=True)
    )
    shown = [
        Picture(
            reverse("console:evidence", args=[pk]), str(found[pk].graduate),
            reverse("console:destination", args=[found[pk].graduate_id]), pk == own,
        )
        for pk in ids
        if pk in found and found[pk].graduate_id in seen
    ]  # fmt: skip
    return shown, len(found) - len(shown)


def history_of(finding: Finding) -> list[tuple[Event, str]]:
    """What was done with the finding, newest first, each with the name of the step."""
    events = Event.objects.filter(object_type="finding", object_id=finding.pk).order_by("-id")[:30]
    return [(e, _STEPS.get(e.action.removeprefix("quality."), e.action)) for e in events]
