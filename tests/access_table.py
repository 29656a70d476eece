"""The table of `test_access.py`: who may open which address.

Every address must be covered. Who may open it at all comes from the view itself
(`required_permission` of `staff_view`, `graduate_view` and `employer_view`, `permission` of a list page), or it
is listed in `OPEN`. An address that names an object (such as `<int:pk>`) must also say here which
objects of the two worlds it is tried with, and which roles see each of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts.proof import Entrance, new_challenge
from core import files
from destinations.actions import evidence
from destinations.models import DestinationImport, MinimumWage
from graduates.actions import roster
from graduates.models import ArchiveImport, Graduate
from schools.models import BulkJob, Major
from schools.roles import Role
from tests import (
    access_employers,
    access_esign,
    access_national,
    access_notices,
    access_quality,
    access_recruiting,
    access_support,
    access_surveys,
    factories,
)
from tests.access_cases import AddressCase
from tests.factories import World

# Pages that need no permission: sign-in and sign-out, public facts, the gallery for development.
OPEN = {
    "console:login", "console:second-step", "console:logout", "login", "activate", "logout", "schools", "employer", "employer-logout",
    "places", "place-children", "categories", "gallery", "proof-picture", "proof-another", "kept-form",
} | access_employers.OPEN | access_esign.OPEN | access_recruiting.OPEN | access_surveys.OPEN  # fmt: skip

_COUNSELLOR, _DEPARTMENT, _SCHOOL, _PROVINCE = (
    Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE,
)  # fmt: skip
_SCOPED = {_COUNSELLOR, _DEPARTMENT, _SCHOOL, _PROVINCE}


# Opened with a bearer token instead of a session (tests/core/test_metrics.py).
BY_TOKEN = {"metrics"}


class Objects:
    """Two schools and one object of each kind inside the scope of the first department's staff,
    in the same school outside of it, and in another school."""

    def __init__(self) -> None:
        self.world, self.other = factories.make_world(), factories.make_world()
        self.inside = factories.make_graduate(self.world)
        self.outside = factories.make_graduate(self.world, department=1)
        self.elsewhere = factories.make_graduate(self.other)
        self.graduate_user = factories.activate(self.inside)
        access_employers.make_people(self)
        self._cases: dict[Any, list[AddressCase]] = {}

    def bulk_jobs(self) -> list[AddressCase]:
        """Only the person who began a job sees it."""
        return [
            AddressCase(
                f"begun by {role}",
                {"pk": BulkJob.objects.create(
                    by=self.world.user(role), action="lock", came_from="/console/graduates/", total=1
                ).pk},
                frozenset({role}),
            )
            for role in (_COUNSELLOR, _SCHOOL)
        ]  # fmt: skip

    def cases(self, address: str) -> list[AddressCase]:
        """The cases of an address that names an object. Addresses with the same function share
        the objects, which are made once."""
        make_cases = OBJECTS[address]
        if make_cases not in self._cases:
            self._cases[make_cases] = make_cases(self)
        return self._cases[make_cases]

    def of_graduates(self, **more: Any) -> list[AddressCase]:
        return self._scoped(self.inside.pk, self.outside.pk, self.elsewhere.pk, more)

    def images(self) -> list[AddressCase]:
        mine, hidden, foreign = (
            evidence.add_evidence(
                graduate=g,
                content=factories.make_photo(),
                name="证明.jpg",
                by=w.school_admin,
                category="11",
            ).pk
            for g, w in self._graduates()
        )
        return self._scoped(mine, hidden, foreign, {})

    def own_images(self) -> list[AddressCase]:
        """The graduate sees their own image and nobody else's."""
        seen = {"mine": frozenset({"graduate"})}
        return [AddressCase(c.name, c.kwargs, seen.get(c.name, frozenset())) for c in self.images()]

    def rosters(self) -> list[AddressCase]:
        mine, foreign = (
            roster.upload(school=w.school, content=b"no", name="a.xlsx", by=w.school_admin).pk
            for w in (self.world, self.other)
        )
        return self._of_school({"pk": mine}, {"pk": foreign})

    def destination_imports(self) -> list[AddressCase]:
        return self._own_imports(DestinationImport)

    def archive_imports(self) -> list[AddressCase]:
        return self._own_imports(ArchiveImport)

    def _own_imports(self, model: Any) -> list[AddressCase]:
        """Department admins see their own imports, school admins all imports of the school."""

        def make_import(world: World, role: str) -> int:
            user = world.user(role)
            file = files.store(b"no", name="a.xlsx", content_type="a/b", purpose="destinations")
            return model.objects.create(school=world.school, file=file, by=user).pk

        return [
            AddressCase(
                "mine",
                {"pk": make_import(self.world, _DEPARTMENT)},
                frozenset({_DEPARTMENT, _SCHOOL}),
            ),
            AddressCase(
                "a colleague's", {"pk": make_import(self.world, _SCHOOL)}, frozenset({_SCHOOL})
            ),
            AddressCase("elsewhere", {"pk": make_import(self.other, _DEPARTMENT)}, frozenset()),
        ]

    def cohorts(self) -> list[AddressCase]:
        return self._of_school({"pk": self.world.cohort.pk}, {"pk": self.other.cohort.pk})

    def any_cohort(self) -> list[AddressCase]:
        return self._of_province({"pk": self.other.cohort.pk})

    def departments(self) -> list[AddressCase]:
        mine, foreign = (w.departments[0].pk for w in (self.world, self.other))
        return self._of_school({"pk": mine}, {"pk": foreign})

    def classes(self) -> list[AddressCase]:
        mine, foreign = (w.classes[0][0].pk for w in (self.world, self.other))
        return self._of_school({"pk": mine}, {"pk": foreign})

    def waiting_classes(self) -> list[AddressCase]:
        """Classes in which a graduate has not activated their account yet."""
        worlds = ((self.world, 0), (self.world, 1), (self.other, 0))
        for world, department in worlds:
            factories.make_graduate(world, department=department)
        mine, hidden, foreign = (w.classes[department][0].pk for w, department in worlds)
        return self._scoped(mine, hidden, foreign, {})

    def duplicates(self) -> list[AddressCase]:
        """A person with records at both schools; a person with one record is no duplicate."""
        one = factories.make_graduate(self.world)
        number = one.person.id_number
        twice = factories.make_graduate(self.other, id_number=number, name=one.name)
        return [
            *self._of_province({"pk": twice.pk}),
            AddressCase("once", {"pk": self.inside.pk}, frozenset()),
        ]

    def wages(self) -> list[AddressCase]:
        factories.set_minimum_wage("340000", 2000)
        return self._of_province({"pk": MinimumWage.objects.latest("pk").pk})

    def majors(self) -> list[AddressCase]:
        mine, foreign = (
            Major.objects.get_or_create(school=w.school, code="080902", name="软件工程")[0].pk
            for w in (self.world, self.other)
        )
        return self._of_school({"pk": mine}, {"pk": foreign})

    def staff(self) -> list[AddressCase]:
        mine, foreign = (w.staff[_COUNSELLOR].pk for w in (self.world, self.other))
        return self._of_school({"pk": mine}, {"pk": foreign})

    def schools(self) -> list[AddressCase]:
        return self._of_province({"pk": self.other.school.pk})

    def school_admins(self) -> list[AddressCase]:
        school, admin = self.other.school.pk, self.other.staff[_SCHOOL].pk
        stranger = self.world.staff[_SCHOOL].pk
        return [
            *self._of_province({"pk": school, "staff_id": admin}),
            AddressCase("of another school", {"pk": school, "staff_id": stranger}, frozenset()),
        ]

    def categories(self) -> list[AddressCase]:
        return [
            AddressCase("any", {"code": "11"}, frozenset({_PROVINCE})),
            AddressCase("none", {"code": "999"}, frozenset()),
        ]

    def category_forms(self) -> list[AddressCase]:
        return [
            AddressCase("any", {"code": "10", "form": "letter"}, frozenset({_PROVINCE})),
            AddressCase("no form", {"code": "10", "form": "none"}, frozenset()),
            AddressCase("without forms", {"code": "11", "form": "letter"}, frozenset()),
        ]

    def challenges(self) -> list[AddressCase]:
        return [AddressCase("any", {"challenge": new_challenge(Entrance.STAFF)}, frozenset())]

    def entrances(self) -> list[AddressCase]:
        return [AddressCase("any", {"entrance": "staff"}, frozenset())]

    # --- who sees which object ---------------------------------------------------------------

    def _graduates(self) -> list[tuple[Graduate, World]]:
        return [
            (self.inside, self.world), (self.outside, self.world), (self.elsewhere, self.other),
        ]  # fmt: skip

    def _scoped(
        self, mine: int, hidden: int, foreign: int, more: dict[str, Any]
    ) -> list[AddressCase]:
        return [
            AddressCase("mine", {"pk": mine, **more}, frozenset(_SCOPED)),
            AddressCase("outside", {"pk": hidden, **more}, frozenset({_SCHOOL, _PROVINCE})),
            AddressCase("elsewhere", {"pk": foreign, **more}, frozenset({_PROVINCE})),
            AddressCase("nowhere", {"pk": 2**40, **more}, frozenset()),
        ]

    def _of_school(self, mine: dict[str, Any], foreign: dict[str, Any]) -> list[AddressCase]:
        return [
            AddressCase("mine", mine, frozenset({_SCHOOL, _DEPARTMENT, _COUNSELLOR})),
            AddressCase("elsewhere", foreign, frozenset()),
        ]

    def _of_province(self, any_one: dict[str, Any]) -> list[AddressCase]:
        nowhere = {**any_one, "pk": 2**40}
        return [
            AddressCase("any", any_one, frozenset({_PROVINCE})),
            AddressCase("nowhere", nowhere, frozenset()),
        ]


