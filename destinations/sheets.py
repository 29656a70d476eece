"""The 登记表 that two categories ask for: prefilled, to be printed, signed and photographed.

Nothing of it is kept: it shows what is typed at the moment, else what is registered, else lines.
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
_LONGEST = 200  # of what is typed into one line of the table


def title_of(leaf: Leaf) -> str:
    """What the sheet of a category is called; "" where it asks for none."""
    return TITLES.get(leaf.code, "")


def _words(key: str, value: Any) -> str:
    """As the form shows it; what is no value of the field stands as it was typed."""
    return (BY_KEY[key].show(value) or str(value or ""))[:_LONGEST]


def _pairs(lines: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Two to a row of the table; an odd one has an empty neighbour."""
    even = [*lines, ("", "")] if len(lines) % 2 else lines
    return [even[i : i + 2] for i in range(0, len(even), 2)]


def pdf_of(graduate: Graduate, leaf: Leaf, values: Mapping[str, Any]) -> bytes:
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
    asked = [BY_KEY[key] for key in leaf.shown()]
    short, long = (
        [
            (f.label, _words(f.key, values.get(f.key)))
            for f in asked
            if (f.kind == "long") == is_long
        ]
        for is_long in (False, True)
    )
    context = {
        "title": title_of(leaf),
        "graduate": graduate,
        "person": _pairs(person),
        "short": _pairs(short),
        "long": long,
        "by_unit": leaf.code == _EMPLOYED,
    }
    return pdf.render("destinations/sheet_pdf.html", context)
