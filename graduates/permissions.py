"""Which fields of a record a user may edit. The page and the action ask the same functions."""

from __future__ import annotations

from django.utils import timezone

from accounts.models import Realm, User
from core.errors import Refused
from graduates.fields import ALL, BY_KEY, OriginField
from graduates.models import Graduate
from graduates.states import Confirmation, Standing
from schools.models import Cohort, FieldPermission, Phase
from schools.roles import Level
from schools.scope import staff_of

_COLUMN = {Level.CLASS: "counsellor", Level.DEPARTMENT: "department_admin"}
_POSITION = {"graduate": 0, "counsellor": 1, "department_admin": 2}


def phase_for(graduate: Graduate, cohort: Cohort | None = None) -> str:
    """The phase of the graduate's cohort. A record that the province reopened is open until its date."""
    phase, reopened = (cohort or graduate.cohort).phase(), graduate.reopened_until
    if phase == Phase.ENDED and reopened is not None and timezone.localdate() <= reopened:
        return Phase.OPEN
    return phase


def refuse_sealed(cohort: Cohort) -> None:
    """Raise `Refused` if the cohort is sealed: nobody may change its records."""
    if cohort.phase() == Phase.SEALED:
        raise Refused("cohort_sealed", f"{cohort}已封存，不能修改。")


def permitted_keys(cohort: Cohort, column: str) -> set[str]:
    """The keys of the fields that graduates, counsellors or department admins (`column`: graduate,
    counsellor, department_admin) may edit in a cohort."""
    rows = FieldPermission.objects.filter(cohort=cohort)
    chosen = {row.field: getattr(row, column) for row in rows}
    position = _POSITION[column]
    return {f.key for f in ALL if chosen.get(f.key, f.editable[position]) and f.key != "year"}


def editable_keys(graduate: Graduate, user: User) -> set[str]:
    """The keys of the fields that the user may edit now."""
    if user.realm == Realm.GRADUATE:
        return _editable_by_graduate(graduate)
    staff = staff_of(user)
    if staff is None or not user.has_perm("graduates.edit"):
        return set()
    if graduate.cohort.phase() == Phase.SEALED:
        return set()
    if staff.role_level == Level.SCHOOL:
        return {f.key for f in ALL} - {"year"}
    if graduate.confirmation == Confirmation.LOCKED:
        return set()
    return permitted_keys(graduate.cohort, _COLUMN[staff.role_level])


def _editable_by_graduate(graduate: Graduate) -> set[str]:
    if graduate.confirmation == Confirmation.LOCKED or graduate.standing != Standing.ENROLLED:
        return set()
    if phase_for(graduate) not in (Phase.OPEN, Phase.PREPARING):
        return set()
    return permitted_keys(graduate.cohort, "graduate")


def why_grey(field: OriginField, graduate: Graduate, user: User) -> str:
    """The sentence beside a field that can't be edited."""
    if field.key == "year" and user.realm == Realm.STAFF:
        return "换届请由学校系统管理员办理延期"
    if phase_for(graduate) in (Phase.ENDED, Phase.SEALED):
        return f"{graduate.cohort}已{graduate.cohort.phase_label}"
    if graduate.confirmation == Confirmation.LOCKED:
        return "已锁定，如有错误请提交信息反馈"
    if BY_KEY[field.key].registry:
        return "来自学籍，须与学籍一致"
    return "学校设置为不可修改"
