"""Departments (院系) and their classes (班级)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import ProtectedError

from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from schools import hooks
from schools.actions.base import locked_school, require, required_text, set_values
from schools.models import Cohort, Department, School, SchoolClass


def add(*, school: School, name: str, by: User) -> Department:
    require(by, "schools.set_up", school.pk)
    name = required_text(name, "name", "院系名称", 50)
    with transaction.atomic():
        locked_school(school.pk)
        _refuse_same_department(school.pk, name)
        made = Department.objects.create(school=school, name=name)
        audit.record("schools.department_add", by=by, obj=made)
    return made


def rename(*, department_id: int, name: str, by: User) -> Department:
    name = required_text(name, "name", "院系名称", 50)
    with transaction.atomic():
        department = _locked_department(department_id, by)
        if name != department.name:
            _refuse_same_department(department.school_id, name)
            changes = set_values(department, {"name": name})
            department.save(update_fields=["name"])
            audit.record(
                "schools.department_rename", by=by, obj=department, data={"changes": changes}
            )
    return department


def set_active(*, department_id: int, active: bool, by: User) -> Department:
    with transaction.atomic():
        department = _locked_department(department_id, by)
        if set_values(department, {"is_active": active}):
            department.save(update_fields=["is_active"])
            action = "activate" if active else "deactivate"
            audit.record(f"schools.department_{action}", by=by, obj=department)
    return department


def delete(*, department_id: int, by: User) -> None:
    """Delete a department that never had a class. Others can only be deactivated."""
    with transaction.atomic():
        department = _locked_department(department_id, by)
        if department.classes.exists():
            raise Refused("in_use", f"{department.name}已有班级，不能删除，可以停用。")
        audit.record("schools.department_delete", by=by, obj=department)
        _delete(department, "院系")


def add_class(*, department_id: int, cohort_id: int | None, name: str, by: User) -> SchoolClass:
    name = required_text(name, "name", "班级名称", 50)
    with transaction.atomic():
        department = _locked_department(department_id, by)
        cohort = Cohort.objects.filter(school_id=department.school_id, pk=cohort_id or 0).first()
        if cohort is None:
            raise Invalid({"cohort": ["请选择届别。"]})
        _refuse_same_class(cohort.pk, department.pk, name)
        made = SchoolClass.objects.create(
            school_id=department.school_id, cohort=cohort, department=department, name=name
        )
        data = {"cohort": cohort.year, "department": department.name}
        audit.record("schools.class_add", by=by, obj=made, data=data)
    return made


def rename_class(*, class_id: int, name: str, by: User) -> SchoolClass:
    name = required_text(name, "name", "班级名称", 50)
    with transaction.atomic():
        school_class = _locked_class(class_id, by)
        if name != school_class.name:
            _refuse_same_class(school_class.cohort_id, school_class.department_id, name)
            changes = set_values(school_class, {"name": name})
            school_class.save(update_fields=["name"])
            audit.record("schools.class_rename", by=by, obj=school_class, data={"changes": changes})
    return school_class


def delete_class(*, class_id: int, by: User) -> None:
    """Delete an empty class. The hook `class_guards` asks higher apps whether it is empty."""
    with transaction.atomic():
        school_class = _locked_class(class_id, by)
        hooks.class_guards.run(school_class=school_class)
        audit.record("schools.class_delete", by=by, obj=school_class)
        _delete(school_class, "班级")


def _delete(row: Department | SchoolClass, word: str) -> None:
    try:
        row.delete()
    except ProtectedError:
        raise Refused("in_use", f"{word}“{row.name}”中还有毕业生，不能删除。") from None


def _locked_department(department_id: int, by: User) -> Department:
    department = Department.objects.select_for_update(no_key=True).get(pk=department_id)
    require(by, "schools.set_up", department.school_id)
    locked_school(department.school_id)
    return department


def _locked_class(class_id: int, by: User) -> SchoolClass:
    school_class = SchoolClass.objects.select_for_update().get(pk=class_id)
    require(by, "schools.set_up", school_class.school_id)
    locked_school(school_class.school_id)
    return school_class


def _refuse_same_department(school_id: int, name: str) -> None:
    if Department.objects.filter(school_id=school_id, name=name).exists():
        raise Invalid({"name": [f"已有院系“{name}”。"]}, code="duplicate")


def _refuse_same_class(cohort_id: int, department_id: int, name: str) -> None:
    rows = SchoolClass.objects.filter(cohort_id=cohort_id, department_id=department_id, name=name)
    if rows.exists():
        raise Invalid({"name": [f"本届本院系已有班级“{name}”。"]}, code="duplicate")