_graduate: Callable[[Objects], list[AddressCase]] = Objects.of_graduates

OBJECTS: dict[str, Callable[[Objects], list[AddressCase]]] = (
    {
        "console:origin": _graduate,
        "console:origin-lock": _graduate,
        "console:origin-unlock": _graduate,
        "console:origin-reveal": _graduate,
        "console:origin-code": _graduate,
        "console:origin-reset": _graduate,
        "console:origin-standing": _graduate,
        "console:hand-entry": _graduate,
        "console:hand-entry-confirm": _graduate,
        "console:hand-entry-refuse": _graduate,
        "console:duplicate": Objects.duplicates,
        "console:reopen": _graduate,
        "console:reopen-end": _graduate,
        "console:class-codes": Objects.waiting_classes,
        "console:class-slips": Objects.waiting_classes,
        "console:wage-delete": Objects.wages,
        "console:import": Objects.rosters,
        "console:import-confirm": Objects.rosters,
        "console:import-cancel": Objects.rosters,
        "console:import-annotated": Objects.rosters,
        "console:destination": _graduate,
        "console:destination-enter": _graduate,
        "console:destination-act": lambda o: o.of_graduates(action="approve"),
        "console:destination-codes": _graduate,
        "console:destination-sheet": _graduate,
        "console:final": _graduate,
        "console:final-open": Objects.cohorts,
        "console:evidence-add": _graduate,
        "console:evidence": Objects.images,
        "console:destination-import": Objects.destination_imports,
        "console:destination-import-confirm": Objects.destination_imports,
        "console:destination-import-cancel": Objects.destination_imports,
        "console:destination-import-annotated": Objects.destination_imports,
        "console:archive-import": Objects.archive_imports,
        "console:archive-import-confirm": Objects.archive_imports,
        "console:archive-import-cancel": Objects.archive_imports,
        "console:archive-import-annotated": Objects.archive_imports,
        "console:category": Objects.categories,
        "console:category-form": Objects.category_forms,
        "console:bulk-job": Objects.bulk_jobs,
        "console:cohort": Objects.cohorts,
        "console:cohort-seal": Objects.cohorts,
        "console:cohort-unseal": Objects.any_cohort,
        "console:department": Objects.departments,
        "console:department-turn": Objects.departments,
        "console:department-delete": Objects.departments,
        "console:class": Objects.classes,
        "console:class-delete": Objects.classes,
        "console:major": Objects.majors,
        "console:major-turn": Objects.majors,
        "console:staff-member": Objects.staff,
        "console:staff-scope": Objects.staff,
        "console:staff-role": Objects.staff,
        "console:staff-turn": Objects.staff,
        "console:staff-reset": Objects.staff,
        "console:staff-factor": Objects.staff,
        "console:school": Objects.schools,
        "console:school-turn": Objects.schools,
        "console:school-admin-turn": Objects.school_admins,
        "console:school-admin-reset": Objects.school_admins,
        "console:school-admin-factor": Objects.school_admins,
        "proof-picture": Objects.challenges,
        "proof-another": Objects.entrances,
        "evidence": Objects.own_images,
        "evidence-remove": Objects.own_images,
    }
    | access_employers.OBJECTS
    | access_recruiting.OBJECTS
)
OBJECTS |= access_esign.OBJECTS
OBJECTS |= access_national.OBJECTS | access_notices.OBJECTS
OBJECTS |= access_support.OBJECTS | access_quality.OBJECTS | access_surveys.OBJECTS
