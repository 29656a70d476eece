"""Messages to a unit: in the message centre, and by e-mail to the contact that the terms name."""

from __future__ import annotations

import datetime

from accounts import inbox
from employers.models import UnitMember
from employers.queries import has_stayed_since, recipient_ids
from esign import terms
from esign.models import Agreement


def tell_unit(
    member: UnitMember,
    title: str,
    *,
    begun_at: datetime.datetime,
    terms_text: str,
    link: str,
    key: str,
    text: str = "",
) -> None:
    """Tell the unit's people who must know what happened to an invitation or agreement that `member`
    began at `begun_at`.

    The e-mail goes to the contact named in `terms_text`, unless `member` has left the unit since.
    """
    mail_to = contact_email(terms_text) if has_stayed_since(member, begun_at) else ""
    for user_id in recipient_ids(member, begun_at):
        inbox.tell(f"user:{user_id}", title, text=text, link=link, key=key, mail_to=mail_to)


def contact_email(terms_text: str) -> str:
    """The e-mail address of the unit's contact in the terms; "" if there is none."""
    return terms.values_of(terms_text).get("contact_email") or ""


def current_terms(agreement: Agreement) -> str:
    """The canonical text of the agreement's present version."""
    return agreement.versions.values_list("terms", flat=True).get(number=agreement.version)
