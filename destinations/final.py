"""The four parts of the final confirmation (DOMAIN-AROUND §6): what is shown of each, and its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from destinations import shown
from destinations.catalogue import catalogue
from destinations.final_words import ARCHIVE, CONTACT, DESTINATION, ORIGIN, TITLES
from destinations.models import Destination
from graduates import archive as archive_fields
from graduates import fields as origin_fields
from graduates.models import ArchiveTransfer, Graduate
from graduates.records import json_value, record_of

PROMISE = "以上信息由本人核对，如实确认。是否确认不影响毕业证、学位证和档案办理。"
_ORIGIN_KEYS = [k for k in origin_fields.CONFIRMED_KEYS if k not in origin_fields.CONTACT_KEYS]
_SHOWN_ORIGIN = [k for k in origin_fields.PAGE_KEYS if k in _ORIGIN_KEYS]


@dataclass(frozen=True)
class Part:
    """A part as it is shown: (label, words) of what is filled in, and where the graduate mends it."""

    key: str
    rows: list[tuple[str, str]]
    hash: str
    address: str

    @property
    def title(self) -> str:
        return TITLES[self.key]


def parts_of(d: Destination) -> list[Part]:
    """The four parts of a graduate. The destination's graduate is best read with its relations
    (`graduates.records.RELATED`) and `archive`."""
    graduate = d.graduate
    archive = getattr(graduate, "archive", None)
    return [
        _part_of_record(graduate, ORIGIN, _ORIGIN_KEYS, _SHOWN_ORIGIN, reverse("origin")),
        _part_of_destination(d),
        _part_of_record(
            graduate, CONTACT, origin_fields.CONTACT_KEYS, origin_fields.CONTACT_KEYS,
            reverse("contact"),
        ),
        _part_of_archive(archive),
    ]  # fmt: skip


def hashes_of(parts: list[Part]) -> dict[str, str]:
    return {part.key: part.hash for part in parts}


def digest_of(parts: list[Part]) -> str:
    """One hash over all parts, which the page sends back with the button."""
    return _hash([[part.key, part.hash] for part in parts])


def _hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def _part_of_record(
    graduate: Graduate, key: str, keys: list[str], shown: list[str], address: str
) -> Part:
    record = record_of(graduate, keys)
    words = [
        (origin_fields.BY_KEY[k].label, origin_fields.BY_KEY[k].show(record[k])) for k in shown
    ]
    return Part(
        key, [row for row in words if row[1]], _hash([[k, json_value(record[k])] for k in keys]),
        address,
    )  # fmt: skip


def _part_of_destination(d: Destination) -> Part:
    leaf = catalogue().leaves.get(d.category)
    keys = ["category", "form", *(leaf.shown(d.form) if leaf else ())]
    values: list[list[Any]] = [[k, json_value(getattr(d, k))] for k in keys]
    rows = [("毕业去向", shown.category_label(d))]
    rows += [(label, words) for _, label, words in shown.shown_values(d)]
    return Part(DESTINATION, rows, _hash(values), reverse("destination"))


def _part_of_archive(archive: ArchiveTransfer | None) -> Part:
    values = {k: getattr(archive, k) if archive else "" for k in archive_fields.OWN_KEYS}
    rows = [
        (archive_fields.BY_KEY[k].label, archive_fields.BY_KEY[k].show(value))
        for k, value in values.items()
    ]
    return Part(
        ARCHIVE, [row for row in rows if row[1]], _hash([[k, str(v)] for k, v in values.items()]),
        reverse("archive"),
    )  # fmt: skip
