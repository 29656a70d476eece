"""The fields of the archive transfer (档案转寄), declared once, and how they are read (DOMAIN §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes.fields import FieldDeclaration
from codes.findings import Finding

RECEIVER, SENT = "接收单位", "寄出"
F = FieldDeclaration
ALL: tuple[FieldDeclaration, ...] = (
    F("transfer_type", "档案转递类型", "code", RECEIVER, "archive_transfer_type",
      hint="待就业一般转回生源地；签约单位有档案管理权的可由单位接收"),
    F("unit_name", "档案转寄单位名称", "text", RECEIVER, required=False, max_length=100),
    F("unit_code", "档案转寄单位编码", "text", RECEIVER, required=False, max_length=18),
    F("contact", "档案接收联系人", "text", RECEIVER, required=False, max_length=40),
    F("phone", "档案接收联系电话", "phone", RECEIVER, required=False, max_length=30),
    F("address", "档案转寄单位地址", "text", RECEIVER, required=False, max_length=120),
    F("postcode", "档案转寄单位邮编", "postcode", RECEIVER, required=False, max_length=6),
    F("household_type", "户口迁移类型", "code", RECEIVER, "hukou_migration_type", required=False),
    F("household_address", "户口迁转地址", "text", RECEIVER, required=False, max_length=120),
    F("tracking_no", "机要/EMS单号", "text", SENT, required=False, max_length=30),
    F("sent_on", "寄出日期", "date", SENT, required=False),
)  # fmt: skip
BY_KEY = {f.key: f for f in ALL}
KEYS = tuple(BY_KEY)
OWN_KEYS = tuple(f.key for f in ALL if f.group == RECEIVER)
SENT_KEYS = tuple(f.key for f in ALL if f.group == SENT)
# With these types the archive goes to a unit, whose name, contact, phone and address are required.
NEEDS_UNIT = frozenset({"origin", "employer", "agency", "study_other"})
_RECEIVER_KEYS = ("unit_name", "contact", "phone", "address")


def read_fields(
    typed: Mapping[str, Any], keys: tuple[str, ...]
) -> tuple[dict[str, Any], list[Finding]]:
    """The values of the fields `keys`, and the errors. A refused value is replaced by the empty one."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for key in keys:
        field = BY_KEY[key]
        reading = field.read(typed.get(key), required=False)
        values[key] = field.empty if reading.value is None else reading.value
        if not reading.ok:
            findings += [f for f in reading.findings if f.is_error]
        elif field.required and not values[key]:
            findings.append(Finding("empty", f"请选择{field.label}", field=key))
    if values.get("transfer_type") in NEEDS_UNIT:
        findings += [
            Finding("empty", f"{BY_KEY[key].label}不能为空", field=key)
            for key in _RECEIVER_KEYS
            if key in values and not values[key]
        ]
    return values, findings
