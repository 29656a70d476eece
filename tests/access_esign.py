"""The access table's cases of e-signing: cards, invitations, agreements, terminations and prints of a
graduate inside the scope of the first department's staff, one outside of it, and one of another
school."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from destinations.actions import review
from esign.actions import amend, cards, conclude, scan_print, terminate
from esign.actions.reading import keep_signature
from esign.models import Agreement, Conclusion, Reading, Termination
from esign.states import Ground
from schools.roles import Role
from tests import factories
from tests.access_cases import AddressCase
from tests.esign import signing

_ALL = frozenset({Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE})
_SEEN = {
    "mine": _ALL | {"graduate"},
    "outside": frozenset({Role.SCHOOL_ADMIN, Role.PROVINCE}),
    "elsewhere": frozenset({Role.PROVINCE}),
}

# Pages for people who scan a card, verify an agreement or print at a public computer.
OPEN = {
    "card-landing", "invite-phone", "invite-step", "invite-save", "invite-units", "invite-image",
    "invite-upload", "invite-preview", "invite-sent", "verify", "verify-token", "print",
    "print-ticket", "print-state", "print-download", "development-inbox",
}  # fmt: skip


# Pages of a draft answer only the browser that proved the phone (tests/esign/test_draft_browser.py); the
# others lead to the page that proves it.
OTHER_BROWSER = {"invite-image": "hidden", "invite-units": "forbidden"}


def _cases(
    ids: list[Any], *, by: str = "pk", nowhere: Any = 2**40, **more: Any
) -> list[AddressCase]:
    found = [
        AddressCase(name, {by: pk, **more}, seen)
        for (name, seen), pk in zip(_SEEN.items(), ids, strict=True)
    ]
    return [*found, AddressCase("nowhere", {by: nowhere, **more}, frozenset())]


def _signed(o: Any) -> list[Agreement]:
    """Agreements with a proposed change and an approval, so that only access is left to refuse."""
    if not hasattr(o, "signed_agreements"):
        o.signed_agreements = []
        worlds = (o.world, o.world, o.other)
        for world, graduate in zip(worlds, (o.inside, o.outside, o.elsewhere), strict=True):
            made = signing.sign_agreement(graduate)
            amend.propose(
                agreement=made, member=made.member, typed={"wage": "7000"}, reason="填写有误"
            )
            review.approve(graduate_id=graduate.pk, by=world.school_admin)
            o.signed_agreements.append(made)
    return o.signed_agreements


def _concluded(o: Any) -> list[Conclusion]:
    """Withdrawn conclusions. While one is open neither a change nor a termination may be proposed, so the
    change is withdrawn before, and the conclusion afterwards."""
    if not hasattr(o, "conclusions"):
        o.conclusions = []
        for agreement in _signed(o):
            amend.withdraw(amendment=agreement.amendments.get(), member=agreement.member)
            by = agreement.member.user
            made = signing.propose_conclusion(agreement, by)
            o.conclusions.append(conclude.withdraw(agreement=agreement, by=by, seen=made.pk))
    return o.conclusions


def _ended(o: Any) -> list[Termination]:
    """Open terminations."""
    if not hasattr(o, "open_terminations"):
        _concluded(o)
        o.open_terminations = [
            terminate.start(
                agreement=agreement, by=signing.account_of(agreement.graduate),
                ground=Ground.LAW, reason="法律规定", notified_on=factories.today(),
                materials=[factories.make_photo()],
            )
            for agreement in _signed(o)
        ]  # fmt: skip
    return o.open_terminations


def agreements(o: Any) -> list[AddressCase]:
    return _cases([a.pk for a in _signed(o)])


def agreement_pages(o: Any) -> list[AddressCase]:
    return _cases([a.pk for a in _signed(o)], number=1)


def identities(o: Any) -> list[AddressCase]:
    return _cases([a.pk for a in _signed(o)], slot="id_front")


def signatures(o: Any) -> list[AddressCase]:
    return _cases([a.pk for a in _signed(o)], number=1, side="graduate")


def own_answers(o: Any) -> list[AddressCase]:
    return _cases([a.pk for a in _signed(o)], action="withdraw")


def conclusions(o: Any) -> list[AddressCase]:
    return _cases([c.pk for c in _concluded(o)])


def contracts(o: Any) -> list[AddressCase]:
    return _cases([c.pk for c in _concluded(o)], slot="first_page")


def decisions(o: Any) -> list[AddressCase]:
    return _cases([c.pk for c in _concluded(o)], action="confirm")


def terminations(o: Any) -> list[AddressCase]:
    return _cases([t.pk for t in _ended(o)])


def reviews(o: Any) -> list[AddressCase]:
    """All staff of the school may note a call."""
    return _cases([t.pk for t in _ended(o)], action="note_call")


def materials(o: Any) -> list[AddressCase]:
    return _cases([t.materials.get().pk for t in _ended(o)])


def invitations(o: Any) -> list[AddressCase]:
    return _cases([a.invitation_id for a in _signed(o)])


def own_signatures(o: Any) -> list[AddressCase]:
    for a in _signed(o):
        keep_signature(
            reading=Reading.objects.get(graduate=a.graduate, terms_hash=a.invitation.terms_hash),
            by=signing.account_of(a.graduate), drawn=signing.make_signature(),
        )  # fmt: skip
    return _cases([a.invitation.terms_hash for a in _signed(o)], by="terms_hash", nowhere="0" * 64)


def pictures(o: Any) -> list[AddressCase]:
    return _cases([a.invitation_id for a in _signed(o)], slot="certificate")


def amendments(o: Any) -> list[AddressCase]:
    return _cases([a.amendments.get().pk for a in _signed(o)])


def live_cards(o: Any) -> list[AddressCase]:
    card = cards.new_card(graduate=o.inside, by=o.graduate_user)
    return [AddressCase("live", {"token": card.token}, frozenset())]


def _draft(o: Any) -> dict[str, str]:
    return {"key": signing.fill_draft(signing.begin_draft(o.inside)).key}


def drafts(o: Any) -> list[AddressCase]:
    return [AddressCase("filled in", _draft(o), frozenset())]


def steps(o: Any) -> list[AddressCase]:
    return [AddressCase("first", {**_draft(o), "number": 1}, frozenset())]


def slots(o: Any) -> list[AddressCase]:
    return [AddressCase("certificate", {**_draft(o), "slot": "certificate"}, frozenset())]


def verified(o: Any) -> list[AddressCase]:
    return [AddressCase("any", {"token": _signed(o)[0].token}, frozenset())]


def tickets(o: Any) -> list[AddressCase]:
    ticket, _ = scan_print.issue_ticket(address=signing.ADDRESS)
    return [AddressCase("waiting", {"token": ticket.token}, frozenset({"graduate"}))]


OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {
    "card-landing": live_cards,
    "invite-phone": drafts,
    "invite-step": steps,
    "invite-save": drafts,
    "invite-units": drafts,
    "invite-image": slots,
    "invite-upload": slots,
    "invite-preview": drafts,
    "invite-sent": drafts,
    "verify-token": verified,
    "print-ticket": tickets,
    "print-state": tickets,
    "print-download": tickets,
    "print-scan": tickets,
    "invitation": invitations,
    "invitation-code": invitations,
    "invitation-accept": invitations,
    "invitation-decline": invitations,
    "invitation-picture": pictures,
    "agreement": agreements,
    "agreement-pdf": agreements,
    "agreement-pages": agreements,
    "agreement-page": agreement_pages,
    "agreement-terminate": agreements,
    "agreement-consent": agreements,
    "agreement-consent-code": agreements,
    "agreement-consent-confirm": agreements,
    "agreement-termination": own_answers,
    "termination-material": materials,
    "own-signature": own_signatures,
    "conclusion": conclusions,
    "conclusion-confirm": conclusions,
    "conclusion-refuse": conclusions,
    "conclusion-picture": contracts,
    "amendment": amendments,
    "amendment-code": amendments,
    "amendment-confirm": amendments,
    "amendment-refuse": amendments,
    "console:agreement": agreements,
    "console:agreement-conclude": agreements,
    "console:agreement-pages": agreements,
    "console:agreement-page": agreement_pages,
    "console:conclusion": conclusions,
    "console:conclusion-act": decisions,
    "console:conclusion-picture": contracts,
    "console:agreement-image": identities,
    "console:agreement-signature": signatures,
    "console:print": agreements,
    "console:termination": terminations,
    "console:termination-act": reviews,
    "console:termination-material": materials,
}
