"""The message centre: what a person was told, in all three realms.

Apps write with `tell` in the transaction of what happened; a message with the same key is
written once. Who reads which messages is said by hook: an app knows what its people are called.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Message, User
from core import rows
from core.bulk import among
from core.hooks import Hook
from core.lookups import Rows

addresses = Hook(
    "accounts.inbox_addresses",
    'Gets user; return the names their messages are sent to ("person:7", "school:7").',
)


def message(to: str, title: str, *, key: str, text: str = "", link: str = "") -> Message:
    """A message for `to` ("person:7", "user:7", "school:7"), still to be left."""
    return Message(to=to, title=title[:80], text=text, link=link, dedupe_key=f"{to}:{key}")


def leave(messages: Iterable[Message]) -> None:
    """Leave messages in the caller's transaction; one that is there already stays as it is."""
    for one in messages:
        rows.insert(one, once=True, later=True)


def tell(to: str, title: str, *, key: str, text: str = "", link: str = "") -> None:
    leave([message(to, title, key=key, text=text, link=link)])


def tell_each(people: QuerySet[Any, Any], title: str, *, text: str = "", link: str = "") -> int:
    """The same message to many in one statement. `people` gives rows of (to, key); returns to
    how many it was new."""
    sql, params = people.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO accounts_message ("to", title, text, link, dedupe_key)'
            " SELECT name, %s, %s, %s, name || ':' || key"
            f" FROM ({sql}) AS found(name, key) ORDER BY name, key"
            " ON CONFLICT (dedupe_key) DO NOTHING",
            [title[:80], text, link, *params],
        )
        return cursor.rowcount


def _names_of(user: User) -> list[str]:
    names = [f"user:{user.pk}"]
    for found in addresses.run(user=user):
        names += found
    return names


def messages_of(user: User) -> QuerySet[Message]:
    return Message.objects.filter(to__in=_names_of(user)).order_by("-id")


def unread(user: User) -> int:
    """How many, up to 100."""
    return len(_UNREAD.of(_names_of(user)))


_UNREAD = Rows(
    lambda names: Message.objects.filter(among("to", names), read_at=None).values_list("id")[:100],
    list,
)


def mark_read(user: User, message_id: int | None = None) -> None:
    rows = messages_of(user).filter(read_at=None)
    if message_id is not None:
        rows = rows.filter(pk=message_id)
    rows.update(read_at=timezone.now())
