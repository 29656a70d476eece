"""字段权限: who may edit which field of the origin records of a cohort."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import Refused
from graduates.fields import ALL
from schools.actions.base import locked_school, require
from schools.models import Cohort, FieldPermission, Phase

# Whether graduate, counsellor and department admin may edit a field.
EditRights = tuple[bool, bool, bool]
COLUMNS = ("graduate", "counsellor", "department_admin")
SETTABLE = tuple(f for f in ALL if f.key != "year")  # the year changes only by 延期


def current_rights(cohort: Cohort) -> dict[str, EditRights]:
    """The rights in force by field key: those the school has chosen, else the defaults."""
    rows = FieldPermission.objects.filter(cohort=cohort)
    chosen = {r.field: (r.graduate, r.counsellor, r.department_admin) for r in rows}
    return {f.key: chosen.get(f.key, f.editable) for f in SETTABLE}


def set_permissions(*, cohort_id: int, rights: Mapping[str, EditRights], by: User) -> int:
    """Set the rights to edit fields. Only those that differ from the default are stored. Returns
    how many fields changed."""
    with transaction.atomic():
        cohort = Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)
        require(by, "schools.set_up", cohort.school_id)
        locked_school(cohort.school_id)
        if cohort.phase() == Phase.SEALED:
            raise Refused("cohort_sealed", f"{cohort}已封存，不能修改。")
        before = current_rights(cohort)
        changed = {
            f: rights[f.key] for f in SETTABLE if f.key in rights and rights[f.key] != before[f.key]
        }
        for field, chosen in changed.items():
            rows = FieldPermission.objects.filter(cohort=cohort, field=field.key)
            if chosen == field.editable:
                rows.delete()
            else:
                FieldPermission.objects.update_or_create(
                    cohort=cohort,
                    field=field.key,
                    defaults=dict(zip(COLUMNS, chosen, strict=True)),
                )
        if changed:
            changes = {f.key: [list(before[f.key]), list(c)] for f, c in changed.items()}
            audit.record(
                "graduates.field_permissions", by=by, obj=cohort, data={"changes": changes}
            )
    return len(changed)
