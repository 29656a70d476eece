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


def samples_made(o: Any) -> list[AddressCase]:
    """A draft of the school, of another one, and of the province."""
    if not hasattr(o, "samples"):
        o.samples = [
            scene.make_sample(world, by=by).pk
            for world, by in (
                (o.world, o.world.school_admin), (o.other, o.other.school_admin),
                (o.world, o.world.user(Role.PROVINCE)),
            )
        ]  # fmt: skip
    seen = (_SCHOOL_AND_PROVINCE, _PROVINCE, _PROVINCE)
    names = ("mine", "elsewhere", "the province's")
    return [
        *(AddressCase(n, {"pk": pk}, r) for n, pk, r in zip(names, o.samples, seen, strict=True)),
        AddressCase("nowhere", {"pk": 2**40}, frozenset()),
    ]


def published_samples(o: Any) -> list[AddressCase]:
    """None of the drafts is published."""
    return [AddressCase(case.name, case.kwargs, frozenset()) for case in samples_made(o)]


def calls_given(o: Any, **more: Any) -> list[AddressCase]:
    """A call that was given to a counsellor, and one of another school."""
    if not hasattr(o, "calls"):
        o.calls = [scene.make_call(world).pk for world in (o.world, o.other)]
    return [
        AddressCase("mine", {"pk": o.calls[0], **more}, frozenset({Role.COUNSELLOR})),
        AddressCase("elsewhere", {"pk": o.calls[1], **more}, frozenset()),
        AddressCase("nowhere", {"pk": 2**40, **more}, frozenset()),
    ]


def call_results(o: Any) -> list[AddressCase]:
    return calls_given(o, action="miss")


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
    "console:sample": samples_made,
    "console:sample-draw": samples_made,
    "console:sample-discard": samples_made,
    "console:sample-assign": samples_made,
    "console:sample-publish": samples_made,
    "console:sample-void": samples_made,
    "console:sample-reply": samples_made,
    "console:sample-people": published_samples,
    "console:callback": calls_given,
    "console:callback-number": calls_given,
    "console:callback-reveal": calls_given,
    "console:callback-result": call_results,
}
