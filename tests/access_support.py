"""The access table's cases of support: listed graduates are seen by their 责任人, their department, the
school and the province; nobody else learns that they are listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graduates.models import Graduate
from schools.roles import Role
from support.actions.base import keep_image
from support.models import (
    GroupImport,
    JobRecommendation,
    Listing,
    ProposalImage,
    RecordImage,
    Way,
)
from tests import factories
from tests.access_cases import AddressCase
from tests.factories import World
from tests.support import scene

_ADMINS = frozenset({"department_admin", "school_admin", "province"})
_EVERYBODY = _ADMINS | {"counsellor"}
_ABOVE = frozenset({"school_admin", "province"})
_PROVINCE = frozenset({"province"})


def _listing(world: World, graduate: Graduate, counsellor: bool) -> Listing:
    """The graduate's listing, which an earlier case may have made."""
    known = Listing.objects.filter(graduate=graduate).first()
    if known is not None:
        return known
    if counsellor:
        return scene.make_listing(world, graduate)
    return scene.list_only(world, graduate)


def _listings(o: Any) -> list[tuple[Listing, World, frozenset[str], str]]:
    alone = factories.make_graduate(o.world)
    return [
        (_listing(o.world, o.inside, True), o.world, _EVERYBODY, "the counsellor's"),
        (_listing(o.world, alone, False), o.world, _ADMINS, "without 责任人"),
        (_listing(o.world, o.outside, False), o.world, _ABOVE, "of another department"),
        (_listing(o.other, o.elsewhere, True), o.other, _PROVINCE, "of another school"),
    ]


def people(o: Any) -> list[AddressCase]:
    """Somebody who is not listed is not found here either."""
    unlisted = factories.make_graduate(o.world)
    return [
        *(
            AddressCase(name, {"pk": listing.graduate_id}, seen)
            for listing, _, seen, name in _listings(o)
        ),
        AddressCase("not listed", {"pk": unlisted.pk}, frozenset()),
        AddressCase("nobody", {"pk": 2**40}, frozenset()),
    ]


def _image(world: World) -> Any:
    content = factories.make_photo()
    return keep_image(content=content, school_id=world.school.pk, by=world.school_admin)[0]


def records(o: Any) -> list[AddressCase]:
    cases = []
    for listing, world, seen, name in _listings(o):
        record = _record(listing, world)
        cases.append(AddressCase(name, {"pk": listing.graduate_id, "record": record.pk}, seen))
    mixed = cases[0].kwargs | {"record": cases[2].kwargs["record"]}
    return [*cases, AddressCase("somebody else's record", mixed, frozenset())]


def _record(listing: Listing, world: World) -> Any:
    if listing.responsible_id is None:
        listing.responsible, listing.responsible_label = world.school_admin, "试用学校"
        listing.save(update_fields=["responsible", "responsible_label"])
    return scene.add_record(listing, world.school_admin)


def record_images(o: Any) -> list[AddressCase]:
    cases = []
    for listing, world, seen, name in _listings(o):
        record = _record(listing, world)
        image = RecordImage.objects.create(record=record, file=_image(world))
        cases.append(AddressCase(name, {"pk": listing.graduate_id, "image": image.pk}, seen))
    mixed = cases[0].kwargs | {"image": cases[2].kwargs["image"]}
    return [*cases, AddressCase("somebody else's image", mixed, frozenset())]


def _proposals(o: Any) -> list[tuple[Any, World, frozenset[str], str]]:
    def propose(world: World, department: int, role: str) -> Any:
        graduate = factories.make_graduate(world, department=department)
        return scene.propose(world, graduate, world.user(role))

    return [
        (propose(o.world, 0, Role.COUNSELLOR), o.world, _EVERYBODY, "the counsellor's"),
        (propose(o.world, 0, Role.DEPARTMENT_ADMIN), o.world, _ADMINS, "the department's"),
        (propose(o.world, 1, Role.SCHOOL_ADMIN), o.world, _ABOVE, "of another department"),
        (propose(o.other, 0, Role.COUNSELLOR), o.other, _PROVINCE, "of another school"),
    ]


def proposals(o: Any) -> list[AddressCase]:
    found = [AddressCase(name, {"pk": row.pk}, seen) for row, _, seen, name in _proposals(o)]
    return [*found, AddressCase("nobody's", {"pk": 2**40}, frozenset())]


def proposal_images(o: Any) -> list[AddressCase]:
    cases = []
    for proposal, world, seen, name in _proposals(o):
        image = ProposalImage.objects.create(proposal=proposal, file=_image(world))
        cases.append(AddressCase(name, {"pk": proposal.pk, "image": image.pk}, seen))
    mixed = cases[0].kwargs | {"image": cases[2].kwargs["image"]}
    return [*cases, AddressCase("another proposal's", mixed, frozenset())]


def graduates(o: Any) -> list[AddressCase]:
    found: list[AddressCase] = o.of_graduates()
    return found


def imports(o: Any) -> list[AddressCase]:
    made = scene.preview(o.world, [scene.row_of(_listing(o.world, o.inside, True).graduate)])
    GroupImport.objects.filter(pk=made.pk).update(annotated=_image(o.world))
    return [
        AddressCase("any", {"pk": made.pk}, _PROVINCE),
        AddressCase("none", {"pk": 2**40}, frozenset()),
    ]


def ways(o: Any) -> list[AddressCase]:
    return [
        AddressCase("any", {"pk": Way.objects.get(code="talk").pk}, _PROVINCE),
        AddressCase("none", {"pk": 2**40}, frozenset()),
    ]


def recommended(o: Any) -> list[AddressCase]:
    """The graduate follows an own recommendation and nobody else's."""
    posting = scene.make_posting(o.world)
    mine, theirs = (
        _sent(listing, posting, world)
        for listing, world in (
            (_listing(o.world, o.inside, True), o.world),
            (_listing(o.other, o.elsewhere, True), o.other),
        )
    )
    return [
        AddressCase("mine", {"pk": mine.pk}, frozenset({"graduate"})),
        AddressCase("another's", {"pk": theirs.pk}, frozenset()),
    ]


def _sent(listing: Listing, posting: Any, world: World) -> JobRecommendation:
    return scene.recommend(listing, posting, world.school_admin)


OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {
    "console:support-person": people,
    "console:support-responsible": people,
    "console:support-profile": people,
    "console:support-plan": people,
    "console:support-record": people,
    "console:support-recommend": people,
    "console:support-record-correct": records,
    "console:support-record-delete": records,
    "console:support-record-image": record_images,
    "console:support-propose": graduates,
    "console:support-proposal": proposals,
    "console:support-proposal-decide": proposals,
    "console:support-proposal-withdraw": proposals,
    "console:support-proposal-image": proposal_images,
    "console:support-import": imports,
    "console:support-import-confirm": imports,
    "console:support-import-cancel": imports,
    "console:support-import-annotated": imports,
    "console:support-way": ways,
    "support-recommended": recommended,
}
