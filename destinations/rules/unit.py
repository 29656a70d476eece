"""Rules between unit, its code, its property and the category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes.findings import Finding
from destinations.catalogue import Leaf

# First two characters of a 统一社会信用代码 → fitting 单位性质. Only ever a warning.
_CLASS_PROPERTY = {
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


def check(leaf: Leaf, form: str, values: Mapping[str, Any]) -> list[Finding]:
    code, unit_property = values["unit_code"], values["unit_property"]
    issues = []
    fitting = _CLASS_PROPERTY.get(code[:2]) if len(code) == 18 else None
    if fitting and unit_property and unit_property not in fitting:
        issues.append(
            Finding(
                "unit_property_code",
                "单位性质与统一社会信用代码的机构类别不符，请核对",
                is_error=False,
                field="unit_property",
            )
        )
    if leaf.code == "753" and len(code) == 18 and not code.startswith("92"):
        issues.append(
            Finding(
                "unit_code_sole",
                "个体工商户的代码以92开头，请核对",
                is_error=False,
                field="unit_code",
            )
        )
    if unit_property == "40" and not (leaf.code == "46" or form == "military"):
        issues.append(
            Finding(
                "unit_property_military",
                "单位性质为部队时，去向应为应征入伍或军士文职，请核对",
                is_error=False,
                field="unit_property",
            )
        )
    if values["job_category"] == "80" and unit_property not in ("", "40"):
        issues.append(
            Finding(
                "job_military",
                "职位类别为军人时，单位性质应为部队，请核对",
                is_error=False,
                field="job_category",
            )
        )
    if values["job_category"] == "10" and unit_property not in ("", "10"):
        issues.append(
            Finding(
                "job_official",
                "职位类别为公务员时，单位性质应为机关，请核对",
                is_error=False,
                field="job_category",
            )
        )
    if values["unit_industry"] == "80" and unit_property not in ("", "40"):
        issues.append(
            Finding(
                "industry_military",
                "行业为军队时，单位性质应为部队，请核对",
                is_error=False,
                field="unit_industry",
            )
        )
    return issues
