"""When text messages may be sent, what they say, and in how many parts."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.utils import timezone

# Local time [P, DOMAIN-AROUND §10].
FIRST_HOUR, LAST_HOUR = 9, 20
# A text message has so many characters; a longer one goes out in parts of 67.
_ONE_PART, _OF_SEVERAL = 70, 67


def texting_time(moment: datetime.datetime) -> datetime.datetime:
    """The first moment from `moment` on at which a text message may be sent."""
    local = timezone.localtime(moment)
    opening = local.replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    if local < opening:
        return opening
    if local.hour >= LAST_HOUR:
        return opening + datetime.timedelta(days=1)
    return moment


def parts_of(text: str) -> int:
    """In how many parts a text message is sent and paid for."""
    return 1 if len(text) <= _ONE_PART else -(-len(text) // _OF_SEVERAL)


def text_of(text: str, link: str) -> str:
    """The text message: what is to be done, and where."""
    return f"{text}{settings.PUBLIC_ORIGIN}{link}"
