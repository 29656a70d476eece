"""The school's dictionary of majors. Graduates hold copies, so a major is never deleted."""

from __future__ import annotations

import re

from django.db import transaction

from accounts.models import User
from codes import text
from core import audit
from core.errors import Invalid
from schools.actions.base import locked_school, require, required_text, set_values
from schools.models import Major, School


def add(*, school: School, code: str, name: str, by: User) -> Major:
    require(by, "schools.set_up", school.pk)
    code, name = _read(code, name)
    with transaction.atomic():
        locked_school(school.pk)
        _refuse_same(school.pk, code, name)
        made = Major.objects.create(school=school, code=code, name=name)
        audit.record("schools.major_add", by=by, obj=made)
    return made


def edit(*, major_id: int, code: str, name: str, by: User) -> Major:
    code, name = _read(code, name)
    with transaction.atomic():
        major = _locked(major_id, by)
        changes = set_values(major, {"code": code, "name": name})
        if changes:
            _refuse_same(major.school_id, code, name)
            major.save(update_fields=list(changes))
            audit.record("schools.major_edit", by=by, obj=major, data={"changes": changes})
    return major


def set_active(*, major_id: int, active: bool, by: User) -> Major:
    with transaction.atomic():
        major = _locked(major_id, by)
        if set_values(major, {"is_active": active}):
            major.save(update_fields=["is_active"])
            action = "activate" if active else "deactivate"
            audit.record(f"schools.major_{action}", by=by, obj=major)
    return major


def _read(code: str, name: str) -> tuple[str, str]:
    code = text.clean_code(code)
    if not re.fullmatch(r"[0-9A-Z]{4,10}", code):
        raise Invalid({"code": ["专业代码为4至10位数字或字母，如 080901、120203K。"]})
    return code, required_text(name, "name", "专业名称", 50)


def _locked(major_id: int, by: User) -> Major:
    major = Major.objects.select_for_update(no_key=True).get(pk=major_id)
    require(by, "schools.set_up", major.school_id)
    locked_school(major.school_id)
    return major


def _refuse_same(school_id: int, code: str, name: str) -> None:
    if Major.objects.filter(school_id=school_id, code=code, name=name).exists():
        raise Invalid({"name": [f"已有专业“{code} {name}”。"]}, code="duplicate")
