"""Which staff role has which permission: the one table of rights."""

from __future__ import annotations

from schools.models import Role

_EVERYBODY = frozenset(Role.values)
_SCHOOL_STAFF = frozenset({Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN})
_ADMINS = frozenset({Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN})
_SCHOOL = frozenset({Role.SCHOOL_ADMIN})
_PROVINCE = frozenset({Role.PROVINCE})

PERMISSIONS: dict[str, frozenset[str]] = {
    "console.use": _EVERYBODY,
    "graduates.view": _EVERYBODY,
    "graduates.reveal": _EVERYBODY,
    "graduates.export": _EVERYBODY,
    "graduates.export_full": _ADMINS,
    "graduates.edit": _SCHOOL_STAFF,
    "graduates.lock": _SCHOOL_STAFF,
    "graduates.unlock": _SCHOOL,
    "graduates.add": _SCHOOL,
    "graduates.standing": _SCHOOL,
    "graduates.import": _SCHOOL,
    "graduates.initial_codes": _SCHOOL_STAFF,
    "graduates.reset_account": _SCHOOL_STAFF,
    "graduates.correct": _SCHOOL_STAFF,
    "graduates.duplicates": _PROVINCE,
    "destinations.view": _EVERYBODY,
    "destinations.enter": _SCHOOL_STAFF,
    "destinations.review": _SCHOOL_STAFF,
    "destinations.settle": frozenset({Role.SCHOOL_ADMIN, Role.PROVINCE}),
    "destinations.import": _ADMINS,
    "destinations.export": _EVERYBODY,
    "esign.view": _EVERYBODY,
    "esign.review": _SCHOOL_STAFF,
    "esign.print": _SCHOOL_STAFF,
    "esign.set_up": _SCHOOL,
    "employers.certify": _PROVINCE,
    "messages.view": _EVERYBODY,
    "national.view": _EVERYBODY,
    "national.remind": _SCHOOL_STAFF,
    "national.compare": frozenset({Role.SCHOOL_ADMIN, Role.PROVINCE}),
    "national.operate": _PROVINCE,
    "figures.view": _EVERYBODY,
    "schools.set_up": _SCHOOL,
    "schools.staff": _SCHOOL,
    "province.schools": _PROVINCE,
    "province.catalogue": _PROVINCE,
    "province.progress": _PROVINCE,
}
