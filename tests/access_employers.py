"""The access table's cases of employers: two people of one unit, one verified and one not, and a person
of another unit, with what each has sent, signed and handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from accounts import inbox
from accounts.models import Message, User
from destinations.actions import review
from employers.actions import letters
from employers.models import Letter, LetterKind, Membership, Unit, UnitMember
from esign.actions import terminate
from esign.actions.imports import INVITATION_IMPORTS
from esign.models import Agreement, Invitation
from esign.states import Ground
from tests import factories
from tests.access_cases import AddressCase
from tests.esign import signing
from workbooks.actions import imports as workbook_imports

# On the unit's pages the verified person sees everything, the other one only what they did.
VERIFIED, CLAIMED = "employer", "colleague"
SLOTS = {"slot": "signature"}

OPEN = {
    "employer", "employer-logout", "employer-recover", "employer-recover-sent",
    "employer-recover-letter",
}  # fmt: skip


class People(Protocol):
    employer: User
    colleague: User
    stranger: User


def make_people(o: Any) -> None:
    """Make the three accounts, each in a unit, with all pictures and a signature saved."""
    code, other = factories.make_unit_code(), factories.make_unit_code(body="MA2N0DEF")
    o.employer = member(code, state=Membership.VERIFIED).user
    o.colleague = member(code).user
    o.stranger = member(other, state=Membership.VERIFIED).user


def member(code: str, **values: Any) -> UnitMember:
    return factories.make_member(factories.make_unit(code), **values)


def _of(user: User) -> UnitMember:
    return UnitMember.objects.select_related("unit", "user").get(user=user)


def _three(mine: int, theirs: int, foreign: int, **more: Any) -> list[AddressCase]:
    return [
        AddressCase("the verified one's", {"pk": mine, **more}, frozenset({VERIFIED})),
        AddressCase("the colleague's", {"pk": theirs, **more}, frozenset({VERIFIED, CLAIMED})),
        AddressCase("another unit's", {"pk": foreign, **more}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def _sent(o: Any) -> list[Invitation]:
    """One invitation of each of the three people."""
    return [
        signing.send_invitation_as(_of(user), factories.make_graduate(o.world))
        for user in (o.employer, o.colleague, o.stranger)
    ]


def _signed(o: Any) -> list[Agreement]:
    return [
        signing.sign_agreement_with(_of(user), factories.make_graduate(o.world))
        for user in (o.employer, o.colleague, o.stranger)
    ]


def invitations(o: Any) -> list[AddressCase]:
    return _three(*[i.pk for i in _sent(o)])


def pictures(o: Any) -> list[AddressCase]:
    return _three(*[i.pk for i in _sent(o)], slot="id_front")


def agreements(o: Any) -> list[AddressCase]:
    return _three(*[a.pk for a in _signed(o)])


def agreement_pages(o: Any) -> list[AddressCase]:
    return [
        AddressCase(case.name, case.kwargs | {"number": 1}, case.seen_by) for case in agreements(o)
    ]


def materials(o: Any) -> list[AddressCase]:
    """Proofs of each unit, and one of a graduate, which is for the school only."""
    cases = []
    for name, agreement in zip(("mine", "theirs", "foreign"), _signed(o), strict=True):
        made = terminate.start(
            agreement=agreement, by=agreement.member.user, ground=Ground.LAW, reason="法律规定",
            notified_on=factories.today(), materials=[factories.make_photo()],
        )  # fmt: skip
        kwargs = {"pk": agreement.pk, "material_id": made.materials.get().pk}
        seen = {"mine": {VERIFIED}, "theirs": {VERIFIED, CLAIMED}, "foreign": set()}[name]
        cases.append(AddressCase(name, kwargs, frozenset(seen)))
    graduates = signing.sign_agreement_with(_of(o.employer), factories.make_graduate(o.world))
    made = terminate.start(
        agreement=graduates, by=signing.account_of(graduates.graduate), ground=Ground.LAW,
        reason="法律规定", notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    kwargs = {"pk": graduates.pk, "material_id": made.materials.get().pk}
    return [*cases, AddressCase("the graduate's proof", kwargs, frozenset())]


def contracts(o: Any) -> list[AddressCase]:
    """Pictures of labour contracts that each unit uploaded, and one that the school uploaded."""
    members = {
        "mine": o.employer,
        "theirs": o.colleague,
        "foreign": o.stranger,
        "school": o.employer,
    }
    cases = []
    for name, user in members.items():
        agreement = signing.sign_agreement_with(_of(user), factories.make_graduate(o.world))
        review.approve(graduate_id=agreement.graduate_id, by=o.world.school_admin)
        by = o.world.school_admin if name == "school" else user
        made = signing.propose_conclusion(agreement, by)
        kwargs = {"pk": agreement.pk, "conclusion_id": made.pk, "slot": "first_page"}
        seen = {"mine": {VERIFIED}, "theirs": {VERIFIED, CLAIMED}}.get(name, set())
        cases.append(AddressCase(name, kwargs, frozenset(seen)))
    return cases


def people(o: Any) -> list[AddressCase]:
    mine, theirs, foreign = (_of(u).pk for u in (o.employer, o.colleague, o.stranger))
    return _three(mine, theirs, foreign)


def own_pictures(o: Any) -> list[AddressCase]:
    both = frozenset({VERIFIED, CLAIMED})
    return [
        AddressCase("own", {"slot": "id_front"}, both),
        AddressCase("the unit's", {"slot": "certificate"}, frozenset({VERIFIED})),
        AddressCase("no such slot", {"slot": "password"}, frozenset()),
    ]


def messages(o: Any) -> list[AddressCase]:
    found = {}
    for user in (o.employer, o.colleague, o.stranger):
        inbox.tell(f"user:{user.pk}", "消息", key="access")
        found[user.pk] = Message.objects.get(to=f"user:{user.pk}", title="消息").pk
    return [
        AddressCase("mine", {"pk": found[o.employer.pk]}, frozenset({VERIFIED})),
        AddressCase("the colleague's", {"pk": found[o.colleague.pk]}, frozenset({CLAIMED})),
        AddressCase("a stranger's", {"pk": found[o.stranger.pk]}, frozenset()),
    ]


def _letter(o: Any) -> Letter:
    found = Letter.objects.filter(member__user=o.colleague).first()
    return found or letters.submit(
        member=_of(o.colleague), kind=LetterKind.MANAGER, scan=factories.make_photo()
    )


def own_letters(o: Any) -> list[AddressCase]:
    """Only the person who handed a letter in sees it, since it shows an identity card."""
    return [
        AddressCase("the colleague's", {"pk": _letter(o).pk}, frozenset({CLAIMED})),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def takeovers(o: Any) -> list[AddressCase]:
    """A letter that would end the manager's rights. Only the manager is told of it."""
    another = factories.make_member(_of(o.employer).unit)
    letter = letters.submit(member=another, kind=LetterKind.MANAGER, scan=factories.make_photo())
    return [
        AddressCase("the unit's", {"pk": letter.pk}, frozenset({VERIFIED})),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def all_letters(o: Any) -> list[AddressCase]:
    return [
        AddressCase("any", {"pk": _letter(o).pk}, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def letter_pictures(o: Any) -> list[AddressCase]:
    return [
        AddressCase("scan", {"pk": _letter(o).pk, "slot": "scan"}, frozenset({"province"})),
        AddressCase("identity", {"pk": _letter(o).pk, "slot": "id_front"}, frozenset({"province"})),
        AddressCase("no such slot", {"pk": _letter(o).pk, "slot": "x"}, frozenset()),
    ]


def own_workbooks(o: Any) -> list[AddressCase]:
    """Only the person who uploaded a workbook sees it, since it is sent with their signature."""
    mine, theirs, foreign = (
        workbook_imports.upload(
            INVITATION_IMPORTS, content=b"no", name="a.xlsx", by=user, member=_of(user),
            address="127.0.0.1",
        ).pk
        for user in (o.employer, o.colleague, o.stranger)
    )  # fmt: skip
    return [
        AddressCase("the verified one's", {"pk": mine}, frozenset({VERIFIED})),
        AddressCase("the colleague's", {"pk": theirs}, frozenset({CLAIMED})),
        AddressCase("another unit's", {"pk": foreign}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def unit_of(user: User) -> Unit:
    return _of(user).unit


OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {
    "employer-invitation": invitations,
    "employer-invitation-withdraw": invitations,
    "employer-invitation-picture": pictures,
    "employer-agreement": agreements,
    "employer-agreement-pdf": agreements,
    "employer-agreement-pages": agreements,
    "employer-agreement-page": agreement_pages,
    "employer-amend": agreements,
    "employer-amend-withdraw": agreements,
    "employer-terminate": agreements,
    "employer-terminate-consent": agreements,
    "employer-terminate-code": agreements,
    "employer-terminate-confirm": agreements,
    "employer-terminate-take-back": agreements,
    "employer-terminate-refuse": agreements,
    "employer-terminate-withdraw": agreements,
    "employer-material": materials,
    "employer-conclude": agreements,
    "employer-conclude-withdraw": agreements,
    "employer-conclusion-picture": contracts,
    "employer-member-verify": people,
    "employer-member-end": people,
    "employer-picture": own_pictures,
    "employer-message": messages,
    "employer-letter-scan": own_letters,
    "employer-letter-object": takeovers,
    "employer-workbook": own_workbooks,
    "employer-workbook-confirm": own_workbooks,
    "employer-workbook-cancel": own_workbooks,
    "employer-workbook-annotated": own_workbooks,
    "console:letter": all_letters,
    "console:letter-approve": all_letters,
    "console:letter-refuse": all_letters,
    "console:letter-picture": letter_pictures,
}
