"""The 登记表 that two categories ask for, as a prefilled PDF to print, sign and photograph.

It is made anew each time from what is typed in the form, or from what is registered; fields without
a value are left empty. It is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes import lookup
from core import pdf
from core.masking import mask_id
from destinations.catalogue import Leaf
from destinations.fields import BY_KEY
from graduates.models import Graduate

_EMPLOYED, _FREE = "12", "76"
TITLES = {_EMPLOYED: "其他录用证明登记表", _FREE: "自由职业登记表"}
_LONGEST = 200  # characters of one value, so that a typed text can't fill pages


def sheet_title(leaf: Leaf) -> str:
    """The title of a category's sheet; "" if the category asks for none."""
    return TITLES.get(leaf.code, "")


def _words_for(key: str, value: object) -> str:
    """The words for a value of the field `key`, or the text that was typed if it is no such value."""
    return (BY_KEY[key].show(value) or str(value or ""))[:_LONGEST]


def _in_pairs(entries: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """(label, words) of two fields for each row of the table; the last may have an empty second."""
    even = [*entries, ("", "")] if len(entries) % 2 else entries
    return [even[i : i + 2] for i in range(0, len(even), 2)]


def make_pdf(graduate: Graduate, leaf: Leaf, values: Mapping[str, Any]) -> bytes:
    """The sheet of `leaf` for a graduate, filled in with `values` by field, typed or stored."""
    person = [
        ("姓名", graduate.name),
        ("性别", lookup.name("gender", graduate.gender)),
        ("学号", graduate.student_no),
        ("证件号码", mask_id(graduate.person.id_number)),
        ("院系", graduate.department.name),
        ("班级", graduate.school_class.name),
        ("学历", lookup.name("education_level", graduate.level)),
        ("专业", graduate.major_name),
        ("手机号码", graduate.mobile),
        ("毕业日期", f"{graduate.graduates_on:%Y-%m-%d}"),
    ]
    asked = [leaf.declared(key) for key in leaf.shown()]
    short, long = (
        [
            (f.label, _words_for(f.key, values.get(f.key)))
            for f in asked
            if (f.kind == "long") == is_long
        ]
        for is_long in (False, True)
    )
    context = {
        "title": sheet_title(leaf),
        "graduate": graduate,
        "person": _in_pairs(person),
        "short": _in_pairs(short),
        "long": long,
        "by_unit": leaf.code == _EMPLOYED,
    }
    return pdf.render("destinations/sheet_pdf.html", context)
