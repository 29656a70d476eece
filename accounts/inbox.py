"""The message centre: messages to people of all three realms.

Apps write with `tell`, in the transaction of the change that the message is about. A message with
the same key is written once. A message is addressed to a name such as `person:7`; the hook
`accounts.addresses` says which names a user reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts import hooks
from accounts.models import Message, User
from core import outbox
from core.db import rows
from core.db.bulk import any_of
from core.db.lookups import Rows
from core.models import Channel, OutboxMessage


def message(to: str, title: str, *, key: str, text: str = "", link: str = "") -> Message:
    """A message for `to` (`person:7`, `user:7` or `school:7`), to be given to `deliver`."""
    return Message(to=to, title=title[:80], text=text, link=link, dedupe_key=f"{to}:{key}")


def deliver(messages: Iterable[Message]) -> None:
    """Write messages in the caller's transaction. One whose key is known is not written again."""
    if new := list(messages):
        rows.insert_each(new)


def tell(
    to: str,
    title: str,
    *,
    key: str,
    text: str = "",
    link: str = "",
    mail_to: str = "",
    mail_title: str = "",
) -> None:
    """Write one message. If `mail_to` is given, it is sent there by e-mail, too, under `mail_title` if
    the title has words that a stranger typed."""
    new = message(to, title, key=key, text=text, link=link)
    deliver([new])
    mailed = message(to, mail_title or title, key=key, link=link)
    outbox.post_each(mails((mailed, mail_to)))


def mails(*addressed: tuple[Message, str]) -> list[OutboxMessage]:
    """The e-mails for messages and their addresses, to be given to `outbox.post_each`; none while
    no mail backend is set.

    An e-mail says what happened and where to read it. It leaves out the message's text, which may
    hold personal data: nobody has proved the address, and other people may read the mailbox.
    """
    if not outbox.can_send(Channel.EMAIL):
        return []
    return [
        outbox.message(
            Channel.EMAIL,
            address,
            mail_text(one.title, one.link),
            subject=one.title,
            key=f"mail:{one.dedupe_key}",
        )
        for one, address in addressed
    ]


def mail_text(title: str, link: str) -> str:
    """What an e-mail about a message says: its title, and where to read it."""
    return (
        f"{title}。\n\n请登录毕业去向登记平台查看：{settings.PUBLIC_ORIGIN}{link}\n\n"
        "此邮件由平台自动发出，请不要回复。\n"
    )


def tell_each(people: QuerySet[Any, Any], title: str, *, text: str = "", link: str = "") -> int:
    """Write the same message for many people in one statement. `people` gives rows of (to, key).
    Returns for how many it was new."""
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
    for found in hooks.addresses.run(user=user):
        names += found
    return names


def messages_of(user: User) -> QuerySet[Message]:
    """All messages of `user`, newest first."""
    return Message.objects.filter(to__in=_names_of(user)).order_by("-id")


def unread(user: User) -> int:
    """How many messages `user` has not read; counting stops at 100."""
    return len(_UNREAD.of(_names_of(user)))


_UNREAD = Rows(
    lambda names: Message.objects.filter(any_of("to", names), read_at=None).values_list("id")[:100],
    list,
)


def mark_read(user: User, message_id: int | None = None) -> None:
    """Mark one message of `user` as read, or all of them."""
    rows = messages_of(user).filter(read_at=None)
    if message_id is not None:
        rows = rows.filter(pk=message_id)
    rows.update(read_at=timezone.now())
