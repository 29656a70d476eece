"""Staff accounts and their scopes.

School admins manage the accounts of their own school, the province those of school admins.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import inbox, second_factor
from accounts.models import Realm, User
from codes import lookup, text, validators
from core import audit
from core.clock import database_now
from core.errors import Invalid, NotPermitted, Refused
from schools.actions.base import locked_school, require, set_values
from schools.models import Cohort, Department, School, SchoolClass, StaffMember
from schools.roles import LEVELS, Level, roles_at
from schools.scope import staff_of

_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # without i, l and o, which look like digits
_DIGITS = "23456789"
# A one-time password that nobody used by then serves no more; the admin hands out another one.
ONE_TIME_PASSWORD_LIFETIME = timedelta(days=7)
SCHOOL_ROLES = roles_at(Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,29}")


@dataclass(frozen=True)
class Issued:
    """An account and its one-time password, which is shown once and must be changed."""

    staff: StaffMember
    password: str


def one_time_password() -> str:
    """Three groups of letters and digits, about 46 bits: abcd-2345-efgh."""
    groups = [_LETTERS, _DIGITS, _LETTERS]
    return "-".join("".join(secrets.choice(g) for _ in range(4)) for g in groups)


def add(*, school: School, login: str, name: str, mobile: str, role: str, by: User) -> Issued:
    _require(by, school.pk, role)
    login = text.clean(login)
    values, errors = _person(name, mobile)
    if role not in SCHOOL_ROLES:
        errors["role"] = ["请选择角色。"]
    if not _LOGIN.fullmatch(login):
        errors["login"] = ["用户名为3至30位字母、数字、点、横线，以字母或数字开头。"]
    elif User.objects.filter(realm=Realm.STAFF, login=login).exists():
        errors["login"] = [f"用户名“{login}”已被使用，请换一个。"]
    if errors:
        raise Invalid(errors)
    password = one_time_password()
    with transaction.atomic():
        locked_school(school.pk)
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    Realm.STAFF, login, password, must_change_password=True,
                    password_expires_at=database_now() + ONE_TIME_PASSWORD_LIFETIME, **values
                )  # fmt: skip
        except IntegrityError:
            raise Invalid({"login": [f"用户名“{login}”已被使用，请换一个。"]}) from None
        staff = StaffMember.objects.create(user=user, role=role, school=school)
        audit.record("schools.staff_add", by=by, obj=staff, data={"login": login, "role": role})
    return Issued(staff, password)


def edit(*, staff_id: int, name: str, mobile: str, by: User) -> StaffMember:
    values, errors = _person(name, mobile)
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        staff = _locked(staff_id, by)
        changes = set_values(staff.user, values)
        if changes:
            staff.user.save(update_fields=list(changes))
            # Phone numbers are not written to the audit trail.
            data = {"changes": {k: v for k, v in changes.items() if k != "mobile"}}
            if "mobile" in changes:
                data["changes"]["mobile"] = [f"…{str(v)[-4:]}" for v in changes["mobile"]]
            audit.record("schools.staff_edit", by=by, obj=staff, data=data)
    return staff


def set_scope(
    *,
    staff_id: int,
    cohorts: Collection[int],
    levels: Collection[str],
    departments: Collection[int],
    classes: Collection[int],
    by: User,
) -> StaffMember:
    """Set the scope: cohorts × education levels × (departments ∪ classes). It applies from the next
    request on."""
    with transaction.atomic():
        staff = _locked(staff_id, by)
        if staff.role_level == Level.SCHOOL:
            raise Refused("whole_school", "学校系统管理员管理全校，不需要分配管理范围。")
        before = scope_words(staff)
        of_school = {"school_id": staff.school_id}
        found_cohorts = list(Cohort.objects.filter(pk__in=cohorts, **of_school))
        found_departments = list(Department.objects.filter(pk__in=departments, **of_school))
        found_classes = list(SchoolClass.objects.filter(pk__in=classes, **of_school))
        _check_scope(
            (len(found_cohorts), len(found_departments), len(found_classes)),
            (len(set(cohorts)), len(set(departments)), len(set(classes))),
            levels,
        )
        _check_class_cohorts(found_cohorts, found_classes)
        staff.cohorts.set(found_cohorts)
        staff.departments.set(found_departments)
        staff.classes.set(found_classes)
        staff.levels = [g for g in lookup.level_groups() if g in set(levels)]
        staff.save(update_fields=["levels"])
        after = scope_words(staff)
        changes = {k: [before[k], after[k]] for k in after if before[k] != after[k]}
        if changes:
            audit.record("schools.staff_scope", by=by, obj=staff, data={"changes": changes})
    return staff


def scope_words(staff: StaffMember) -> dict[str, list[str]]:
    """The scope as names, for the audit trail, which must be readable after a class was deleted."""
    classes = staff.classes.select_related("cohort").order_by("cohort__year", "name")
    return {
        "cohorts": [str(c) for c in staff.cohorts.all()],
        "levels": list(staff.levels),
        "departments": [d.name for d in staff.departments.all()],
        "classes": [f"{c.cohort} {c.name}" for c in classes],
    }


def _check_scope(
    found: tuple[int, int, int], wanted: tuple[int, int, int], levels: Collection[str]
) -> None:
    if found != wanted or not set(levels) <= set(lookup.level_groups()):
        raise Invalid({"scope": ["所选的届别、院系或班级不属于本校，请刷新后重选。"]})


def _check_class_cohorts(cohorts: list[Cohort], classes: list[SchoolClass]) -> None:
    """Refuse classes whose cohort is not in the scope: they would silently show nobody."""
    missing = {c.cohort_id for c in classes} - {c.pk for c in cohorts}
    if missing:
        years = Cohort.objects.filter(pk__in=missing).order_by("year")
        names = "、".join(str(c) for c in years)
        raise Invalid({"cohorts": [f"所选班级属于{names}，请同时勾选该届别，或取消这些班级。"]})


def set_role(*, staff_id: int, role: str, by: User) -> StaffMember:
    """Change the role, from the next request on. The scope is kept: a school admin does not need
    it, but has it again when they become counsellor or department admin."""
    with transaction.atomic():
        staff = _locked(staff_id, by)
        require(by, "schools.staff", staff.school_id)  # the province cannot change roles
        if role not in SCHOOL_ROLES:
            raise Invalid({"role": ["请选择角色。"]})
        if role == staff.role:
            raise Refused("state", f"{staff.user.label}已经是{staff.get_role_display()}。")
        refuse_role_change(staff, by)
        changes = set_values(staff, {"role": role})
        staff.save(update_fields=["role"])
        audit.record("schools.staff_role", by=by, obj=staff, data={"changes": changes})
    return staff


def refuse_role_change(staff: StaffMember, by: User) -> None:
    """Raise `Refused` for one's own role and for the school's last admin. The page asks this, too."""
    if staff.pk == by.pk:
        raise Refused("self", "不能修改自己的角色，请由另一位管理员操作。")
    if _is_last_admin(staff):
        raise Refused("last_admin", "这是学校唯一启用的系统管理员，请先新增另一位。")


def set_active(*, staff_id: int, active: bool, by: User) -> StaffMember:
    """Deactivate or activate an account. A deactivated one is signed out at once; the school's last
    admin cannot be deactivated."""
    with transaction.atomic():
        staff = _locked(staff_id, by)
        if staff.user.is_active == active:
            raise Refused("state", "帐号已经启用。" if active else "帐号已经停用。")
        if not active:
            _refuse_last_admin(staff, by)
            staff.user.session_epoch += 1
        staff.user.is_active = active
        staff.user.save(update_fields=["is_active", "session_epoch"])
        action = "activate" if active else "deactivate"
        audit.record(f"schools.staff_{action}", by=by, obj=staff)
    return staff


def _refuse_last_admin(staff: StaffMember, by: User) -> None:
    if staff.pk == by.pk:
        raise Refused("self", "不能停用自己的帐号，请由另一位管理员操作。")
    if _is_last_admin(staff):
        raise Refused("last_admin", "这是学校唯一启用的系统管理员，不能停用；请先新增另一位。")


def _is_last_admin(staff: StaffMember) -> bool:
    if staff.role_level != Level.SCHOOL or not staff.user.is_active:
        return False
    others = StaffMember.objects.filter(
        school_id=staff.own_school, role__in=roles_at(Level.SCHOOL), user__is_active=True
    ).exclude(pk=staff.pk)
    return not others.exists()


def reset_password(*, staff_id: int, by: User) -> Issued:
    """Give the account a new one-time password and end all its sessions."""
    with transaction.atomic():
        staff = _locked(staff_id, by)
        if staff.pk == by.pk:
            raise Refused("self", "修改自己的密码请点右上角的“修改密码”。")
        password = _give_one_time_password(staff.user)
        audit.record("schools.staff_reset_password", by=by, obj=staff)
    return Issued(staff, password)


def remove_second_factor(*, staff_id: int, by: User) -> Issued:
    """Take the second factor off a colleague's account, whose phone is lost. The colleague gets a new
    one-time password, because the old one alone would open the account, and is told."""
    with transaction.atomic():
        staff = _locked(staff_id, by)
        if staff.pk == by.pk:
            raise Refused(
                "self", "不能在此解除自己的两步验证，请在“两步验证”页面办理或由同事解除。"
            )
        second_factor.remove(user=staff.user, by=by)
        password = _give_one_time_password(staff.user)
        audit.record("schools.staff_remove_second_factor", by=by, obj=staff)
        inbox.tell(
            f"user:{staff.pk}",
            "您的两步验证已被解除",
            text=f"{by.label}解除了您帐号的两步验证并重置了密码。若不是您要求的，请立即联系管理员。",
            key=f"second-factor-removed:{timezone.now().isoformat()}",
        )
    return Issued(staff, password)


def reset_province_account(*, login: str) -> Issued:
    """A new one-time password, without second factor, for a province account. No page does this:
    whoever runs the platform's commands has to know the person."""
    with transaction.atomic():
        staff = (
            StaffMember.objects.select_for_update(of=("self",), no_key=True)
            .select_related("user")
            .filter(user__realm=Realm.STAFF, user__login=login, school=None)
            .first()
        )
        if staff is None:
            raise Refused("unknown", f"没有用户名为{login}的省级帐号。")
        if second_factor.is_enrolled(staff.user):
            second_factor.remove(user=staff.user, by=None)
        password = _give_one_time_password(staff.user)
        audit.record("schools.reset_province", by=None, obj=staff)
    return Issued(staff, password)


