"""When a period that is counted in days ends."""

from __future__ import annotations

import datetime

from django.utils import timezone


def end_of_day_after(start: datetime.datetime, days: int) -> datetime.datetime:
    """The last instant of the day that is `days` days after `start`, in the local time zone.

    An invitation sent on the 23rd for 3 days is valid until the end of the 26th (DOMAIN §4).
    """
    last = timezone.localtime(start).date() + datetime.timedelta(days=days)
    midnight = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time())
    return timezone.make_aware(midnight) - datetime.timedelta(microseconds=1)
