"""A fair and a talk in the demo."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Realm, User
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting.actions import bookings, booths, fairs
from recruiting.models import Fair, Posting
from recruiting.states import FairKind
from schools.demo import DEMO_CODE

_HOUR, _DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def hold(
    graduates: list[Graduate], members: list[UnitMember], published: dict[int, Posting]
) -> None:
    """A fair of the first school for which ten units registered and six graduates booked, and a talk."""
    school = User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}admin")
    start = (timezone.localtime() + 14 * _DAY).replace(hour=9, minute=0, second=0, microsecond=0)
    terms = {
        "title": "示范大学2027届毕业生春季双选会", "kind": FairKind.FAIR, "place": "体育馆", "link": "",
        "text": "请携带纸质简历，按预约时段凭二维码入场签到。", "capacity": 600, "booths_offered": 8,
        "slot_minutes": 60, "slot_cap": 200, "starts_at": start, "school_ids": [],
        "ends_at": start + 3 * _HOUR, "apply_until": start - 2 * _DAY,
    }  # fmt: skip
    fair = _open_fair(terms, school)
    for member in members[:10]:
        own = [p.pk for p in published.values() if p.unit_id == member.unit_id]
        booths.register(fair_id=fair.pk, member=member, posting_ids=own, people=3)
    # Eight booths for ten units: the ninth waits in reserve, the tenth for the host's decision.
    waiting = list(fair.booths.order_by("pk"))
    for booth in waiting[:8]:
        booths.approve(booth_id=booth.pk, by=school)
    booths.reserve(booth_id=waiting[8].pk, by=school)
    for number, graduate in enumerate(graduates[:6]):
        by = graduate.person.user
        assert by is not None
        slot = start + number % 3 * _HOUR
        bookings.book(fair_id=fair.pk, graduate=graduate, slot=slot, by=by)
    talk = {
        "kind": FairKind.TALK, "title": "走进智能科技：行业与岗位介绍", "place": "第一报告厅",
        "text": "介绍岗位和发展路径，现场答疑。", "booths_offered": 0, "capacity": 150,
        "slot_minutes": None, "slot_cap": None, "starts_at": start - 7 * _DAY + 6 * _HOUR,
        "ends_at": start - 7 * _DAY + 8 * _HOUR, "apply_until": start - 8 * _DAY,
    }  # fmt: skip
    _open_fair(terms | talk, school)


def _open_fair(terms: dict[str, Any], host: User) -> Fair:
    fair = fairs.create(typed=terms, by=host)
    return fairs.open_registration(fair_id=fair.pk, by=host)
