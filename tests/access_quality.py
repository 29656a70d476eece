"""The access table's cases of quality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quality.models import Run
from quality.states import RunKind, RunState
from schools.roles import Role
from tests import factories
from tests.access_cases import AddressCase
from tests.quality import scene

_SCHOOL_AND_PROVINCE = frozenset({Role.SCHOOL_ADMIN, Role.PROVINCE})
_PROVINCE = frozenset({Role.PROVINCE})


def findings(o: Any, **more: Any) -> list[AddressCase]:
    """About a graduate of the first department, of the other one, and of another school."""
    if not hasattr(o, "findings"):
        pairs = ((o.world, 0), (o.world, 1), (o.other, 0))
        o.findings = [
            scene.make_finding(world, graduate=scene.make_job(world, department=department)).pk
            for world, department in pairs
        ]
    seen = (_SCHOOL_AND_PROVINCE | {Role.DEPARTMENT_ADMIN}, _SCHOOL_AND_PROVINCE, _PROVINCE)
    names = ("mine", "outside", "elsewhere")
    return [
        *(
            AddressCase(name, {"pk": pk, **more}, roles)
            for name, pk, roles in zip(names, o.findings, seen, strict=True)
        ),
        AddressCase("nowhere", {"pk": 2**40, **more}, frozenset()),
    ]


def finding_steps(o: Any) -> list[AddressCase]:
    return [*findings(o, action="confirm"), *findings(o, action="no-step")[3:]]


def runs(o: Any) -> list[AddressCase]:
    """Of the school, of another one, and of all schools."""
    ids = [
        Run.objects.create(
            kind=RunKind.SCREENING, school=school, year=o.world.cohort.year, asked_by_label="试用",
            state=RunState.DONE, finished_at=factories.timezone.now(),
        ).pk
        for school in (o.world.school, o.other.school, None)
    ]  # fmt: skip
    seen = (_SCHOOL_AND_PROVINCE, _PROVINCE, _PROVINCE)
    names = ("mine", "elsewhere", "of all")
    return [
        *(AddressCase(n, {"pk": pk}, r) for n, pk, r in zip(names, ids, seen, strict=True)),
        AddressCase("nowhere", {"pk": 2**40}, frozenset()),
    ]


def rules(o: Any) -> list[AddressCase]:
    return [
        AddressCase("one", {"key": "burst"}, _PROVINCE),
        AddressCase("none", {"key": "no-rule"}, frozenset()),
    ]


OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {
    "console:quality-finding": findings,
    "console:quality-finding-act": finding_steps,
    "console:quality-run": runs,
    "console:quality-rule": rules,
}
