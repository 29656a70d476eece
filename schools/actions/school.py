"""Settings of a school, made by its own admin or by the province."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import text, validators
from core import audit
from core.errors import Invalid, Refused
from schools.actions.base import locked_school, require, required_text, set_values
from schools.fields import read_contact
from schools.models import School


def edit_settings(
    *, school_id: int, contact: Mapping[str, Any], two_person_review: bool, by: User
) -> School:
    """Change the settings that the school's own admin makes. `contact` has fields of
    `schools.fields.CONTACT` by key. Raises `Invalid`."""
    require(by, "schools.set_up", school_id)
    values = read_contact(contact) | {"two_person_review": two_person_review}
    with transaction.atomic():
        return _save(locked_school(school_id), values, by)


def add(*, code: str, name: str, phone: str, by: User) -> School:
    require(by, "province.schools", None)
    code = text.clean_code(code)
    if not re.fullmatch(r"[0-9]{5}", code):
        raise Invalid({"code": ["院校代码为5位数字。"]})
    name = required_text(name, "name", "院校名称", 60)
    with transaction.atomic():
        taken = School.objects.filter(code=code).first()
        if taken is not None:
            raise Invalid({"code": [f"此代码已属于{taken.name}。"]}, code="duplicate")
        if School.objects.filter(name=name).exists():
            raise Invalid({"name": ["已有同名学校。"]}, code="duplicate")
        made = School.objects.create(code=code, name=name, phone=_phone(phone))
        audit.record("schools.school_add", by=by, obj=made, school_id=made.pk)
    return made


def edit(*, school_id: int, brand_name: str, phone: str, by: User) -> School:
    """Change what the province sets: the name shown on the platform and the phone number."""
    require(by, "province.schools", school_id)
    brand_name = text.clean(brand_name)
    if len(brand_name) > 60:
        raise Invalid({"brand_name": ["平台显示名称不能超过60个字。"]})
    with transaction.atomic():
        school = School.objects.select_for_update(no_key=True).get(pk=school_id)
        return _save(school, {"brand_name": brand_name, "phone": _phone(phone)}, by)


def close(*, school_id: int, by: User) -> School:
    """Close a school: none of its people can sign in. Its records are kept."""
    return _turn(school_id, is_open=False, by=by)


def reopen(*, school_id: int, by: User) -> School:
    return _turn(school_id, is_open=True, by=by)


def _turn(school_id: int, *, is_open: bool, by: User) -> School:
    require(by, "province.schools", school_id)
    with transaction.atomic():
        school = School.objects.select_for_update(no_key=True).get(pk=school_id)
        if school.is_open == is_open:
            raise Refused("state", "学校已经启用。" if is_open else "学校已经停用。")
        school.is_open, school.closed_at = is_open, None if is_open else timezone.now()
        school.save(update_fields=["is_open", "closed_at"])
        action = "schools.school_reopen" if is_open else "schools.school_close"
        audit.record(action, by=by, obj=school, school_id=school.pk)
    return school


def _save(school: School, values: Mapping[str, object], by: User) -> School:
    changes = set_values(school, values)
    if changes:
        school.save(update_fields=list(changes))
        audit.record(
            "schools.school_edit", by=by, obj=school, school_id=school.pk,
            data={"changes": changes},
        )  # fmt: skip
    return school


def _phone(typed: str) -> str:
    phone = text.clean(typed)
    bad = [f.message for f in validators.check_phone(phone) if f.is_error] if phone else []
    if bad or len(phone) > 30:
        raise Invalid({"phone": bad or ["电话不能超过30个字符。"]})
    return phone
