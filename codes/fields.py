"""The declaration of a field, once for every form, import, export and history of the platform."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from codes import lookup, readers
from codes.readers import FORM, Reading, Source

_YES_NO = (("是", "是"), ("否", "否"))


@dataclass(frozen=True)
class FieldDeclaration:
    """One field. Its `kind` (one of `codes.readers.KINDS`) decides how it is read and shown, and which
    input a form has for it.

    `group` is the heading above it in forms, `table` the code table of the kind "code", and
    `max_length` the greatest number of characters (0 for no limit).
    """

    key: str
    label: str
    kind: str
    group: str
    table: str = ""
    required: bool = True
    max_length: int = 0
    hint: str = ""

    @property
    def empty(self) -> Any:
        """What is stored where nothing was written."""
        return readers.empty_of(self.kind)

    def choices(self) -> Sequence[tuple[str, str]] | None:
        """What a form offers to choose from as (value, label), or None if the value is typed."""
        if self.kind == "code":
            return lookup.table(self.table).choices()
        return _YES_NO if self.kind == "bool" else None

    def read(self, raw: Any, *, source: Source = FORM, required: bool | None = None) -> Reading:
        """Read `raw` by `codes.readers.read`; the findings name this field. `required` replaces that of
        the declaration where it depends on other fields."""
        reading = readers.read(
            self.kind,
            raw,
            label=self.label,
            table=self.table,
            max_length=self.max_length,
            required=self.required if required is None else required,
            source=source,
        )
        if not reading.findings:
            return Reading(self.empty, []) if reading.value in (None, "") else reading
        found = [replace(f, field=self.key) for f in reading.findings]
        is_empty = reading.value == "" and reading.ok
        return Reading(self.empty if is_empty else reading.value, found)

    def show(self, value: Any) -> str:
        """The words for a stored value."""
        if value is None or value == "":
            return ""
        if self.kind == "code":
            return lookup.name(self.table, value)
        if self.kind == "place":
            return lookup.place_name(value)
        if self.kind == "areas":
            return "、".join(lookup.place_name(code) for code in value)
        if self.kind == "bool":
            return "是" if value else "否"
        if self.kind == "month" and isinstance(value, datetime.date):
            return f"{value:%Y-%m}"
        if isinstance(value, float):
            return f"{value:g}"
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return str(value)


def choices_by_label(fields: Iterable[FieldDeclaration]) -> dict[str, list[str]]:
    """The words that a workbook offers to choose from, by label, of the fields that have any."""
    return {f.label: [word for _, word in pairs] for f in fields if (pairs := f.choices())}
