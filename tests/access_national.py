"""The wall's lines about corrections, disputes and the national loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

from destinations.actions import dispute, enter, release
from destinations.models import ReleaseProposal
from graduates.actions import corrections
from graduates.models import CorrectionImage, CorrectionRequest, Graduate
from national_sync.models import Batch
from national_sync.states import WORKBOOK, BatchState
from schools.roles import Role
from tests import factories
from tests.access_cases import AddressCase
from tests.factories import World

if TYPE_CHECKING:
    from tests.access_table import Objects

_PROVINCE = Role.PROVINCE


_ALL = frozenset(Role.values)
_SEEN = (
    ("mine", _ALL),
    ("outside", frozenset({Role.SCHOOL_ADMIN, _PROVINCE})),
    ("elsewhere", frozenset({_PROVINCE})),
)


def _cases(ids: list[int]) -> list[AddressCase]:
    found = [
        AddressCase(name, {"pk": pk}, seen) for (name, seen), pk in zip(_SEEN, ids, strict=True)
    ]
    return [*found, AddressCase("nowhere", {"pk": 2**40}, frozenset())]


def _each(o: Objects, make: Callable[[Graduate, World], int]) -> list[AddressCase]:
    """One object of the graduate inside, of the hidden one, of the one elsewhere."""
    pairs = ((o.inside, o.world), (o.outside, o.world), (o.elsewhere, o.other))
    return _cases([make(graduate, world) for graduate, world in pairs])


def _disputes(o: Objects) -> list[AddressCase]:
    """Of graduates of their own: a registered destination stands in nobody else's way."""
    if not hasattr(o, "disputes"):
        pairs = ((o.world, 0), (o.world, 1), (o.other, 0))
        o.disputes = [  # type: ignore[attr-defined]
            _dispute(factories.make_graduate(world, department=department), world)
            for world, department in pairs
        ]
    return _cases(o.disputes)  # type: ignore[attr-defined]


def _asked(graduate: Graduate, world: World) -> CorrectionRequest:
    user = factories.User.objects.filter(person__graduates=graduate).first()
    return corrections.ask(
        graduate=graduate, kind="origin", field="politics", proposed="中共党员", reason="已入党",
        by=user or factories.activate(graduate), pictures=[factories.make_photo()],
    )  # fmt: skip


def _request(graduate: Graduate, world: World) -> int:
    found = CorrectionRequest.objects.filter(graduate=graduate).first()
    return (found or _asked(graduate, world)).pk


def _image(graduate: Graduate, world: World) -> int:
    return CorrectionImage.objects.filter(request=_request(graduate, world))[0].pk


def _dispute(graduate: Graduate, world: World) -> int:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    user = factories.activate(graduate)
    return dispute.raise_dispute(graduate_id=graduate.pk, reason="不是", by=user).pk


def _releases(o: Objects) -> list[AddressCase]:
    """Of graduates of their own: the destination of the others is needed for other addresses."""
    if not hasattr(o, "releases"):
        pairs = ((o.world, 0), (o.world, 1), (o.other, 0))
        o.releases = [  # type: ignore[attr-defined]
            _proposed(factories.make_graduate(world, department=department), world)
            for world, department in pairs
        ]
    return _cases([row.pk for row in o.releases])  # type: ignore[attr-defined]


def _release_images(o: Objects) -> list[AddressCase]:
    _releases(o)
    return _cases([row.images.get().pk for row in o.releases])  # type: ignore[attr-defined]


def _own_release_images(o: Objects) -> list[AddressCase]:
    """The graduate's own and somebody else's."""
    mine, foreign = (_withdrawn_image(g) for g in (o.inside, factories.make_graduate(o.world)))
    return [
        AddressCase("mine", {"pk": mine}, frozenset({"graduate"})),
        AddressCase("foreign", {"pk": foreign}, frozenset()),
        AddressCase("nowhere", {"pk": 2**40}, frozenset()),
    ]


def _withdrawn_image(graduate: Graduate) -> int:
    """A picture of a proposal that was withdrawn, so that the destination is as it was."""
    row = ReleaseProposal.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        reason="解约", state="withdrawn", snapshot={}, category="11", proposed_by_id=0,
        proposed_by="毕业生", decided_at=Now(),
    )  # fmt: skip
    return row.images.create(file=factories.keep_file("release")).pk


def _proposed(graduate: Graduate, world: World) -> ReleaseProposal:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    return release.propose_release(
        graduate_id=graduate.pk, by=world.counsellor, reason="解约",
        pictures=[factories.make_photo()],
    )  # fmt: skip


def _own(make: Callable[[Graduate, World], int]) -> Callable[[Objects], list[AddressCase]]:
    """For the graduate's pages: the own one and anybody else's."""

    def cases(o: Objects) -> list[AddressCase]:
        seen = {"mine": frozenset({"graduate"})}
        return [
            AddressCase(c.name, c.kwargs, seen.get(c.name, frozenset())) for c in _each(o, make)
        ]

    return cases


def _batches(o: Objects) -> list[AddressCase]:
    made = Batch.objects.create(lines=0)
    nowhere: dict[str, Any] = {"pk": "00000000-0000-4000-8000-000000000000"}
    return [
        AddressCase("any", {"pk": made.pk}, frozenset({_PROVINCE})),
        AddressCase("none", nowhere, frozenset()),
    ]


def _files(o: Objects) -> list[AddressCase]:
    """School admins see their school's; what went by HTTP is no file."""
    mine, elsewhere = (
        Batch.objects.create(lines=0, way=WORKBOOK, state=BatchState.SENT, school=w.school)
        for w in (o.world, o.other)
    )
    http = Batch.objects.create(lines=0, school=o.world.school)
    return [
        AddressCase("mine", {"pk": mine.pk}, frozenset({Role.SCHOOL_ADMIN, _PROVINCE})),
        AddressCase("elsewhere", {"pk": elsewhere.pk}, frozenset({_PROVINCE})),
        AddressCase("by HTTP", {"pk": http.pk}, frozenset()),
    ]


OBJECTS: dict[str, Callable[[Objects], list[AddressCase]]] = {
    "console:archive": lambda o: o.of_graduates(),
    "console:correction": lambda o: _each(o, _request),
    "console:correction-answer": lambda o: _each(o, _request),
    "console:correction-image": lambda o: _each(o, _image),
    "correction-withdraw": _own(_request),
    "correction-image": _own(_image),
    "console:dispute": _disputes,
    "console:dispute-settle": _disputes,
    "console:release": _releases,
    "console:release-decide": _releases,
    "console:release-image": _release_images,
    "console:release-propose": lambda o: o.of_graduates(),
    "release-image": _own_release_images,
    "console:batch": _batches,
    "console:national-file": _files,
    "console:national-file-workbook": _files,
    "console:national-file-give-up": _files,
}
