"""Who sees which fairs and talks, and what there is to know about one."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from employers.models import Membership, UnitMember
from recruiting.models import Booth, Fair, Posting
from recruiting.rules.fairs import WITH_BOOTHS
from recruiting.states import BoothState, FairState, PostingState
from schools.roles import Level
from schools.scope import staff_of

# Registration is open or over, but the event is neither over nor called off.
COMING = (FairState.OPEN, FairState.CLOSED, FairState.RUNNING)
# What others than the host see of events; a cancelled one stays in sight of those who registered.
ANNOUNCED = (*COMING, FairState.ENDED)
# Booths that take one of those offered; an offered one is kept until its unit answers.
TAKES_BOOTH = (BoothState.APPROVED, BoothState.ATTENDED, BoothState.OFFERED)
ON_THE_LIST = (BoothState.APPROVED, BoothState.ATTENDED)


def hosted_by(user: User) -> QuerySet[Fair]:
    """The events that a staff member runs: a school its own, the province all. Schools see nothing of
    a unit's talk that was applied for elsewhere."""
    staff = staff_of(user)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return Fair.objects.none()
    if staff.role_level == Level.PROVINCE:
        return Fair.objects.all()
    return Fair.objects.filter(school=staff.school_id)


def waiting_for(user: User) -> QuerySet[Fair]:
    """The person's own events, of the school or of the province, in which something waits for the host:
    a unit's talk, or units that registered for a fair."""
    staff = staff_of(user)
    rows = hosted_by(user).filter(school=staff.school_id if staff is not None else None)
    registered = Booth.objects.filter(fair=OuterRef("pk"), state=BoothState.WAITING)
    return rows.filter(Q(state=FairState.APPLIED) | Q(Exists(registered), state__in=COMING))


def booths_hosted_by(user: User) -> QuerySet[Booth]:
    """The units' registrations for the events that a staff member runs."""
    return Booth.objects.filter(fair__in=hosted_by(user))


def open_for_units() -> QuerySet[Fair]:
    """The fairs for which units register now."""
    return Fair.objects.filter(kind__in=WITH_BOOTHS, state=FairState.OPEN, apply_until__gt=Now())


def seen_by_unit(member: UnitMember) -> QuerySet[Fair]:
    """The events that a verified person of a unit opens: announced fairs, and those, talks included,
    that the unit applied or registered for, whatever became of them."""
    if member.state != Membership.VERIFIED:
        return Fair.objects.none()
    registered = Booth.objects.filter(unit=member.unit_id).values("fair")
    return Fair.objects.filter(
        Q(kind__in=WITH_BOOTHS, state__in=ANNOUNCED) | Q(unit=member.unit_id) | Q(pk__in=registered)
    )


def booths_of(member: UnitMember) -> QuerySet[Booth]:
    """The registrations of the person's unit; none for people who are not verified."""
    if member.state != Membership.VERIFIED:
        return Booth.objects.none()
    return Booth.objects.filter(unit=member.unit_id)


def exhibitors(fair: Fair) -> QuerySet[Booth]:
    """The units that come to a fair, for the pages of units and graduates."""
    return fair.booths.filter(state__in=ON_THE_LIST).select_related("unit")


def postings_at(fair: Fair) -> QuerySet[Posting]:
    """The postings that units bring to an event and that are published now: those of their booths, or
    all of the unit that gives the talk."""
    if fair.unit_id is not None:
        return published_by(fair.unit_id)
    shown = Booth.objects.filter(fair=fair, state__in=ON_THE_LIST)
    return _published().filter(pk__in=shown.values("postings"))


def published_by(unit_id: int) -> QuerySet[Posting]:
    """The unit's postings that are published now."""
    return _published().filter(unit=unit_id)


def _published() -> QuerySet[Posting]:
    today = timezone.localdate()
    return Posting.objects.filter(state=PostingState.PUBLISHED, valid_until__gte=today)


def taken_booths(fair: Fair) -> int:
    """How many of the booths offered are taken, those that a unit still has to confirm included."""
    return fair.booths.filter(state__in=TAKES_BOOTH).count()


def highest_number(fair: Fair) -> int:
    """The highest number of a booth that was given; 0 if there is none."""
    given = fair.booths.filter(state__in=ON_THE_LIST).values_list("number", flat=True)
    return max((int(number) for number in given if number), default=0)


def slots_of(fair: Fair) -> list[datetime.datetime]:
    """When each slot for visitors begins; none if the event has no slots."""
    if not fair.slot_minutes:
        return []
    length, slots, at = datetime.timedelta(minutes=fair.slot_minutes), [], fair.starts_at
    while at < fair.ends_at:
        slots.append(at)
        at += length
    return slots