def _give_one_time_password(user: User) -> str:
    """A new one-time password for a locked account, whose sessions all end."""
    password = one_time_password()
    user.set_password(password)
    user.must_change_password = True
    user.password_reset_at = database_now()
    user.password_expires_at = user.password_reset_at + ONE_TIME_PASSWORD_LIFETIME
    user.session_epoch += 1
    user.save(
        update_fields=[
            "password",
            "must_change_password",
            "password_expires_at",
            "password_reset_at",
            "session_epoch",
        ]
    )
    return password


def _person(name: str, mobile: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    label, number = text.clean_name(name), text.clean_phone(mobile)
    errors: dict[str, list[str]] = {}
    if not label or len(label) > 40:
        errors["name"] = ["请填写姓名，不超过40个字。"]
    bad = [f.message for f in validators.check_mobile(number) if f.is_error]
    if bad or not number:
        errors["mobile"] = bad or ["请填写手机号码。"]
    return {"label": label, "mobile": number}, errors


def _require(by: User, school_id: int | None, role: str) -> None:
    """Check that `by` may manage this account: the province manages school admins only, a school
    admin manages all staff of the school."""
    own = staff_of(by)
    if own is not None and own.role_level == Level.PROVINCE:
        require(by, "province.schools", school_id)
        if LEVELS.get(role) != Level.SCHOOL:
            raise NotPermitted("role", "省级只管理学校系统管理员的帐号。")
        return
    require(by, "schools.staff", school_id)


def _locked(staff_id: int, by: User) -> StaffMember:
    """Lock the school, then the account, so that two admins cannot deactivate each other at once."""
    school_id = StaffMember.objects.values_list("school_id", flat=True).get(pk=staff_id)
    if school_id is None:
        raise NotPermitted("role", "省级帐号不在此处管理。")
    locked_school(school_id)
    staff = (
        StaffMember.objects.select_for_update(no_key=True).select_related("user").get(pk=staff_id)
    )
    _require(by, school_id, staff.role)
    return staff
