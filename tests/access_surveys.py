"""The access table's cases of surveys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from employers.models import UnitMember
from schools.roles import Role
from surveys.models import Invitation, Survey
from surveys.states import Audience, SurveyState
from tests import factories
from tests.access_cases import AddressCase
from tests.access_employers import VERIFIED
from tests.surveys import scene

# Anybody may open these. An address with a token says nothing to whoever has none that is good.
OPEN: set[str] = {"survey", "survey-decline", "survey-thanks", "survey-declined"}

_SCHOOL, _PROVINCE = frozenset({"school_admin"}), frozenset({"province"})
_READERS = frozenset({"school_admin", "department_admin"})


def _surveys(o: Any, *, running: bool) -> list[tuple[str, Survey, bool]]:
    """(name, survey, whether its departments see it): of the school, of another one, of the province."""
    make = scene.publish if running else scene.write
    return [
        ("the school's", make(o.world.user(Role.SCHOOL_ADMIN)), running),
        ("another school's", make(o.other.user(Role.SCHOOL_ADMIN)), False),
        ("the province's", make(o.world.user(Role.PROVINCE)), running),
    ]


def _cases(o: Any, *, running: bool, managing: bool, **more: Any) -> list[AddressCase]:
    owners = {"the school's": _SCHOOL, "another school's": frozenset(), "the province's": _PROVINCE}
    found = []
    for name, survey, is_read in _surveys(o, running=running):
        seen = owners[name]
        if is_read and not managing:
            seen = seen | _READERS
        found.append(AddressCase(name, {"pk": survey.pk, **more}, seen))
    return [*found, AddressCase("nobody's", {"pk": 2**40, **more}, frozenset())]


def drafts(o: Any) -> list[AddressCase]:
    return _cases(o, running=False, managing=True)


def read(o: Any) -> list[AddressCase]:
    return _cases(o, running=True, managing=False)


def exported(o: Any) -> list[AddressCase]:
    """A school takes its own part of a survey of the province with it."""
    return read(o)


def questions_of(o: Any) -> list[AddressCase]:
    return _cases(o, running=False, managing=True, key="q1")


def kinds(o: Any) -> list[AddressCase]:
    return _cases(o, running=False, managing=True, kind="single")


def blocks(o: Any) -> list[AddressCase]:
    """No block is named, so there is none to insert."""
    return [AddressCase(c.name, c.kwargs, frozenset()) for c in drafts(o)]


def _invitation(survey: Survey, **of: Any) -> Invitation:
    return Invitation.objects.get(survey=survey, **of)


def of_graduates(o: Any) -> list[AddressCase]:
    survey = scene.run(o.world)
    return [
        AddressCase(
            "their own", {"pk": _invitation(survey, graduate=o.inside).pk}, frozenset({"graduate"})
        ),
        AddressCase(
            "a neighbour's", {"pk": _invitation(survey, graduate=o.outside).pk}, frozenset()
        ),
    ]


def of_units(o: Any) -> list[AddressCase]:
    survey = scene.run(o.world, audience=Audience.EMPLOYERS)
    mine = UnitMember.objects.get(user=o.employer).unit
    colleagues = frozenset({VERIFIED, "colleague"})
    made = [
        (mine, colleagues),
        (factories.make_unit(code=factories.make_unit_code(body="MA7XYRW1")), frozenset()),
    ]
    return [
        AddressCase(
            unit.name,
            {"pk": Invitation.objects.get_or_create(survey=survey, unit=unit)[0].pk}, seen,
        )
        for unit, seen in made
    ]  # fmt: skip


def links(o: Any) -> list[AddressCase]:
    survey = scene.run(o.world)
    assert survey.state == SurveyState.RUNNING
    token = scene.token_of(survey, o.inside)
    return [
        AddressCase("a link", {"token": token}, frozenset()),
        AddressCase("made up", {"token": "1abcdefghijklmnopqrstuvwxyz"}, frozenset()),
    ]


OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {
    "console:survey": read, "console:survey-preview": read, "console:survey-progress": read,
    "console:survey-results": read, "console:survey-workbook": exported,
    "console:survey-edit": drafts, "console:survey-publish": drafts, "console:survey-end": drafts,
    "console:survey-discard": drafts, "console:survey-copy": drafts, "console:survey-wording": drafts,
    "console:survey-questions": drafts, "console:survey-block": blocks, "console:survey-move": drafts,
    "console:survey-question-new": kinds, "console:survey-question": questions_of,
    "survey": links, "survey-decline": links, "survey-open": of_graduates,
    "employer-survey-open": of_units,
}  # fmt: skip
