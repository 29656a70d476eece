"""How a school's employment office is reached: fields that the school fills in once and that every
agreement prints in its block 培养学校."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes.fields import FieldDeclaration
from core.errors import Invalid
from schools.models import School

_CONTACT = "协议书上的学校联系方式"
CONTACT = (
    FieldDeclaration(
        "contact_department", "联系部门", "text", _CONTACT, max_length=40,
        hint="如毕业生就业指导中心。",
    ),
    FieldDeclaration("contact_name", "联系人", "text", _CONTACT, max_length=40),
    FieldDeclaration(
        "phone", "就业部门电话", "phone", _CONTACT, max_length=30,
        hint="毕业生登录遇到问题时也看到这个电话。",
    ),
    FieldDeclaration(
        "address", "通讯地址", "text", _CONTACT, max_length=120, hint="写到门牌号，邮寄协议书用。"
    ),
    FieldDeclaration("postcode", "邮政编码", "postcode", _CONTACT),
)  # fmt: skip


def read_contact(typed: Mapping[str, Any]) -> dict[str, str]:
    """The values to store of the fields in `typed`; an empty one is stored empty. Raises `Invalid`."""
    values, errors = {}, {}
    for declared in CONTACT:
        if declared.key in typed:
            values[declared.key], findings = declared.read(typed[declared.key], required=False)
            if wrong := [f"{f.message}。" for f in findings if f.is_error]:
                errors[declared.key] = wrong
    if errors:
        raise Invalid(errors)
    return values


def missing_contact(school: School) -> list[str]:
    """The labels of the fields that the school has not filled in yet."""
    return [declared.label for declared in CONTACT if not getattr(school, declared.key)]
