"""Telling a unit: whoever hears of it in the message centre, and the contact of the terms by
e-mail while they still sign for the unit."""

from __future__ import annotations

from accounts import inbox
from employers.models import Membership, UnitMember
from employers.queries import recipient_ids
from esign import terms
from esign.models import Agreement


def tell_unit(
    member: UnitMember, title: str, *, said: str, link: str, key: str, text: str = ""
) -> None:
    """`said` are the terms that name the contact's address."""
    mail_to = contact_of(said) if member.state != Membership.ENDED else ""
    for user_id in recipient_ids(member):
        inbox.tell(f"user:{user_id}", title, text=text, link=link, key=key, mail_to=mail_to)


def contact_of(said: str) -> str:
    """The e-mail address that terms give of the unit's contact, if they give one."""
    return terms.values_of(said).get("contact_email") or ""


def terms_of(agreement: Agreement) -> str:
    """As they stand now, amendments included."""
    return agreement.versions.values_list("terms", flat=True).get(number=agreement.version)
