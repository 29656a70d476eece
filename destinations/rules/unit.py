"""Rules between a unit's code, its property (单位性质), its industry, the job and the category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes.findings import Finding
from destinations.catalogue import Leaf

# The first two characters of a 统一社会信用代码 (GB 32100-2015: who registered the unit, and what it
# is) → the 单位性质 that fit. Another one is only warned of.
_FITTING_PROPERTIES = {
    "11": ("10",),
    "12": ("20", "21", "22", "23", "29"),
    "91": ("31", "32", "39"),
    "92": ("33",),
    "93": ("39",),
    "51": ("99",),
    "52": ("99",),
    "53": ("99",),
    "54": ("55", "56"),
    "55": ("55", "56"),
}


# Values that fit only one 单位性质: (field, value, property, code of the finding, sentence).
_ONLY_WITH_PROPERTY = (
    ("job_category", "80", "40", "job_military", "职位类别为军人时，单位性质应为部队，请核对"),
    ("job_category", "10", "10", "job_official", "职位类别为公务员时，单位性质应为机关，请核对"),
    ("unit_industry", "80", "40", "industry_military", "行业为军队时，单位性质应为部队，请核对"),
)
_MILITARY = "40"


def check(leaf: Leaf, form: str, values: Mapping[str, Any]) -> list[Finding]:
    """Warnings where two of the values hardly go together."""
    code, unit_property = values["unit_code"], values["unit_property"]
    warnings = []
    fitting = _FITTING_PROPERTIES.get(code[:2]) if len(code) == 18 else None
    if fitting and unit_property and unit_property not in fitting:
        message = "单位性质与统一社会信用代码的机构类别不符，请核对"
        warnings.append(_warning("unit_property_code", message, "unit_property"))
    if leaf.code == "753" and len(code) == 18 and not code.startswith("92"):
        message = "个体工商户的代码以92开头，请核对"
        warnings.append(_warning("unit_code_sole", message, "unit_code"))
    if unit_property == _MILITARY and not (leaf.code == "46" or form == "military"):
        message = "单位性质为部队时，去向应为应征入伍或军士文职，请核对"
        warnings.append(_warning("unit_property_military", message, "unit_property"))
    for field, value, needed, finding, message in _ONLY_WITH_PROPERTY:
        if values[field] == value and unit_property not in ("", needed):
            warnings.append(_warning(finding, message, field))
    return warnings


def _warning(code: str, message: str, field: str) -> Finding:
    return Finding(code, message, is_error=False, field=field)
